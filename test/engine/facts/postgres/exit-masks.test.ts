// Two databases that differ in nothing but one protected column must look the same through the masks:
// the promise of masking at the exit, tried with every query of the corpus against a real PostgreSQL.
import t from 'tap'
import { exitMasksOf } from '../../../../engine/facts/postgres/exit-masks.js'
import type { ExitMasks } from '../../../../engine/facts/postgres/exit-masks.js'
import { labelled } from '../../../../engine/facts/postgres/labels.js'
import type { Mask } from '../../../../engine/schemas/decision.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { corpus, startLineageLab } from './lineage-lab.js'
import type { LineageLab } from './lineage-lab.js'

// What each column holds in one database and in the other; NULL stays NULL.
const CHANGES: readonly (readonly [table: string, column: string, other: string])[] = [
  ['customers', 'ssn', `'8' || md5(ssn) || '-x'`],
  ['customers', 'email', `reverse(email) || 'y'`],
  ['customers', 'card', `md5(card) || '8'`],
  ['employees', 'salary', '5000 - salary * 3'],
  ['profiles', 'home', `ROW((home).zip, 'elsewhere')::address`],
  ['profiles', 'tags', `ARRAY['changed']`],
  ['profiles', 'data', `'{"guess": 1, "b": "z"}'`],
  ['people', 'handle', `reverse(handle)`],
  ['events', 'payload', `md5(payload)`],
  ['derived', 'a', `md5(a)`],
]

const MASK: Mask = { match: 'label:secret', method: 'redact' }

for (const kind of ['embedded', 'debian'] as const) {
  const options = { skip: missingPostgres(kind), timeout: 120_000 }
  t.test(
    `what is masked cannot be told from anything that is let through (${kind})`,
    options,
    async (t) => {
      const lab = await startLineageLab(kind)
      t.teardown(lab.stop)
      // Where a row lies and what time it is are other matters.
      const queries = [...corpus('oracles.sql'), ...corpus('queries.sql')].filter(
        ({ sql, from }) => from <= lab.version && !/ctid|localtime/.test(sql),
      )
      let passed = 0
      for (const [table, column, other] of kind === 'debian' ? CHANGES.slice(0, 3) : CHANGES) {
        const unlabelled = await lab.catalogue()
        const catalogue = labelled(unlabelled, [
          { schema: 'public', table, column, labels: ['secret'] },
        ])
        const allowed = queries.flatMap(({ sql }) => {
          const statement = lab.read(sql, catalogue)
          const exit = exitMasksOf(statement, [MASK])
          const others = statement.command.effects.every(({ object }) => !related(object, table))
          return 'masks' in exit && !others ? [{ sql, masks: exit.masks }] : []
        })
        passed += allowed.length
        const same = await transcripts(allowed, table, `${column} = ${column}`, lab)
        const others = await transcripts(allowed, table, `${column} = ${other}`, lab)
        for (const [place, { sql }] of allowed.entries()) {
          t.equal(others[place], same[place], `${table}.${column}: ${sql}`)
        }
      }
      t.ok(passed > 200, `${passed} queries were let through`)
    },
  )
}

// The table itself, and what holds values of it under another name.
const RELATED: readonly string[] = ['stored', 'contacts', 'staff', 'events_2026']

function related(object: string, table: string): boolean {
  return object.endsWith(`.${table}`) || RELATED.some((name) => object.endsWith(`.${name}`))
}

type Allowed = { readonly sql: string; readonly masks: ExitMasks }

// What a client sees of each query after this change, which is then taken back.
async function transcripts(
  queries: readonly Allowed[],
  table: string,
  set: string,
  lab: LineageLab,
): Promise<readonly string[]> {
  await lab.run(`BEGIN; UPDATE ${table} SET ${set}; REFRESH MATERIALIZED VIEW stored`)
  await lab.run('SAVEPOINT s')
  const seen: string[] = []
  for (const { sql, masks } of queries) seen.push(await transcript(sql, masks, lab))
  await lab.run('ROLLBACK')
  return seen
}

async function transcript(sql: string, masks: ExitMasks, lab: LineageLab): Promise<string> {
  try {
    const rows = await lab.rows(sql)
    return JSON.stringify(
      rows.map((row) =>
        row.map((cell, place) => (cell !== null && masks.fields.has(place) ? '****' : cell)),
      ),
    )
  } catch (problem) {
    await lab.run('ROLLBACK TO s')
    const { code, message } = problem as { readonly code?: string; readonly message: string }
    return masks.quietErrors ? `error ${code}` : `error ${code} ${message}`
  }
}
