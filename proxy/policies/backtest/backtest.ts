// A record decided again under another policy: which commands would have gone differently. Reads the record
// once, holds no more of it than a line and what repeats, and lets other work have its turn.
import type { Policy } from '../../../engine/policy/policy.js'
import type { Invariant } from '../invariants/read-invariants.js'
import { createBrokenTally } from './broken-tally.js'
import type { Expectation } from './expected.js'
import { createRedecider } from './redecide.js'
import type { BrokenInvariant, Comparison, ExpectationResult } from './report.js'
import { sightedCommand, sightingsOf, type Sighting } from './sightings.js'
import { createNameCounter, createTally } from './tally.js'

export type BacktestOptions = {
  // Directory of a record, one of its segments, or a file of `audit export`.
  readonly records: string
  readonly policy: Policy
  // Where absent, the recorded decisions are what is compared with.
  readonly against?: Policy | undefined
  readonly expectations?: readonly Expectation[]
  // That `policy` must keep to on every recorded command.
  readonly invariants?: readonly Invariant[]
  // Only commands from this time on, and before that; milliseconds since the Unix epoch.
  readonly fromMs?: number
  readonly toMs?: number
  readonly progress?: (done: {
    readonly bytes: number
    readonly of: number
    readonly records: number
  }) => void
}

export type Backtest = {
  readonly comparison: Comparison
  readonly expectations: readonly ExpectationResult[]
  readonly broken: readonly BrokenInvariant[]
}

const RECORDS_A_TURN = 5_000
// `seq` and `time` come first.
const HEAD_BYTES = 80

export async function backtest(options: BacktestOptions): Promise<Backtest> {
  const { policy, against, expectations = [], progress } = options
  const sightings = sightingsOf(options.records)
  const redecider = createRedecider(sightings, policy, against, options.invariants)
  const tally = createTally(expectations)
  const broken = createBrokenTally()
  const unchecked = createNameCounter()
  const relabelled = createNameCounter()
  const count = { compared: 0, same: 0, otherRules: 0, flips: 0, unchecked: 0, relabelled: 0 }
  const { fromMs = -Infinity, toMs = Infinity } = options
  const isTimed = fromMs !== -Infinity || toMs !== Infinity
  for (const sighting of sightings.all()) {
    if (isTimed && !isWithin(sighting, fromMs, toMs)) continue
    count.compared += 1
    const { verdict, situation, command } = redecider.redecide(sighting)
    if (command !== undefined && command.relabelled.length > 0) {
      count.relabelled += 1
      for (const column of command.relabelled) relabelled.add(column)
    }
    const { person = '', target = '' } = situation ?? {}
    const example = () => ({ person, target, ...placed(sighting) })
    if (verdict.broken !== undefined) {
      broken.add(verdict.broken.invariants, verdict.broken.after, example)
    }
    switch (verdict.kind) {
      case 'same':
        count.same += 1
        break
      case 'other_rules':
        count.otherRules += 1
        break
      case 'unchecked':
        count.unchecked += 1
        unchecked.add(verdict.why)
        break
      case 'flip': {
        count.flips += 1
        const where = { person, target, objects: command?.objects ?? [] }
        tally.add({ ...verdict, where, shape: command?.id ?? 0 }, example)
      }
    }
    if (count.compared % RECORDS_A_TURN === 0) {
      progress?.({ bytes: sightings.bytesRead(), of: sightings.bytes, records: count.compared })
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return {
    expectations: tally.expectations(),
    broken: broken.broken(),
    comparison: {
      source: 'recorded',
      compared: count.compared,
      same: count.same,
      otherRules: count.otherRules,
      flips: count.flips,
      unchecked: count.unchecked,
      uncheckedWhy: unchecked.names().top,
      evaluated: redecider.evaluated(),
      relabelled: { commands: count.relabelled, columns: relabelled.names() },
      groups: tally.groups(),
      groupsLeftOut: tally.leftOut(),
    },
  }
}

function isWithin({ bytes }: Sighting, fromMs: number, toMs: number): boolean {
  const time = Number(/"time":(\d+)/.exec(bytes.toString('latin1', 0, HEAD_BYTES))?.[1])
  return time >= fromMs && time < toMs
}

function placed(sighting: Sighting) {
  const { seq, session, time, text } = sightedCommand(sighting)
  return { text, seq, session, time }
}
