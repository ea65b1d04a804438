// Two databases that differ in nothing but one protected column must look the same through the masks:
// the promise of masking at the exit, tried with every query of the corpus against a real PostgreSQL.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { exitMasksOf } from '../../../../engine/facts/postgres/exit-masks.js'
import type { ExitMasks } from '../../../../engine/facts/postgres/exit-masks.js'
import { labelled } from '../../../../engine/facts/postgres/labels.js'
import type { LabelRule } from '../../../../engine/policy/policy.js'
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

type Exits = readonly {
  readonly sql: string
  readonly refused?: string
  readonly masks?: Readonly<Record<string, string>>
}[]

const LABELS: readonly LabelRule[] = [
  ...['ssn', 'email', 'card'].map((column) => ({
    schema: 'public',
    table: 'customers',
    column,
    labels: [`pii.${column}`],
  })),
  { schema: 'public', table: 'employees', column: 'salary', labels: ['pii.salary'] },
]

t.test('exits', { skip: missingPostgres('embedded') }, async (t) => {
  const lab = await startLineageLab('embedded')
  t.teardown(lab.stop)
  const catalogue = labelled(await lab.catalogue(), LABELS)
  const exit = (sql: string, masks: readonly Mask[]) => exitMasksOf(lab.read(sql, catalogue), masks)
  const masksOf = (sql: string, masks: readonly Mask[]): ExitMasks | undefined => {
    const found = exit(sql, masks)
    return 'masks' in found ? found.masks : undefined
  }
  const partial: Mask = { match: 'label:pii', method: 'partial', keep: 4 }

  t.test('each statement of fixtures/lineage/exits.json has the exit written there', async (t) => {
    const exits = JSON.parse(readFileSync('fixtures/lineage/exits.json', 'utf8')) as Exits
    for (const { sql, refused, masks } of exits) {
      const found = exit(sql, [partial])
      if (!('masks' in found)) t.same({ refused: found.refused }, { refused }, sql)
      else {
        const methods = [...found.masks.fields].map(
          ([place, { method }]) => [place, method] as const,
        )
        t.same(Object.fromEntries(methods), masks, sql)
      }
    }
  })

  t.test('a refusal says which column, what is wrong, and what would pass', async (t) => {
    t.same(exit(`SELECT id FROM customers WHERE ssn = 'x'`, [partial]), {
      refused: 'customers.ssn is used in WHERE or another comparison',
      hint: 'Masked columns can be selected, not compared. Filter on another column.',
    })
  })

  t.test('of several masks the strictest counts; a label names those below it', async (t) => {
    const methods = (...masks: readonly Mask[]) =>
      [...(masksOf('SELECT ssn, email FROM customers', masks)?.fields ?? [])].map(
        ([place, mask]) => `${place} ${mask.method}`,
      )
    t.same(methods(partial), ['0 partial', '1 partial'])
    t.same(methods({ match: 'label:pii.ssn', method: 'hash' }), ['0 hash'])
    t.same(methods({ match: 'label:pi', method: 'hash' }), [])
    t.same(methods(partial, { match: 'column:public.customers.ssn', method: 'null' }), [
      '0 null',
      '1 partial',
    ])
  })

  t.test('a computed value is masked as a whole, whatever the method', async (t) => {
    const method = (given: Mask['method'], sql: string) =>
      masksOf(sql, [{ match: 'label:pii', method: given, value: 'x', keep: 2 }])?.fields.get(0)
        ?.method
    const union = `SELECT ssn FROM customers UNION ALL SELECT '900-00-0001'`
    for (const sql of ['SELECT left(ssn, 1) FROM customers', union]) {
      for (const given of ['partial', 'hash', 'token', 'redact'] as const) {
        t.equal(method(given, sql), 'redact', `${given}: ${sql}`)
      }
      t.equal(method('null', sql), 'null')
      t.equal(method('constant', sql), 'constant')
    }
  })

  t.test('errors are quiet wherever they could quote a protected value', async (t) => {
    const quiet = (sql: string) => masksOf(sql, [partial])?.quietErrors
    t.equal(quiet('SELECT ssn FROM customers'), true)
    t.equal(quiet('SELECT id FROM orders'), false)
    t.equal(quiet(`UPDATE customers SET region = 'x' WHERE id = 1`), true)
    t.equal(quiet(`INSERT INTO orders (id) VALUES (77)`), true)
  })

  t.test('patterns are looked for whatever is selected', async (t) => {
    const masks = masksOf('SELECT notes FROM customers', [
      { match: 'pattern:ssn', method: 'redact' },
    ])
    t.same(
      masks?.patterns.map(({ pattern }) => pattern),
      ['ssn'],
    )
    t.equal(masks?.fields.size, 0)
  })

  t.test(
    'a unique or checked column is not written under a mask: success would tell',
    async (t) => {
      await lab.run(`CREATE TABLE tested (id int PRIMARY KEY, ssn text UNIQUE,
      email text CHECK (email <> 'x'), card text)`)
      const now = labelled(await lab.catalogue(), [
        { table: 'tested', column: '*', labels: ['pii'] },
      ])
      const refused = (sql: string) => 'refused' in exitMasksOf(lab.read(sql, now), [partial])
      t.ok(refused(`INSERT INTO tested (ssn) VALUES ('1')`))
      t.ok(refused(`INSERT INTO tested (email) VALUES ('1')`))
      t.ok(refused(`UPDATE tested SET ssn = '1'`))
      t.notOk(refused(`UPDATE tested SET card = '1'`))
      t.notOk(refused(`INSERT INTO tested (card) VALUES ('1') RETURNING card`))
    },
  )
})
