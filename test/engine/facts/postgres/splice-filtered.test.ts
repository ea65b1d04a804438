// Row filters at the source, tried against a real PostgreSQL: what the rewritten text answers, or changes, is
// what the client's own text does on a database in which the rows that are not seen do not exist.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { exitMasksOf } from '../../../../engine/facts/postgres/exit-masks.js'
import { labelled } from '../../../../engine/facts/postgres/labels.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import {
  filteredBy,
  splicedUnderFilters,
} from '../../../../engine/facts/postgres/splice-filtered.js'
import type { Spliced } from '../../../../engine/facts/postgres/splice.js'
import type { Mask } from '../../../../engine/schemas/decision.js'
import type { RowFilter } from '../../../../engine/schemas/row-filter.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { corpus, NAMES, startLineageLab } from './lineage-lab.js'

const FILTERS: readonly RowFilter[] = [
  { relation: 'public.customers', rows: [{ column: 'region', op: 'eq', value: 'north' }] },
  {
    relation: 'public.orders',
    rows: [
      { column: 'id', op: 'le', value: 6 },
      {
        any: [
          { column: 'status', op: 'in', values: ['status 1', "it's"] },
          {
            all: [
              { column: 'total', op: 'gt', value: 7.5 },
              { column: 'meta', op: 'is_not_null' },
            ],
          },
        ],
      },
    ],
  },
  { relation: 'public.profiles', rows: [{ column: 'feeling', op: 'ne', value: 'sour' }] },
  { relation: 'public.events', rows: [{ column: 'at', op: 'lt', value: '2026-02-01' }] },
  { relation: 'public.people', rows: [{ column: 'id', op: 'is_not_null' }] },
]
const HIDDEN = `SET LOCAL session_replication_role = replica;
  DELETE FROM customers WHERE region <> 'north';
  DELETE FROM orders WHERE NOT (id <= 6 AND (status = 'status 1' OR total > 7.5));
  DELETE FROM profiles WHERE feeling = 'sour'; DELETE FROM events WHERE at >= '2026-02-01';
  SET LOCAL session_replication_role = origin;`
const MASK: Mask = { match: 'label:secret', method: 'redact' }
const WRITES = readFileSync('fixtures/splice/filtered-writes.sql', 'utf8').split(/;\n/)

for (const kind of ['embedded', 'debian'] as const) {
  const options = { skip: missingPostgres(kind), timeout: 120_000 }
  t.test(`rows that are filtered are as if they were not there (${kind})`, options, async (t) => {
    const lab = await startLineageLab(kind)
    t.teardown(lab.stop)
    const plain = await lab.catalogue()
    const rules = ['ssn', 'card', 'email'].map((column) => ({
      schema: 'public',
      table: 'customers',
      column,
      labels: ['secret'],
    }))
    const catalogues = { plain, masked: labelled(plain, rules) }
    const reader = await createReader()
    const splice = (sql: string, which: 'plain' | 'masked' = 'plain'): Spliced | 'untouched' => {
      const catalogue = catalogues[which]
      const read = (text: string) => {
        const reading = reader.read(text, catalogue, NAMES)
        if (reading instanceof Promise) throw new Error('read elsewhere')
        return reading
      }
      const [statement] = read(sql).statements
      if (statement === undefined) throw new Error(sql)
      if (filteredBy(statement, FILTERS, catalogue) === undefined) return 'untouched'
      const masks = which === 'plain' ? [] : [MASK]
      const exit = exitMasksOf(statement, masks)
      const masked = 'refused' in exit || exit.masks.computed === true
      const parts = {
        masked,
        catalogue,
        names: NAMES,
        masks,
        read,
        filters: FILTERS,
        statement,
        exit,
      }
      return splicedUnderFilters(sql, parts)
    }
    // In one transaction, so that rows lie in the same order in each.
    const answers = async (before: string, queries: readonly string[]) => {
      await lab.run(`BEGIN; ${before}; SAVEPOINT s`)
      const seen: string[] = []
      for (const sql of queries) {
        try {
          const rows = await lab.rows(sql)
          seen.push(JSON.stringify(rows.map((row) => JSON.stringify(row)).sort()))
        } catch (problem) {
          seen.push(`error ${(problem as { readonly code?: string }).code}`)
        }
        await lab.run('ROLLBACK TO s')
      }
      await lab.run('ROLLBACK')
      return seen
    }

    t.test('a query answers what it would without them', async (t) => {
      const known = [
        'oracles.sql',
        'queries.sql',
        '../splice/queries.sql',
        '../splice/filtered.sql',
      ]
      const written = known
        .flatMap(corpus)
        .filter(({ sql, from }) => from <= lab.version && !/ctid|localtime|stored/.test(sql))
      const tried: { sql: string; text: string }[] = []
      const left = new Map<string, string>()
      for (const { sql } of written) {
        const found = splice(sql)
        if (found === 'untouched') continue
        if ('text' in found) tried.push({ sql, text: found.text })
        else left.set(sql, found.refused)
      }
      const expected = await answers(
        HIDDEN,
        tried.map(({ sql }) => sql),
      )
      const real = await answers(
        'SELECT 1',
        tried.map(({ text }) => text),
      )
      for (const [i, { sql, text }] of tried.entries()) {
        if (real[i]?.startsWith('error') === true && process.env['WHY'] !== undefined)
          t.comment(`${real[i]} ${text}`)
        if (real[i]?.startsWith('error') !== true)
          t.equal(real[i], expected[i], `${sql} => ${text}`)
      }
      const failed = real.filter((one) => one.startsWith('error')).length
      if (process.env['WHY'] !== undefined)
        for (const [sql, why] of left) t.comment(`${why}: ${sql}`)
      t.comment(`${tried.length} rewritten, ${failed} of them fail, ${left.size} left alone`)
      t.ok(tried.length - failed >= 150)
    })

    t.test('UPDATE, DELETE and INSERT change what they would without them', async (t) => {
      for (const sql of WRITES) {
        if (sql.trim() === '') continue
        const found = splice(sql)
        if (found === 'untouched' || !('text' in found)) {
          t.fail(`${sql}: ${JSON.stringify(found)}`)
          continue
        }
        const state = `SELECT (SELECT json_agg(c ORDER BY id) FROM customers c WHERE region = 'north')::text,
          (SELECT json_agg(o ORDER BY id) FROM orders o WHERE id <= 6 AND (status = 'status 1' OR total > 7.5))::text`
        const hidden = `SELECT (SELECT json_agg(c ORDER BY id) FROM customers c WHERE region <> 'north')::text,
          (SELECT json_agg(o ORDER BY id) FROM orders o WHERE NOT (id <= 6 AND (status = 'status 1' OR total > 7.5)))::text`
        const after = async (before: string, text: string) => {
          await lab.run(`BEGIN; ${before}; SET LOCAL session_replication_role = replica`)
          const all = JSON.stringify(await lab.rows(hidden))
          // In whatever order the plan gives them.
          const rows = (await lab.rows(text)).map((row) => JSON.stringify(row)).sort()
          const kept = all === JSON.stringify(await lab.rows(hidden))
          const seen = await lab.rows(state)
          await lab.run('ROLLBACK')
          return { seen: JSON.stringify([rows, seen]), kept }
        }
        const real = await after('SELECT 1', found.text)
        t.equal(real.seen, (await after(HIDDEN, sql)).seen, `${sql} => ${found.text}`)
        t.ok(real.kept, `what is not seen is left alone: ${sql}`)
      }
    })

    t.test('masks lie above filters, which look at real values', async (t) => {
      const found = splice(`SELECT id, upper(ssn) FROM customers WHERE region = 'north'`, 'masked')
      t.ok(typeof found === 'object' && 'text' in found, JSON.stringify(found))
      if (typeof found !== 'object' || !('text' in found)) return
      const rows = await lab.rows(found.text)
      t.same(rows.map(([id]) => id).sort(), ['2', '4', '6'])
      t.same([...new Set(rows.map(([, ssn]) => ssn))].sort(), ['****', null])
    })

    t.test('what cannot be held to the rows is refused', async (t) => {
      const refused = readFileSync('fixtures/splice/filtered-refused.sql', 'utf8').split(/;\n/)
      for (const sql of refused) {
        if (sql.trim() === '' || (/^-- from 17/m.test(sql) && lab.version < 17)) continue
        t.hasProp(splice(sql), 'refused', sql)
      }
    })

    t.test('what has nothing to do with them stays as it is', async (t) => {
      for (const sql of [
        'SELECT 1',
        'SELECT * FROM employees',
        'BEGIN',
        'SET work_mem = 100',
        'CREATE TABLE z (a int)',
      ]) {
        t.equal(splice(sql), 'untouched', sql)
      }
    })
  })
}
