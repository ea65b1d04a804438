// What is asked before anything can run: may this identity open this target at all, and may this text be
// prepared. Neither waits for anybody.
import { expired } from './guard-freshness.js'
import type { GuardParts, Preview, Refusal, Trial } from './guard.js'
import type { Judge } from './guard-judgement.js'
import { written } from './guard-record.js'
import { tokenRefusal, UNAVAILABLE, worst } from './guard-refusal.js'
import { sentInstead } from './guard-rewrite.js'
import type { Session } from './session.js'

// What would be refused whatever its values is recorded as refused; nothing is recorded otherwise.
export function previewed(parts: GuardParts, judge: Judge, trial: Trial): Preview {
  const now = parts.clock.now()
  const policy = parts.policy()
  if (policy === undefined || !parts.recorder.healthy()) return { refusal: UNAVAILABLE }
  const standing = trial.session.identity.standing(now)
  const judgement = judge.judged(trial, policy, now, [])
  const never = standing.valid ? expired(parts) : tokenRefusal(standing)
  const sent = never === undefined ? sentInstead(trial, judgement) : undefined
  if (sent !== undefined) return { sent }
  const refusal = never ?? worst(judgement)
  if (refusal === undefined) return {}
  judge.counted(trial.session, trial.commands.length, now)
  written(parts, trial, judgement, refusal, [], () => parts.onSettled?.(trial, judgement))
  return { refusal }
}

export function admitted(parts: GuardParts, judge: Judge, session: Session): Refusal | undefined {
  const now = parts.clock.now()
  const policy = parts.policy()
  if (policy === undefined || !parts.recorder.healthy()) return UNAVAILABLE
  const standing = session.identity.standing(now)
  if (!standing.valid) return tokenRefusal(standing)
  return expired(parts) ?? judge.admitted(session, policy, now)
}
