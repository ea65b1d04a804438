// The tier `output`: values of such a mask are compared, joined, sorted, grouped and summarised as they are
// stored, and only what is answered is masked. Whoever may do that can learn any value by asking often.
import type { Mask } from '../../schemas/decision.js'
import type { Flow, Sink } from '../../schemas/facts.js'
import { isMatched, isPattern } from './mask-match.js'
import { comparesOpenly, strictest } from './mask-strictness.js'
import type { Statement } from './reading.js'
import { isHarmless } from './value.js'

const COMPARED: ReadonlySet<Sink> = new Set(['predicate', 'join', 'order', 'group'])
// The messages of their errors quote no value, unlike those of json_object_agg_unique.
const SUMMARIES: ReadonlySet<string> = new Set(
  `count min max sum avg every bool_and bool_or array_agg string_agg json_agg jsonb_agg`
    .split(' ')
    .map((name) => `aggregate:${name}`),
)

/** Is this use of a protected column one that its mask does not speak of? */
export function isOpen({ flow, mask }: { readonly flow: Flow; readonly mask: Mask }): boolean {
  if (!comparesOpenly(mask)) return false
  if (flow.to === 'aggregate') return SUMMARIES.has(flow.through.at(-1) ?? '')
  // Whether a written value is unique is no comparison that was asked for.
  return COMPARED.has(flow.to) && !flow.through.includes('unique')
}

/** Then the statement would mean something else on masked data: it is not put into other words. */
export function isComparedOpenly(statement: Statement, masks: readonly Mask[]): boolean {
  const columns = masks.filter((mask) => !isPattern(mask))
  if (!columns.some(comparesOpenly)) return false
  return statement.command.flows.some((flow) => {
    if (isHarmless(flow.through)) return false
    const mask = strictest(columns.filter((one) => isMatched(one, flow.from, flow.labels)))
    return mask !== undefined && isOpen({ flow, mask })
  })
}
