// One judged command on its way through the target: its masks and limits, and what came of it so far.
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import type { ExitMasks } from '../../../engine/facts/postgres/exit-masks.js'
import type { Statement } from '../../../engine/facts/postgres/reading.js'
import type { Limits } from '../../../engine/schemas/decision.js'
import type { Answer } from '../../guard.js'
import type { RecordTerms } from '../../session-tape.js'
import type { MaskPlan } from './mask.js'

export type Running = {
  readonly command: number
  readonly statement: Statement
  readonly masks: ExitMasks
  // The shared names when it was judged.
  readonly beside: Catalogue
  readonly limits: Limits
  readonly recorded: RecordTerms
  // Milliseconds; undefined without a time limit.
  readonly timeoutMs: number | undefined
  readonly startedUs: number
  // How many rows it may change; undefined: as many as it does, or it changes none.
  readonly rowsAffectedMax: number | undefined
  // How its rows are rewritten; undefined until its columns are known.
  plan: MaskPlan | undefined
  // RowDescription or CopyOutResponse has come, or none will.
  described: boolean
  rows: number
  bytes: number
  masked: number
  // Time by which it must have ended (monotonic, µs), counted from when it is the target's turn.
  deadlineUs: number
  reported: boolean
  // The recording knows its columns; its RowDescription where only the gateway asked for it.
  shown: boolean
  description: Buffer | undefined
  ended: boolean
}

export function runningOf(
  passed: Extract<Answer, { go: true }>['commands'][number],
  statement: Statement,
  nowUs: number,
  extended: boolean,
  beside: Catalogue,
): Running {
  const { timeout_ms, rows_affected_max } = passed.limits
  return {
    command: passed.command,
    statement,
    masks: passed.masks,
    beside,
    limits: passed.limits,
    recorded: passed.recorded,
    timeoutMs: timeout_ms,
    rowsAffectedMax: statement.counted === true ? rows_affected_max : undefined,
    startedUs: nowUs,
    plan: undefined,
    described: extended,
    rows: 0,
    bytes: 0,
    masked: 0,
    deadlineUs: timeout_ms === undefined ? Infinity : nowUs + timeout_ms * 1000,
    reported: false,
    shown: false,
    description: undefined,
    ended: false,
  }
}

// Nothing in its rows needs to be looked at.
export function isPlain(masks: ExitMasks): boolean {
  return masks.fields.size === 0 && masks.patterns.length === 0
}
