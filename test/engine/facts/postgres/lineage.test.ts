// The lineage oracle. PostgreSQL itself says which columns a query uses: as a view, its rule and its
// dependencies name them. What the reader says must leave none of them out.
import t from 'tap'
import type { Test } from 'tap'
import type { Catalogue } from '../../../../engine/facts/postgres/catalogue.js'
import type { Statement } from '../../../../engine/facts/postgres/reading.js'
import { originsDisagree } from '../../../../engine/facts/postgres/origins.js'
import { missingPostgres } from '../../../peers/postgres.js'
import type { PostgresKind } from '../../../peers/postgres.js'
import { corpus, labelledEverywhere, startLineageLab } from './lineage-lab.js'
import type { LineageLab } from './lineage-lab.js'

const QUERIES = corpus('queries.sql')

for (const kind of ['embedded', 'debian'] as const) {
  t.test(`no column that PostgreSQL sees used is missed (${kind})`, options(kind), async (t) => {
    const lab = await startLineageLab(kind)
    t.teardown(lab.stop)
    const catalogue = labelledEverywhere(await lab.catalogue())
    const queries = QUERIES.filter(({ from }) => from <= lab.version)
    t.ok(queries.length >= 150, `${queries.length} queries`)
    for (const { sql } of queries) {
      const used = await usedColumns(sql, lab)
      const statement = lab.read(sql, catalogue)
      const { effects, unread } = statement.command
      t.same(unread, [], `all of it is read: ${sql}`)
      const said = saidColumns(statement)
      t.same(
        used.filter((column) => !said.has(column)),
        [],
        `nothing is missed: ${sql}`,
      )
      // What a view reads beneath is not the query's own, and a whole row depends on no column.
      const beneath = effects.some(({ kind }) => kind === 'view' || kind === 'materialized_view')
      const whole =
        statement.command.flows.some(({ through }) => through.includes('row')) ||
        /\(SELECT (\w) FROM/.test(sql)
      const more = [...said].filter((column) => !used.includes(column))
      t.same(beneath || whole || sql.includes('nameof') ? [] : more, [], `nothing more: ${sql}`)
      await sameColumns(t, sql, statement, catalogue, lab)
    }
  })
}

function options(kind: PostgresKind): { readonly skip: string | false; readonly timeout: number } {
  return { skip: missingPostgres(kind), timeout: 60_000 }
}

// The columns that the view's rule depends on, by name.
async function usedColumns(sql: string, lab: LineageLab): Promise<readonly string[]> {
  await lab.run(`CREATE VIEW probe AS SELECT 1 AS one WHERE EXISTS (${sql})`)
  const rows = await lab.rows(`
    SELECT DISTINCT n.nspname || '.' || c.relname || '.' || a.attname
    FROM pg_depend d
    JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
    WHERE r.ev_class = 'probe'::regclass AND c.relname <> 'probe' AND d.refobjsubid > 0
      AND c.relkind <> 'c' AND n.nspname <> 'information_schema'
    ORDER BY 1`)
  await lab.run('DROP VIEW probe')
  return rows.map(([name]) => name ?? '')
}

// System relations and system columns are pinned, and so in no dependency.
function saidColumns(statement: Statement): ReadonlySet<string> {
  const reads = statement.command.effects.filter(
    ({ op, kind }) => op === 'read' && kind !== 'system_table',
  )
  return new Set(
    reads.flatMap(({ object, columns }) =>
      (columns ?? [])
        .filter((column) => !['ctid', 'xmin', 'tableoid'].includes(column))
        .map((column) => `${object}.${column}`),
    ),
  )
}

// As many columns as the target gives, each from the table and column that it names.
async function sameColumns(
  t: Test,
  sql: string,
  statement: Statement,
  catalogue: Catalogue,
  lab: LineageLab,
): Promise<void> {
  const { outputs } = statement
  if (outputs === undefined || outputs === 'unknown') {
    t.fail(`its columns are known: ${sql}`)
    return
  }
  const { origins } = await lab.answer(sql)
  t.equal(originsDisagree(outputs, origins, catalogue), undefined, `origins agree: ${sql}`)
  const other = origins.filter(({ table, attnum }, place) => {
    const said = outputs[place]?.origin
    return table !== 0 && attnum !== 0 && (said?.table !== table || said.attnum !== attnum)
  })
  t.same(other, [], `origins are the same: ${sql}`)
}
