// The shadow slot: a second bundle decides beside the first on what was decided already, in a thread of its
// own, and changes nothing. What it would have done otherwise is counted and recorded; what it has no
// time for is dropped and counted.
import { createHash } from 'node:crypto'
import type { BundleStep } from '../../../engine/policy/bundle-problem.js'
import type { Clock } from '../../clock.js'
import type { Trial } from '../../guard.js'
import { digestOf, type Judgement } from '../../guard-judgement.js'
import { textOf } from '../../guard-record.js'
import type { Verify } from './activation.js'
import { createDivergences, type Divergence, type Divergences, type Flip } from './divergences.js'
import { createShadowThread, type Ready, type ShadowThread } from './shadow-thread.js'
import type { Verdict } from './shadow-worker.js'
import type { Offer, Source } from './source.js'

export type ShadowParts = {
  readonly source: Source
  readonly fuel: number
  readonly verify: Verify | undefined
  readonly keep: (digest: string, bytes: Uint8Array) => void
  readonly clock: Clock
  readonly onReady: (ready: Ready) => void
  readonly onRefused: (step: BundleStep, reason: string) => void
  readonly onDivergence: (divergence: Divergence, bundle: string, shadow: string) => void
  readonly onCounted: (outcome: 'same' | 'differs' | 'dropped' | 'failed') => void
}

export type ShadowReport = {
  readonly source: string
  // '' until there is one that can decide.
  readonly bundle: string
  readonly revision: string
  readonly since_ms: number
  readonly same: number
  readonly differs: number
  // Not looked at: for want of time, or because its thread ended.
  readonly dropped: number
  readonly failed: number
  readonly refused: { readonly step: string; readonly reason: string } | null
  readonly flips: readonly Flip[]
  readonly other_flips: number
}

export type Shadow = {
  // After the answer. Never throws for what the shadow does, and never waits.
  readonly observe: (trial: Trial, judgement: Judgement) => void
  readonly report: () => ShadowReport
  readonly close: () => Promise<void>
}

const TEXT_CHARACTERS = 200

type Counts = { same: number; differs: number; dropped: number; failed: number }

export function openShadow(parts: ShadowParts): Shadow {
  let ready: Ready | undefined
  let refused: ShadowReport['refused'] = null
  let sinceMs = 0
  let counts: Counts = { same: 0, differs: 0, dropped: 0, failed: 0 }
  let divergences: Divergences = createDivergences()
  let thread: ShadowThread | undefined
  let closed = false
  let offeredAt = 0
  let inSlot = ''
  const count = (outcome: keyof Counts): void => {
    counts[outcome]++
    parts.onCounted(outcome)
  }
  const refuse = (step: BundleStep, reason: string): void => {
    if (refused?.step !== step || refused.reason !== reason) parts.onRefused(step, reason)
    refused = { step, reason }
  }

  // A bundle takes the slot once its thread says that it can decide; until then the one before stays.
  const offered = async ({ bytes, at }: Offer): Promise<void> => {
    if (at < offeredAt) return
    offeredAt = at
    // The same again, as where a file was only touched: what was counted stays.
    const sum = createHash('sha256').update(bytes).digest('hex')
    if (sum === inSlot) {
      refused = null
      return
    }
    try {
      await parts.verify?.(bytes, parts.clock.now())
    } catch (problem) {
      return refuse('signatures', problem instanceof Error ? problem.message : String(problem))
    }
    const next = createShadowThread({
      bytes,
      fuel: parts.fuel,
      onDropped: count,
      onEnded: (reason) => {
        inSlot = ''
        refuse('probe', `its thread ended: ${reason}`)
      },
    })
    const found = await next.ready
    if (closed || 'step' in found) {
      if ('step' in found) refuse(found.step, found.reason)
      return next.close()
    }
    try {
      parts.keep(found.digest, bytes)
    } catch (problem) {
      refuse('keep', problem instanceof Error ? problem.message : String(problem))
      return next.close()
    }
    const before = thread
    thread = next
    inSlot = sum
    ready = found
    refused = null
    sinceMs = parts.clock.now()
    counts = { same: 0, differs: 0, dropped: 0, failed: 0 }
    divergences = createDivergences()
    parts.onReady(found)
    await before?.close()
  }

  let queue: Promise<void> = Promise.resolve()
  const next = (work: () => Promise<void>): Promise<void> => {
    queue = queue.then(work).catch((problem: unknown) => {
      refuse('download', problem instanceof Error ? problem.message : String(problem))
    })
    return queue
  }
  void next(async () => offered(await parts.source.look()))
  parts.source.follow({
    offered: (offer) => next(() => offered(offer)),
    same: () => undefined,
    failed: (problem) =>
      refuse('download', problem instanceof Error ? problem.message : String(problem)),
  })

  const judged = (trial: Trial, judgement: Judgement, at: number, verdict: Verdict): void => {
    count(verdict.same ? 'same' : 'differs')
    const decided = judgement.decided[at]
    const command = trial.commands[at]
    if (verdict.same || decided === undefined || command === undefined || ready === undefined)
      return
    const divergence: Divergence = {
      session: trial.session.id,
      command: trial.first + at,
      at_ms: parts.clock.now(),
      text: textOf(command, decided).text.slice(0, TEXT_CHARACTERS),
      action: decided.decision.action,
      rules: decided.decision.rules.map(({ id }) => id),
      shadow_action: verdict.action,
      shadow_rules: verdict.rules,
    }
    if (divergences.add(divergence)) {
      parts.onDivergence(divergence, judgement.policy.digest, ready.digest)
    }
  }

  return {
    observe(trial, judgement) {
      const asked = thread
      if (asked === undefined) return
      for (const [at, decided] of judgement.decided.entries()) {
        const { base, policy } = judgement
        const bytes = trial.commands[at]?.text.length ?? 0
        const about = {
          policy: policy.id,
          base: base.facts,
          decided,
          digest: () => digestOf(trial),
          bytes,
        }
        asked.ask(about, (verdict) => {
          if (thread !== asked) return
          try {
            judged(trial, judgement, at, verdict)
          } catch {
            // Nobody waits for it, and nothing depends on it.
            count('failed')
          }
        })
      }
    },
    report: () => ({
      source: parts.source.place,
      bundle: ready?.digest ?? '',
      revision: ready?.revision ?? '',
      since_ms: sinceMs,
      ...counts,
      refused,
      flips: divergences.flips(),
      other_flips: divergences.others(),
    }),
    close: async () => {
      closed = true
      parts.source.close()
      await thread?.close()
    },
  }
}
