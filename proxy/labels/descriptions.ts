// What else a target says about its columns, beside their names: comments, labels of the PostgreSQL Anonymizer,
// how large tables are, and what this account may read. One query each; both need no right but to connect.
import type { Query } from '../targets/catalogue.js'

export type ColumnDescription = {
  readonly comment: string | undefined
  // SECURITY LABEL FOR anon.
  readonly securityLabel: string | undefined
  readonly readable: boolean
}

export type Descriptions = {
  readonly columnOf: (relation: number, attnum: number) => ColumnDescription
  // As of the last ANALYZE; undefined where there was none.
  readonly rowsOf: (relation: number) => number | undefined
}

const UNKNOWN: ColumnDescription = { comment: undefined, securityLabel: undefined, readable: false }

// OIDs below 16384 are the system's own.
const OF_USERS = `c.oid OPERATOR(pg_catalog.>=) 16384 AND c.relkind::pg_catalog.text
  OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p', 'v', 'm', 'f']::pg_catalog.text[])`

const COLUMNS = `SELECT c.oid::pg_catalog.text, a.attnum::pg_catalog.text,
    pg_catalog.col_description(c.oid, a.attnum),
    (SELECT pg_catalog.min(s.label) FROM pg_catalog.pg_seclabel s
      WHERE s.classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass
        AND s.objoid OPERATOR(pg_catalog.=) c.oid
        AND s.objsubid OPERATOR(pg_catalog.=) a.attnum::pg_catalog.int4
        AND s.provider OPERATOR(pg_catalog.=) 'anon'),
    CASE WHEN pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
          AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') THEN 'yes' END
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a
    ON a.attrelid OPERATOR(pg_catalog.=) c.oid
  WHERE ${OF_USERS} AND a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped`

const SIZES = `SELECT c.oid::pg_catalog.text, c.reltuples::pg_catalog.text
  FROM pg_catalog.pg_class c WHERE ${OF_USERS}`

export async function describedBy(query: Query): Promise<Descriptions> {
  const columns = new Map<string, ColumnDescription>()
  for (const [oid, attnum, comment, securityLabel, readable] of await query(COLUMNS)) {
    columns.set(`${oid} ${attnum}`, {
      comment: comment ?? undefined,
      securityLabel: securityLabel ?? undefined,
      readable: readable === 'yes',
    })
  }
  const sizes = new Map<number, number>()
  for (const [oid, rows] of await query(SIZES)) {
    if (Number(rows) >= 0) sizes.set(Number(oid), Number(rows))
  }
  return {
    columnOf: (relation, attnum) => columns.get(`${relation} ${attnum}`) ?? UNKNOWN,
    rowsOf: (relation) => sizes.get(relation),
  }
}
