// What is asked before anything can run: may this text be prepared. Nobody is waited for.
import { expired } from './guard-freshness.js'
import { accessOver } from './guard-admission.js'
import type { GuardParts, Preview, Trial } from './guard.js'
import type { Judge } from './guard-judgement.js'
import { written } from './guard-record.js'
import { tokenRefusal, UNAVAILABLE, worst } from './guard-refusal.js'
import { sentInstead } from './guard-rewrite.js'

// What would be refused whatever its values is recorded as refused; nothing is recorded otherwise.
export function previewed(parts: GuardParts, judge: Judge, trial: Trial): Preview {
  const now = parts.clock.now()
  const policy = parts.policy()
  if (policy === undefined || !parts.recorder.healthy()) return { refusal: UNAVAILABLE }
  const standing = trial.session.identity.standing(now)
  const judgement = judge.judged(trial, policy, now, [])
  const never = standing.valid
    ? (expired(parts) ?? accessOver(parts, judge, trial.session))
    : tokenRefusal(standing)
  const sent = never === undefined ? sentInstead(trial, judgement) : undefined
  if (sent !== undefined) return { sent }
  const refusal = never ?? worst(judgement)
  if (refusal === undefined) return {}
  judge.counted(trial.session, trial.commands.length, now)
  written(parts, trial, judgement, refusal, [], () => parts.onSettled?.(trial, judgement))
  return { refusal }
}
