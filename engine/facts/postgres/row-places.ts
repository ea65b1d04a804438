// Where a statement reads relations, and where it changes them: of a query, of what hands its rows on, and
// of INSERT, UPDATE, DELETE and MERGE, wherever a query may hold one.
import type { DeleteStmt, InsertStmt, MergeStmt, Node, RangeVar, UpdateStmt } from 'libpg-query'
import { inventoryOf, queryWithin } from './splice-tree.js'

export type Target =
  | { readonly kind: 'insert'; readonly body: InsertStmt }
  | { readonly kind: 'update'; readonly body: UpdateStmt }
  | { readonly kind: 'delete'; readonly body: DeleteStmt }
  | { readonly kind: 'merge'; readonly body: MergeStmt }

export type RowPlaces = {
  readonly reads: readonly RangeVar[]
  readonly targets: readonly Target[]
  readonly ctes: ReadonlySet<string>
  // Why relations that are read are left alone.
  readonly obstacle: string | undefined
}

const MODIFYING = {
  InsertStmt: 'insert',
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  MergeStmt: 'merge',
} as const

export function placesOf(statement: Node): RowPlaces | { readonly refused: string } {
  const isStored =
    'CreateTableAsStmt' in statement && statement.CreateTableAsStmt.objtype !== 'OBJECT_TABLE'
  if (isStored) return { refused: 'what is stored by a definition would keep the filter in it' }
  if (queryWithin(statement) === undefined && modifyingWithin(statement) === undefined)
    return { refused: 'this statement cannot be held to some rows of it' }
  const reads: RangeVar[] = []
  const targets: Target[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const one of value) visit(one)
      return
    }
    if (!isFields(value)) return
    for (const [key, inner] of Object.entries(value)) {
      // Names of aliases, and of a table that is made.
      if (key === 'lockedRels' || key === 'intoClause') continue
      if (key === 'RangeVar') reads.push(inner as RangeVar)
      if (isModifying(key)) targets.push({ kind: MODIFYING[key], body: inner } as Target)
      visit(inner)
    }
  }
  visit(statement)
  const { ctes, obstacle } = inventoryOf(withoutModifying(statement) as Node)
  return { reads, targets, ctes, obstacle }
}

function modifyingWithin(statement: Node): Node | undefined {
  const inner = 'PrepareStmt' in statement ? statement.PrepareStmt.query : statement
  return inner !== undefined && Object.keys(inner).some(isModifying) ? inner : undefined
}

function isModifying(key: string): key is keyof typeof MODIFYING {
  return key in MODIFYING
}

// Under names that the inventory of queries has no objection to.
function withoutModifying(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutModifying)
  if (!isFields(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      isModifying(key) ? MODIFYING[key] : key,
      withoutModifying(inner),
    ]),
  )
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
