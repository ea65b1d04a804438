// EXPLAIN. With ANALYZE it runs the statement, so its effects are the statement's own; without, nothing
// runs but the planner, whose estimates still tell about the data it asks for.
import type { ExplainStmt } from 'libpg-query'
import type { Effect } from '../../../schemas/facts.js'
import { booleanOption, optionsOf } from '../tree.js'
import type { Control, OutputColumn } from '../reading.js'
import type { Context, Outcome, Readers } from './outcome.js'

export const EXPLAIN_READERS = { ExplainStmt: explain } satisfies Readers

const PLAN: readonly OutputColumn[] = [
  { sources: [], labels: [], copy: false, origin: { table: 0, attnum: 0 } },
]

function explain(body: ExplainStmt, context: Context): Outcome {
  const { analysis } = context
  const { query } = body
  if (query === undefined) return { tag: 'EXPLAIN', outputs: PLAN }
  if (isAnalyze(body)) {
    analysis.effect({ op: 'explain', object: '', kind: 'statement', detail: 'analyze' })
    const inner = context.inner(query, 'predicate')
    return { tag: 'EXPLAIN', outputs: PLAN, ...controlOf(inner.control, true) }
  }
  const { command, control } = context.apart(query)
  analysis.effect({ op: 'explain', object: '', kind: 'statement', detail: 'plan' })
  for (const effect of command.effects) analysis.effect(planned(effect))
  for (const flow of command.flows) {
    const { output: _, ...rest } = flow
    analysis.flow({ ...rest, to: 'predicate' })
  }
  for (const item of command.unread) analysis.unread(item.reason, item.detail)
  return { tag: 'EXPLAIN', outputs: PLAN, ...controlOf(control, false) }
}

// The last of several ANALYZE options counts (ParseExplainOptionList). What cannot be read as false
// is taken as true.
function isAnalyze(body: ExplainStmt): boolean {
  const given = optionsOf(body.options).filter((option) => option.defname === 'analyze')
  const last = given.at(-1)
  return last === undefined ? false : booleanOption(last) !== false
}

// The planner looks at relations without changing them, but it does call functions to simplify
// expressions, so that a call stays a call.
function planned(effect: Effect): Effect {
  if (effect.kind === 'function' || effect.kind === 'setting' || effect.op === 'unknown') {
    return effect
  }
  const { where: _, detail: __, ...rest } = effect
  return { ...rest, op: 'explain' }
}

function controlOf(control: Control | undefined, _runs: boolean): { readonly control?: Control } {
  return control?.kind === 'execute' ? { control: { ...control, explain: true } } : {}
}
