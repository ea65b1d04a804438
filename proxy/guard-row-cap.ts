// A number of rows that a command may change, at most: what the policy says and what approvers allowed,
// the smaller of them. What cannot be held to it is refused before it runs; what can, the protocol holds.
import { whyNotCounted } from '../engine/facts/postgres/counted-rows.js'
import type { Limits } from '../engine/schemas/decision.js'
import type { CommandToJudge, Refusal, Trial } from './guard.js'
import type { Judgement } from './guard-judgement.js'

// Of the command in this place: what the policy says, and what was said when it was approved.
export function limitsOf(trial: Pick<Trial, 'rowsMax'>, limits: Limits, place: number): Limits {
  return capped(limits, trial.rowsMax?.[place])
}

export function overCap(
  trial: Pick<Trial, 'rowsMax' | 'commands'>,
  { decided }: Pick<Judgement, 'decided'>,
): Refusal | undefined {
  for (let i = 0; i < decided.length; i++) {
    const one = decided[i]
    const command = trial.commands[i]
    if (one === undefined || command === undefined) continue
    const { rows_affected_max: max } = limitsOf(trial, one.decision.limits, i)
    const refusal = max === undefined ? undefined : refusalOf(command, max, decided.length)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

// `rowsMax`: what those who approved allowed; undefined where they did not say.
function capped(limits: Limits, rowsMax: number | undefined): Limits {
  if (rowsMax === undefined) return limits
  const { rows_affected_max = rowsMax } = limits
  return { ...limits, rows_affected_max: Math.min(rows_affected_max, rowsMax) }
}

// Why a command cannot be held to a number of rows.
export function whyUncapped(
  { statement }: Pick<CommandToJudge, 'statement'>,
  of: number,
): string | undefined {
  const why = whyNotCounted(statement)
  return why ?? (of > 1 && statement.counted === true ? AMONG_OTHERS : undefined)
}

// Later statements of one message have run, and may have committed, before the count is seen.
const AMONG_OTHERS = 'it is one of several statements of a message'

// The whole message is refused where one of its commands cannot be held to its number.
function refusalOf(
  { statement }: Pick<CommandToJudge, 'statement'>,
  max: number,
  of: number,
): Refusal | undefined {
  const why = whyUncapped({ statement }, of)
  if (why === undefined) return undefined
  return refusal(max, why, why === AMONG_OTHERS ? 'send it alone' : WRITE_IT_ALONE)
}

const WRITE_IT_ALONE =
  'write it as one INSERT, UPDATE, DELETE, MERGE or COPY FROM, without WITH that modifies'

function refusal(max: number, why: string, hint: string): Refusal {
  return {
    why: 'denied',
    rule: 'sallyport/row-cap',
    message: `denied: at most ${max} rows may be changed, which cannot be kept here (${why})`,
    detail: 'rule sallyport/row-cap',
    hint,
  }
}
