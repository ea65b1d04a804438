// Where a change goes on by itself: along foreign keys that delete, update or empty the rows which refer
// to changed ones (documentation 5.5.5). A walk over what the catalogue holds; it asks nothing.
import type { Consequence } from '../../../engine/schemas/consequence.js'
import type { Effect } from '../../../engine/schemas/facts.js'

export type ForeignKey = {
  readonly name: string
  readonly from: string
  readonly to: string
  // pg_constraint: a no action, r restrict, c cascade, n set null, d set default.
  readonly onDelete: string
  readonly onUpdate: string
  readonly columns: readonly string[]
  readonly keys: readonly string[]
}

export type Cascade = Consequence['cascades'][number]

type Change =
  | { readonly kind: 'delete' | 'truncate'; readonly table: string }
  | { readonly kind: 'update'; readonly table: string; readonly columns: readonly string[] }

export type Walked = {
  readonly cascades: readonly Cascade[]
  // Keys that let the command fail where rows refer to what it takes away.
  readonly guards: readonly ForeignKey[]
}

export function cascadesOf(effects: readonly Effect[], keys: readonly ForeignKey[]): Walked {
  const cascades = new Map<string, Cascade>()
  const guards = new Set<ForeignKey>()
  const seen = new Set<string>()
  const named = new Set(effects.filter(({ op }) => op === 'truncate').map(({ object }) => object))
  const truncates = effects.some(({ op, detail }) => op === 'truncate' && detail === 'cascade')
  const waiting: Change[] = effects.flatMap((effect) => changeOf(effect))
  for (let change = waiting.pop(); change !== undefined; change = waiting.pop()) {
    const mark = JSON.stringify(change)
    if (seen.has(mark)) continue
    seen.add(mark)
    for (const key of keys) {
      if (key.to !== change.table) continue
      const next = followed(change, key, truncates)
      if (next === 'guard') {
        if (change.kind !== 'truncate' || !named.has(key.from)) guards.add(key)
      } else if (next !== undefined) {
        cascades.set(`${key.from} ${next.action} ${key.name}`, {
          table: key.from,
          action: next.action,
          by: key.name,
        })
        waiting.push(next.change)
      }
    }
  }
  return {
    cascades: [...cascades.values()].sort((a, b) => (wordsOf(a) < wordsOf(b) ? -1 : 1)),
    guards: [...guards],
  }
}

function changeOf({ op, object, columns }: Effect): readonly Change[] {
  switch (op) {
    case 'delete':
    case 'truncate':
      return [{ kind: op, table: object }]
    case 'update':
      return [{ kind: 'update', table: object, columns: columns ?? [] }]
    default:
      return []
  }
}

function followed(
  change: Change,
  key: ForeignKey,
  truncates: boolean,
): { readonly action: string; readonly change: Change } | 'guard' | undefined {
  const { from, columns } = key
  switch (change.kind) {
    case 'truncate':
      return truncates ? { action: 'truncate', change: { kind: 'truncate', table: from } } : 'guard'
    case 'delete':
      if (key.onDelete === 'c') return { action: 'delete', change: { kind: 'delete', table: from } }
      return rewritten(key.onDelete, from, columns)
    case 'update':
      if (!key.keys.some((column) => change.columns.includes(column))) return undefined
      if (key.onUpdate === 'c') {
        return { action: 'update', change: { kind: 'update', table: from, columns } }
      }
      return rewritten(key.onUpdate, from, columns)
  }
}

function rewritten(rule: string, table: string, columns: readonly string[]) {
  const change = { kind: 'update', table, columns } as const
  if (rule === 'n') return { action: 'set null', change }
  return rule === 'd' ? { action: 'set default', change } : 'guard'
}

function wordsOf({ table, action, by }: Cascade): string {
  return `${table} ${action} ${by ?? ''}`
}
