// What the catalogue tells about the objects of a held command: their sizes, what refers to them, what
// depends on them, which triggers fire. Names and numbers alone. Every name is qualified, since what is
// looked at may have a search_path of its own later.
import type { Effect } from '../../../engine/schemas/facts.js'
import type { Cascade, ForeignKey } from './consequence-cascades.js'
import type { Look } from './consequence-connection.js'

export type Size = {
  readonly object: string
  readonly kind: string
  // Row security decides which rows this account sees and changes.
  readonly secured: boolean
  // -1: never analysed.
  readonly rows: number
  readonly bytes: number
}

// How much is listed at most.
const LISTED_MAX = 50
const KEYS_MAX = 20_000

const NAMED = `pg_catalog.concat(n.nspname, '.', c.relname)`

// Partitions count for the table that they are part of.
export async function sizesOf(look: Look, objects: readonly string[]): Promise<readonly Size[]> {
  const rows = await look.rows(
    `SELECT ${NAMED}, c.relkind, pg_catalog.row_security_active(c.oid),
       (SELECT pg_catalog.sum(p.reltuples)::pg_catalog.int8 FROM pg_catalog.pg_class p
        WHERE p.oid = c.oid AND c.relkind <> 'p'
          OR c.relkind = 'p' AND p.relkind <> 'p' AND p.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid))),
       (SELECT pg_catalog.sum(pg_catalog.pg_total_relation_size(p.oid))::pg_catalog.int8 FROM pg_catalog.pg_class p
        WHERE p.oid = c.oid OR p.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid)))
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE ${NAMED} = ANY ($1::pg_catalog.text[]) AND c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S')
     ORDER BY 5 DESC LIMIT ${LISTED_MAX}`,
    texts([objects]),
  )
  return rows.map(([object, kind, secured, tuples, bytes]) => ({
    object: object ?? '',
    kind: kind ?? '',
    secured: secured !== 'f',
    rows: Number(tuples ?? -1),
    bytes: Number(bytes ?? 0),
  }))
}

// A partition's keys are its table's, but for those that name it directly.
export async function foreignKeys(
  look: Look,
  objects: readonly string[],
): Promise<readonly ForeignKey[]> {
  const named = (oid: string): string =>
    `(SELECT ${NAMED} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ${oid})`
  const columns = (list: string, relation: string): string =>
    `(SELECT pg_catalog.json_agg(a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${relation} AND a.attnum = ANY (${list}))`
  const rows = await look.rows(
    `SELECT * FROM (SELECT k.conname, ${named('k.conrelid')} AS source, ${named('k.confrelid')} AS target,
       k.confdeltype, k.confupdtype, ${columns('k.conkey', 'k.conrelid')}, ${columns('k.confkey', 'k.confrelid')}, k.conparentid
     FROM pg_catalog.pg_constraint k WHERE k.contype = 'f') x
     WHERE x.conparentid = 0 OR x.target = ANY ($1::pg_catalog.text[]) LIMIT ${KEYS_MAX}`,
    texts([objects]),
  )
  return rows.map(([name, from, to, onDelete, onUpdate, own, keys]) => ({
    name: name ?? '',
    from: from ?? '',
    to: to ?? '',
    onDelete: onDelete ?? '',
    onUpdate: onUpdate ?? '',
    columns: names(own),
    keys: names(keys),
  }))
}

// Views over views, keys of other tables, functions whose body names one, and tables that inherit: what
// goes with what is dropped, or keeps it from being dropped.
export async function dependentsOf(
  look: Look,
  objects: readonly string[],
): Promise<readonly Cascade[]> {
  const rows = await look.rows(
    `WITH RECURSIVE gone(oid) AS (
       SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE ${NAMED} = ANY ($1::pg_catalog.text[])
       UNION SELECT x.oid FROM gone g CROSS JOIN LATERAL (
         SELECT w.ev_class AS oid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid
         WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.refobjid = g.oid
           AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'n'
         UNION ALL SELECT h.inhrelid FROM pg_catalog.pg_inherits h WHERE h.inhparent = g.oid) x)
     SELECT ${NAMED}, CASE c.relkind WHEN 'v' THEN 'drop view' WHEN 'm' THEN 'drop materialized view' ELSE 'drop' END, NULL
     FROM gone g JOIN pg_catalog.pg_class c ON c.oid = g.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT ${NAMED} = ANY ($1::pg_catalog.text[])
     UNION SELECT ${NAMED}, 'drop foreign key', k.conname::pg_catalog.text
     FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid IN (SELECT oid FROM gone)
       AND k.conrelid NOT IN (SELECT oid FROM gone)
     UNION SELECT pg_catalog.concat(n.nspname, '.', f.proname), 'drop function', NULL
     FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_proc f ON f.oid = d.objid
       JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
     WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'n'
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid IN (SELECT oid FROM gone)
     ORDER BY 1, 2, 3 LIMIT ${LISTED_MAX}`,
    texts([objects]),
  )
  return rows.map(([table, action, by]) => ({
    table: table ?? '',
    action: action ?? '',
    ...(by === null || by === undefined ? {} : { by }),
  }))
}

// All relations of these schemas.
export async function relationsIn(
  look: Look,
  schemas: readonly string[],
): Promise<readonly string[]> {
  const rows = await look.rows(
    `SELECT ${NAMED} FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = ANY ($1::pg_catalog.text[]) AND c.relkind IN ('r', 'p', 'm', 'v', 'f')
       AND NOT c.relispartition LIMIT 10000`,
    texts([schemas]),
  )
  return rows.map(([object]) => object ?? '')
}

// pg_trigger.tgtype: 4 insert, 8 delete, 16 update, 32 truncate.
const EVENTS: Readonly<Partial<Record<Effect['op'], number>>> = {
  insert: 4,
  copy_in: 4,
  delete: 8,
  update: 16,
  truncate: 32,
}

// Triggers that people made and that fire on this.
export async function triggersOf(
  look: Look,
  effects: readonly Effect[],
): Promise<readonly string[]> {
  const found: string[] = []
  for (const { op, object } of effects) {
    const event = EVENTS[op]
    if (event === undefined) continue
    const rows = await look.rows(
      `SELECT pg_catalog.concat(g.tgname, ' on ', ${NAMED}) FROM pg_catalog.pg_trigger g
       JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE ${NAMED} = ANY ($1::pg_catalog.text[]) AND NOT g.tgisinternal AND g.tgenabled <> 'D'
         AND (g.tgtype & ${event}) <> 0 ORDER BY 1 LIMIT ${LISTED_MAX}`,
      texts([[object]]),
    )
    for (const [name] of rows) if (name !== null && name !== undefined) found.push(name)
  }
  return [...new Set(found)]
}

// Functions of these names that may do something, or give something else each time.
export async function volatileAmong(look: Look, calls: readonly string[]): Promise<boolean> {
  if (calls.length === 0) return false
  const rows = await look.rows(
    `SELECT 1 FROM pg_catalog.pg_proc f WHERE f.proname = ANY ($1::pg_catalog.text[])
       AND f.provolatile = 'v' LIMIT 1`,
    texts([calls]),
  )
  return rows.length > 0
}

function texts(lists: readonly (readonly string[])[]) {
  return { binds: lists.map((list) => Buffer.from(arrayText(list))), formats: [], types: [] }
}

function arrayText(list: readonly string[]): string {
  const quoted = list.map((one) => `"${one.replace(/[\\"]/g, (found) => `\\${found}`)}"`)
  return `{${quoted.join(',')}}`
}

function names(json: string | null | undefined): readonly string[] {
  const read: unknown = JSON.parse(json ?? '[]')
  return Array.isArray(read) ? read.map(String) : []
}
