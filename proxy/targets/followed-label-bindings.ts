// What a look at a database tells about labels that followed data: which relation they are on, by OID, what it
// is called now, and which of them are about nothing, since what was to be made never was.
import type { Catalogue, Relation } from '../../engine/facts/postgres/catalogue.js'
import { NEW_COLUMN } from '../../engine/facts/postgres/stored.js'
import type { FollowedRow } from './followed-label-rows.js'

const BINDING_LIMITS = {
  // After its session ended a transaction is over, once the target has noticed.
  endedMs: 10_000,
  // No transaction takes longer.
  openMs: 86_400_000,
  // What was seen and is not there any more was dropped; a target that is behind another would catch up.
  absentMs: 86_400_000,
} as const

export type Look = {
  readonly place: string
  readonly startedMs: number
  // Sessions of this gateway that ended, and when.
  readonly ended: ReadonlyMap<string, number>
  // Since when the relation of a bound one was not seen, by its id; kept from look to look.
  readonly absent: Map<string, number>
}

export type Bindings = {
  readonly seen: readonly FollowedRow[]
  readonly gone: readonly FollowedRow[]
}

export function bindings(rows: readonly FollowedRow[], catalogue: Catalogue, look: Look): Bindings {
  const seen: FollowedRow[] = []
  const gone: FollowedRow[] = []
  for (const row of rows) {
    const relation = relationOf(row, catalogue, look.place)
    if (relation === undefined || !hasColumn(relation, row)) {
      if (row.bound === 0 ? isOver(row, look) : isDropped(row, look)) gone.push(row)
      continue
    }
    look.absent.delete(row.id)
    const now = named(row, relation, look.place)
    if (!isSame(now, row)) seen.push(now)
  }
  return { seen, gone }
}

function relationOf(row: FollowedRow, catalogue: Catalogue, place: string): Relation | undefined {
  const elsewhere = row.place !== '' && place !== '' && row.place !== place
  if (row.oid !== 0 && !elsewhere) return catalogue.relationByOid(row.oid)
  const found = catalogue.relation(row.schema_name, row.relation)
  // What had the name before is what a statement replaces, or does not make (IF NOT EXISTS).
  return found === undefined || (!elsewhere && found.oid === row.before_oid) ? undefined : found
}

// One that is about to be added is not there before.
function hasColumn({ columns }: Relation, { attnum, column_name }: FollowedRow): boolean {
  return attnum !== NEW_COLUMN || columns.some(({ name }) => name === column_name)
}

function named(row: FollowedRow, relation: Relation, place: string): FollowedRow {
  // Restored from a dump, columns may have other numbers.
  const byName = row.attnum === NEW_COLUMN || (row.place !== '' && row.place !== place)
  const column = relation.columns.find(({ attnum, name }) =>
    byName ? name === row.column_name : attnum === row.attnum,
  )
  return {
    ...row,
    attnum: byName && column !== undefined ? column.attnum : row.attnum,
    oid: relation.oid,
    place,
    bound: 1,
    schema_name: relation.schema,
    relation: relation.name,
    column_name: column?.name ?? row.column_name,
  }
}

function isSame(left: FollowedRow, right: FollowedRow): boolean {
  return (
    left.oid === right.oid &&
    left.place === right.place &&
    left.bound === right.bound &&
    left.schema_name === right.schema_name &&
    left.relation === right.relation &&
    left.column_name === right.column_name
  )
}

function isDropped({ id }: FollowedRow, { absent, startedMs }: Look): boolean {
  const since = absent.get(id) ?? startedMs
  absent.set(id, since)
  return startedMs - since > BINDING_LIMITS.absentMs
}

// The statement has failed, was rolled back, or made nothing.
function isOver({ session, created_ms }: FollowedRow, { startedMs, ended }: Look): boolean {
  const endedMs = ended.get(session)
  if (endedMs !== undefined) return startedMs - endedMs > BINDING_LIMITS.endedMs
  return startedMs - created_ms > BINDING_LIMITS.openMs
}
