// Walks over parse trees as plain data: what a statement holds that masking at the source leaves alone,
// and whether a tree is another one with some nodes replaced.
import type { Node, RangeVar } from 'libpg-query'

type Fields = Readonly<Record<string, unknown>>

// Where a node stands in the text says nothing of what it means.
const PLACES: ReadonlySet<string> = new Set([
  'location',
  'name_location',
  'stmt_location',
  'stmt_len',
  'list_start',
  'list_end',
  'rexpr_list_start',
  'rexpr_list_end',
])

// Locks, samples, and what writes; grouping sets give wrong rows over a sub-select.
const LEFT_ALONE: ReadonlySet<string> = new Set([
  'intoClause',
  'lockingClause',
  'LockingClause',
  'RangeTableSample',
  'GroupingSet',
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
])

const SYSTEM: ReadonlySet<string> = new Set(['ctid', 'xmin', 'cmin', 'xmax', 'cmax', 'tableoid'])

export type Inventory = {
  readonly ranges: readonly RangeVar[]
  readonly ctes: ReadonlySet<string>
  // Names that stand alone: `c` may be a column or a whole row.
  readonly bare: ReadonlySet<string>
  // Why the statement is left alone.
  readonly obstacle: string | undefined
}

export function inventoryOf(root: Node): Inventory {
  const ranges: RangeVar[] = []
  const ctes = new Set<string>()
  const bare = new Set<string>()
  let obstacle: string | undefined
  const visit = (value: unknown, starAllowed: boolean): void => {
    if (Array.isArray(value)) {
      for (const one of value) visit(one, starAllowed)
      return
    }
    if (!isFields(value)) return
    for (const [key, inner] of Object.entries(value)) {
      if (LEFT_ALONE.has(key)) obstacle ??= key
      if (key === 'RangeVar') ranges.push(inner as RangeVar)
      if (key === 'CommonTableExpr' && isFields(inner)) ctes.add(String(inner['ctename']))
      if (key === 'ColumnRef' && isFields(inner)) {
        obstacle ??= objection(inner['fields'], starAllowed, bare)
      } else
        visit(inner, starAllowed ? key !== 'FuncCall' && key !== 'A_Expr' : key === 'ResTarget')
    }
  }
  visit(root, false)
  return { ranges, ctes, bare, obstacle }
}

function objection(fields: unknown, star: boolean, bare: Set<string>): string | undefined {
  if (!Array.isArray(fields)) return 'a name'
  const names = fields.map(nameOf)
  const last = names.at(-1)
  if (names.length > 2) return 'a name of three parts'
  if (last === undefined) return names.length === 1 || star ? undefined : 'a whole row'
  if (SYSTEM.has(last)) return 'a system column'
  if (names.length === 1) bare.add(last)
  return undefined
}

// undefined for `*`.
function nameOf(field: unknown): string | undefined {
  if (!isFields(field)) return undefined
  const { String: text } = field as { readonly String?: { readonly sval?: string } }
  return text === undefined ? undefined : (text.sval ?? '')
}

// Is `after` the tree `before` in which exactly the nodes of these ranges were replaced?
export function isReplaced(
  before: unknown,
  after: unknown,
  replacements: ReadonlyMap<unknown, Node>,
): boolean {
  if (isFields(before) && 'RangeVar' in before) {
    const node = replacements.get(before['RangeVar'])
    if (node !== undefined) return isReplaced(node, after, new Map())
  }
  if (Array.isArray(before)) {
    return (
      Array.isArray(after) &&
      before.length === after.length &&
      before.every((one, place) => isReplaced(one, after[place], replacements))
    )
  }
  if (!isFields(before) || !isFields(after)) return before === after
  const keys = Object.keys(before).filter((key) => !PLACES.has(key))
  const others = Object.keys(after).filter((key) => !PLACES.has(key))
  return (
    keys.length === others.length &&
    keys.every((key) => key in after && isReplaced(before[key], after[key], replacements))
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
