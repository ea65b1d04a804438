// Labels follow the data: whatever holds the values of a labelled column is labelled as it is.
import t from 'tap'
import type { Catalogue } from '../../../../engine/facts/postgres/catalogue.js'
import { labelled } from '../../../../engine/facts/postgres/labels.js'
import type { LabelRule } from '../../../../engine/policy/policy.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { startLineageLab } from './lineage-lab.js'

const MORE = `
CREATE TABLE vault (id int, secret text, secret_upper text GENERATED ALWAYS AS (upper(secret)) STORED,
  plain text);
CREATE VIEW copies AS SELECT secret AS s, plain AS p, id FROM vault;
CREATE VIEW copies_of_copies AS SELECT s || 'x' AS t, p FROM copies;
CREATE MATERIALIZED VIEW kept AS SELECT t, p, 1 AS one FROM copies_of_copies;
CREATE VIEW of_kept AS SELECT t AS u, one FROM kept;
CREATE VIEW counted AS SELECT count(secret) AS n, secret IS NULL AS missing FROM vault GROUP BY 2;
CREATE FUNCTION reveal(i int) RETURNS text LANGUAGE sql STABLE
  AS 'SELECT secret FROM public.vault WHERE id = i';
CREATE MATERIALIZED VIEW by_function AS SELECT reveal(id) AS r, plain FROM vault;
CREATE TABLE child (more text) INHERITS (vault);
CREATE TABLE grandparent (plain text);
CREATE TABLE "od.d" ("se*cret" text);
CREATE TEMP TABLE scratch (secret text, other text);
`

t.test('labels', { skip: missingPostgres('embedded') }, async (t) => {
  const lab = await startLineageLab('embedded')
  t.teardown(lab.stop)
  await lab.run(MORE)
  const catalogue = await lab.catalogue()
  const by = (...rules: LabelRule[]): Catalogue => labelled(catalogue, rules)
  const secret = by({ table: 'vault', column: 'secret', labels: ['pii'] })

  t.test('a rule names a column by its parts, any part may be left out or hold *', async (t) => {
    const labels = (rule: Omit<LabelRule, 'labels'>) =>
      Object.keys(labelsOf(by({ ...rule, labels: ['x'] }))).filter((name) =>
        /vault|od\.d/.test(name),
      )
    t.ok(labels({ column: 'secret' }).includes('public.vault.secret'))
    t.ok(
      labels({ schema: 'public', table: 'va*t', column: 's*r*t' }).includes('public.vault.secret'),
    )
    t.notOk(labels({ schema: 'other', column: 'secret' }).includes('public.vault.secret'))
    t.notOk(labels({ database: 'elsewhere', column: 'secret' }).includes('public.vault.secret'))
    t.notOk(labels({ table: 'vault', column: 'sec' }).includes('public.vault.secret'))
    t.same(labels({ table: 'od.d', column: 'se*cret' }), ['public.od.d.se*cret'])
    t.notOk(labels({ column: 'secr*cret' }).includes('public.vault.secret'), 'no part counts twice')
  })

  t.test('views, views of views and stored views are labelled by what they select', async (t) => {
    t.same(labelsOf(secret), {
      'public.vault.secret': ['pii'],
      'public.vault.secret_upper': ['pii'],
      'public.copies.s': ['pii'],
      'public.copies_of_copies.t': ['pii'],
      'public.kept.t': ['pii'],
      'public.of_kept.u': ['pii'],
      'public.by_function.r': ['pii'],
      'public.by_function.plain': ['pii'],
      'public.child.secret': ['pii'],
      'public.child.secret_upper': ['pii'],
    })
  })

  t.test('children and parents share the labels of a column of one name', async (t) => {
    const down = labelsOf(by({ table: 'vault', column: 'plain', labels: ['a'] }))
    t.same(down['public.child.plain'], ['a'])
    const up = labelsOf(by({ table: 'child', column: 'plain', labels: ['b'] }))
    t.same(up['public.vault.plain'], ['b'])
    t.same(up['public.copies.p'], ['b'], 'and on to what reads the parent')
    t.notOk(up['public.grandparent.plain'])
  })

  t.test('a column says whose values it holds, and whether as they are', async (t) => {
    const column = (table: string, name: string) =>
      secret.relation('public', table)?.columns.find((one) => one.name === name)?.derived
    const held = (table: string, name: string) =>
      column(table, name)?.find(({ from }) => from === 'public.vault.secret')
    t.equal(held('copies', 's')?.copy, true)
    t.equal(held('kept', 't')?.copy, false)
    t.equal(held('vault', 'secret_upper')?.copy, false)
  })

  t.test('temporary tables of the session are labelled too', async (t) => {
    const all = labelsOf(by({ column: 'secret', labels: ['pii'] }))
    const name = Object.keys(all).find((one) => /^pg_temp_\d+\.scratch\.secret$/.test(one))
    t.ok(name)
  })

  t.test('where that is wanted, columns without a label get one that says so', async (t) => {
    const marked = labelsOf(
      labelled(
        catalogue,
        [
          { table: 'vault', column: 'secret', labels: ['pii'] },
          { table: 'vault', column: 'plain', labels: ['public'] },
          { table: 'grandparent', column: 'plain', labels: [] },
        ],
        undefined,
        [
          {
            oid: 0,
            attnum: 1,
            schema: 'public',
            relation: 'od.d',
            column: 'x',
            labels: ['followed'],
            bound: false,
          },
        ],
        true,
      ),
    )
    t.same(marked['public.vault.secret'], ['pii'])
    t.same(marked['public.vault.plain'], ['public'], 'any label will do')
    t.notOk(marked['public.grandparent.plain'], 'and so will the word that there is none')
    t.same(marked['public.od.d.se*cret'], ['followed'])
    t.same(marked['public.child.secret'], ['pii'], 'what is inherited counts')
    t.same(marked['public.child.plain'], ['public'])
    t.same(marked['public.child.more'], ['unlabelled'])
    t.same(marked['public.copies.p'], ['public'], 'views hold what they read')
    const temporary = Object.keys(marked).filter((name) => name.startsWith('pg_temp'))
    t.same(temporary, [], 'temporary tables hold what their session put there')
    const bare = labelsOf(labelled(catalogue, [], undefined, [], true))
    t.same(bare['public.vault.secret'], ['unlabelled'])
    t.same(bare['public.copies.s'], ['unlabelled'])
    t.same(bare['public.kept.t'], ['unlabelled'])
    const all = labelled(catalogue, [{ column: '*', labels: [] }], undefined, [], true)
    t.same(labelsOf(all), {})
    t.ok((all.userRelations ?? []).every(({ columns }) => columns.every((one) => !one.derived)))
  })

  t.test('new rules replace the old labels', async (t) => {
    t.same(labelsOf(labelled(secret, [])), {})
  })
})

function labelsOf(catalogue: Catalogue): Record<string, readonly string[]> {
  const all = (catalogue.userRelations ?? []).flatMap(({ schema, name, columns }) =>
    columns.map((column) => [`${schema}.${name}.${column.name}`, column.labels] as const),
  )
  return Object.fromEntries(all.filter(([, labels]) => labels.length > 0))
}
