// How often each rule spoke, as the record has it: rules that deny, hold, mask, and those that never did. Counted
// from the kinds of commands, of which there are few, so the answer is there at once and the same after a restart.
import { numberOf, textOf, type IndexFile } from './index-file.js'
import { viewOf } from './index-writer.js'
import type { What } from './views.js'

export type RuleHits = {
  readonly id: string
  readonly title?: string
  readonly severity?: string
  readonly hits: number
  readonly denied: number
  readonly held: number
  readonly masked: number
  readonly last_at?: string
  // In the bundle that decides, and on no record.
  readonly never: boolean
  // No rule of the bundle that decides: it spoke in an earlier one.
  readonly retired: boolean
  // Commands for which the shadow named it, where the shadow would have decided otherwise.
  readonly shadow: number
}

// As the bundle that decides lists them.
export type ActiveRule = {
  readonly id: string
  readonly title?: string | undefined
  readonly severity?: string | undefined
}

type Counted = { hits: number; denied: number; held: number; masked: number; last: number }

// Most hits first; without the rules of a bundle nothing is known to be retired or never to have spoken.
export function ruleHits(
  index: IndexFile,
  active: readonly ActiveRule[] | undefined,
): readonly RuleHits[] {
  const counts = countsOf(index)
  const shadow = shadowOf(index)
  const known = new Map(active?.map((rule) => [rule.id, rule]))
  const ids = new Set([...known.keys(), ...counts.keys(), ...shadow.keys()])
  const found = [...ids].map((id): RuleHits => {
    const { hits = 0, denied = 0, held = 0, masked = 0, last = 0 } = counts.get(id) ?? {}
    const { title, severity } = known.get(id) ?? {}
    return {
      id,
      ...(title === undefined || title === '' ? {} : { title }),
      ...(severity === undefined || severity === '' ? {} : { severity }),
      hits,
      denied,
      held,
      masked,
      ...(hits === 0 ? {} : { last_at: new Date(last).toISOString() }),
      never: hits === 0 && known.has(id),
      retired: active !== undefined && !known.has(id),
      shadow: shadow.get(id) ?? 0,
    }
  })
  return found.sort((a, b) => b.hits - a.hits || (a.id < b.id ? -1 : 1))
}

function countsOf(index: IndexFile): ReadonlyMap<string, Counted> {
  const counts = new Map<string, Counted>()
  const rows = index
    .sql(
      'select view, commands, last_time from whats where id in' +
        " (select v.what from what_terms v join terms t on t.id = v.term where t.kind = 'rule')",
    )
    .all()
  for (const row of rows) {
    const { action, rules } = viewOf(row) as What
    const n = numberOf(row, 'commands')
    for (const id of rules) {
      const count = counts.get(id) ?? { hits: 0, denied: 0, held: 0, masked: 0, last: 0 }
      counts.set(id, count)
      count.hits += n
      if (action === 'deny') count.denied += n
      if (action === 'require-approval') count.held += n
      if (action === 'mask-fields') count.masked += n
      count.last = Math.max(count.last, numberOf(row, 'last_time'))
    }
  }
  return counts
}

function shadowOf(index: IndexFile): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  const rows = index
    .sql(
      "select json_extract(detail, '$.shadow_rules') as rules, count(*) as n from marks" +
        " where kind = 'shadow' group by 1",
    )
    .all()
  for (const row of rows) {
    const rules: unknown = JSON.parse(textOf(row, 'rules') || '[]')
    if (!Array.isArray(rules)) continue
    for (const id of new Set(rules)) {
      if (typeof id === 'string') counts.set(id, (counts.get(id) ?? 0) + numberOf(row, 'n'))
    }
  }
  return counts
}
