// A script is predicted in order: what a statement defines is there for the next, also within transactions
// and after it was undone, and nothing of the script runs that does more than define names.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { predicted, type Prediction } from '../../../../proxy/policies/predict/predict.js'
import {
  predictionFindings,
  predictionMarkdown,
  predictionText,
} from '../../../../proxy/policies/predict/prediction-text.js'
import { ddlCatalogue, withLabels } from '../../../../proxy/policies/rehearsal/catalogue.js'
import { situationOf } from '../../../../proxy/policies/rehearsal/situation.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { LIBRARY, libraryPolicy } from '../../../rego/library.js'

t.test('predictions', { skip: missingPostgres('embedded') }, async (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'sallyport-predict-'))
  t.teardown(() => rmSync(cache, { recursive: true, force: true }))
  const text = readFileSync(join(LIBRARY, 'catalogue', 'shop.sql'), 'utf8')
  const ddl = [{ file: 'shop.sql', text }]
  const names = await ddlCatalogue({ ddl, database: 'shop', cache })
  const policy = await libraryPolicy()
  const catalogue = await withLabels(names, policy.labels)
  const { settings } = await policyFolder(LIBRARY)
  const started: string[] = []
  const of = (script: string, as = 'engineer', whole = false): Promise<Prediction> =>
    predicted({
      script,
      policy,
      catalogue,
      ddl,
      situation: situationOf(settings, { as, target: 'shop' }),
      around: {},
      whole,
      progress: (what) => started.push(what),
    })
  const actions = ({ statements }: Prediction): readonly string[] =>
    statements.map(({ action }) => action)

  await t.test('a script without definitions needs no server', async (t) => {
    const found = await of('BEGIN; SELECT 1; UPDATE orders SET total = 0; COMMIT;')
    t.same(actions(found), ['allow', 'allow', 'deny', 'allow'])
    t.match(found.statements[2]?.wouldPass[0], {
      sql: 'UPDATE orders SET total = 0 WHERE id = $1',
    })
    t.same(started, [])
  })

  await t.test('names are those that the statements before made, and unmade', async (t) => {
    const found = await of(`
      SELECT ssn FROM later;
      BEGIN;
      CREATE TABLE later (id int PRIMARY KEY, ssn text);
      SELECT ssn FROM later;
      CREATE TABLE orders (id int);
      SAVEPOINT one;
      CREATE SCHEMA apart;
      CREATE TABLE apart.things (id int);
      SET search_path = apart;
      SELECT * FROM things;
      ROLLBACK;
      SELECT ssn FROM later;
      SELECT * FROM things;`)
    t.same(actions(found), [
      'deny',
      'allow',
      'allow',
      'mask-fields',
      'allow',
      'allow',
      'allow',
      'allow',
      'allow',
      'allow',
      'allow',
      'deny',
      'deny',
    ])
    t.match(found.statements[4]?.notes, [/refused it.*already exists/])
  })

  await t.test('whose approval a script needs is told once', async (t) => {
    const found = await of('TRUNCATE employees; ALTER TABLE orders ADD COLUMN at date;')
    t.same(actions(found), ['require-approval', 'require-approval'])
    t.same(found.approvers, ['approvers'])
    t.match(predictionText(found, ABOUT), /2 statements: .*2 held for approvers/)
  })

  await t.test('what does more than define is not run to predict it', async (t) => {
    const found = await of(`
      CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1000); RETURN 1; END $$;
      CREATE TABLE copied AS SELECT f() AS a;
      DO $$ BEGIN PERFORM pg_sleep(1000); END $$;
      SELECT a FROM copied;
      CREATE TABLE endless AS SELECT * FROM generate_series(1, 1000000000000) AS a;
      SELECT 1;`)
    t.match(found.statements[1]?.notes, [/not known here/])
    t.match(found.statements[2]?.notes, [/not known here/])
    t.equal(found.statements[3]?.action, 'deny')
    t.match(found.statements[4]?.notes, [/statement timeout/])
  })

  await t.test('a file sent as one message is judged as one', async (t) => {
    const found = await of('CREATE TABLE later (id int);\nSELECT id FROM later;', 'agent', true)
    t.same(actions(found), ['allow', 'allow'])
    t.equal(found.statements[0]?.digest, found.statements[1]?.digest)
    t.equal(found.statements[1]?.line, 2)
  })

  await t.test('what is no SQL is told with its line, and the rest is read', async (t) => {
    const found = await of('SELECT 1;\nSELEKT 2;\nSELECT 3;')
    t.match(found.syntaxErrors, [{ line: 2, column: 1, what: /syntax error/ }])
    t.same(actions(found), ['allow', 'deny', 'allow'])
  })

  await t.test(
    'findings and Markdown carry lines, and no statement becomes Markdown',
    async (t) => {
      const found = await of(
        "SELECT 1;\nUPDATE orders SET status = '`|<b>';\nDROP TABLE employees;",
      )
      t.match(predictionFindings(found, 'm.sql'), [
        { rule: 'destructive/update-without-where', severity: 'error', file: 'm.sql', line: 2 },
        { rule: 'destructive/drop', severity: 'warning', line: 3, fix: /one of approvers/ },
      ])
      const markdown = predictionMarkdown(found, ABOUT)
      t.match(markdown, /\| 2 \| deny \| `UPDATE orders SET status = 'ˋ\\\|<b>'` \|/)
    },
  )
})

const ABOUT = { file: 'm.sql', identity: 'engineer', target: 'shop' }
