// The names that an expression can use: the items of FROM at its level, then those of the levels
// around it, and the queries of WITH. Searches follow parse_relation.c: bare names are looked for in
// the columns of all levels first, and only then among the items as whole rows.
import type { Node } from 'libpg-query'
import type { Analysis } from './analysis.js'
import type { Relation, Routine } from './catalogue.js'
import { relationItem } from './relation-item.js'
import { NOTHING, TYPE, joined, passed } from './value.js'
import type { Value } from './value.js'

export type ScopeColumn = {
  readonly name: string
  readonly value: Value
  // Declares that the column is read; called for each use.
  readonly touch: () => void
}

export type Item = {
  // undefined for an item that cannot be named (a join or function without alias …).
  readonly name: string | undefined
  // Schema of a relation without alias, which may then be named with it.
  readonly schema?: string
  readonly columns: readonly ScopeColumn[]
  // Not all columns are known: a name that is not found might be one of them.
  readonly open: boolean
  readonly columnsVisible: boolean
  readonly nameVisible: boolean
  // ctid, xmin, tableoid …
  readonly systemColumn?: (name: string) => ScopeColumn | undefined
  readonly rowType: number
  // Declares a lock on its rows.
  readonly lock?: (strength: string) => void
  // Parameters of a function, whose fields may be named without parentheses.
  readonly parameters?: boolean
  // The one column of a function that returns a scalar: the item's name then means that value.
  readonly scalar?: boolean
}

export type Cte = {
  readonly columns: () => readonly ScopeColumn[] | 'unknown'
}

export type Scope = {
  readonly items: readonly Item[]
  readonly ctes: ReadonlyMap<string, Cte>
  readonly windows?: ReadonlyMap<string, Node>
  readonly outer: Scope | undefined
}

export type Found =
  | { readonly kind: 'column'; readonly column: ScopeColumn }
  | { readonly kind: 'item'; readonly item: Item }
  | { readonly kind: 'nothing' }
  // Several fit, or an item whose columns are not known could have it.
  | { readonly kind: 'uncertain' }

// Columns of one relation, by their names or the relation's (or its alias).
export function scopeOfTarget(
  relation: Relation,
  alias: string | undefined,
  analysis: Analysis,
): Scope {
  const item = relationItem(relation, alias, analysis)
  return { items: [item], ctes: new Map(), outer: undefined }
}

// Parameters of a function written in SQL, as the outermost names.
export function scopeOfParameters(routine: Routine): Scope {
  const names = routine.argumentNames ?? []
  const columns = names.flatMap((name, place) =>
    name === ''
      ? []
      : [{ name, value: { type: routine.argumentTypes[place] ?? 0, sources: [] }, touch: none }],
  )
  const item: Item = {
    name: routine.name,
    columns,
    open: false,
    columnsVisible: true,
    nameVisible: true,
    rowType: 0,
    parameters: true,
  }
  return { items: [item], ctes: new Map(), outer: undefined }
}

// colNameToVar: the innermost level that has the name; twice at one level is an error.
export function columnNamed(scope: Scope | undefined, name: string): Found {
  for (let level = scope; level !== undefined; level = level.outer) {
    const found = columnAt(level, name)
    if (found.kind !== 'nothing') return found
  }
  return { kind: 'nothing' }
}

export function columnAt(level: Scope, name: string): Found {
  const visible = level.items.filter((item) => item.columnsVisible)
  const found = visible.flatMap((item) => named(item, name))
  const [first, second] = found
  if (second !== undefined) return { kind: 'uncertain' }
  if (visible.some((item) => item.open)) return { kind: 'uncertain' }
  if (first !== undefined) return { kind: 'column', column: first }
  // System columns can be named bare; a user column of that name wins.
  const [system, another] = visible.flatMap((item) => item.systemColumn?.(name) ?? [])
  if (another !== undefined) return { kind: 'uncertain' }
  return system === undefined ? { kind: 'nothing' } : { kind: 'column', column: system }
}

// refnameNamespaceItem: the innermost item of that name.
export function itemNamed(scope: Scope | undefined, name: string, schema?: string): Found {
  for (let level = scope; level !== undefined; level = level.outer) {
    const found = level.items.filter(
      (item) =>
        item.nameVisible && item.name === name && (schema === undefined || item.schema === schema),
    )
    const [first, second] = found
    if (second !== undefined) return { kind: 'uncertain' }
    if (first !== undefined) return { kind: 'item', item: first }
  }
  return { kind: 'nothing' }
}

export function columnOf(item: Item, name: string): Found {
  const [first, second] = named(item, name)
  if (second !== undefined) return { kind: 'uncertain' }
  if (first !== undefined) return { kind: 'column', column: first }
  const system = item.systemColumn?.(name)
  if (system !== undefined) return { kind: 'column', column: system }
  return { kind: item.open ? 'uncertain' : 'nothing' }
}

export function cteNamed(scope: Scope | undefined, name: string): Cte | undefined {
  for (let level = scope; level !== undefined; level = level.outer) {
    const found = level.ctes.get(name)
    if (found !== undefined) return found
  }
  return undefined
}

// A whole row: `c`, `c.*`.
export function rowOf(item: Item): Value {
  const [only] = item.columns
  if (item.scalar === true && only !== undefined) {
    only.touch()
    return only.value
  }
  for (const column of item.columns) column.touch()
  const all = joined(
    item.columns.map((column) => column.value),
    0,
  )
  return {
    ...passed(all, 'row', item.rowType === 0 ? TYPE.record : item.rowType),
    ...(item.open ? {} : { fields: item.columns.map(({ name, value }) => ({ name, value })) }),
  }
}

export function namedItem(
  name: string | undefined,
  columns: readonly ScopeColumn[] | 'unknown',
  more: Partial<Item> = {},
): Item {
  return {
    name,
    columns: columns === 'unknown' ? [] : columns,
    open: columns === 'unknown',
    columnsVisible: true,
    nameVisible: name !== undefined,
    rowType: 0,
    ...more,
  }
}

export function computedColumn(name: string, value: Value = NOTHING): ScopeColumn {
  return { name, value, touch: none }
}

export function none(): void {
  // A computed column was read where it was computed.
}

function named(item: Item, name: string): readonly ScopeColumn[] {
  return item.columns.filter((column) => column.name === name)
}
