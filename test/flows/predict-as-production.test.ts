// What is predicted of a script on a laptop is what a gateway then records of it, sent by the real psql: the
// same messages by digest, the same decisions. And each of them can be explained from the record alone.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { run as explain } from '../../proxy/commands/policy/explain.js'
import { run as predict } from '../../proxy/commands/policy/predict.js'
import { exportedLines } from '../../proxy/recording/export-record.js'
import { missingProgram, ran } from '../clients/program.js'
import { REPOSITORY } from '../peers/gateway-config.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const skip = missingPostgres('embedded') || missingProgram('psql', ['--version'])

const SCRIPT = `-- What closes the quarter.
CREATE TABLE refunds (id int PRIMARY KEY, ssn text, -- of whom
  reason text);
INSERT INTO refunds SELECT id, '', 'late' FROM orders;
SELECT ssn FROM refunds;
/* all of them */ UPDATE orders SET status = 'x;y';
UPDATE orders SET status = $$late;$$ WHERE id = 1; SELECT count(*) FROM orders
;
\\echo between
COPY refunds FROM stdin;
7	x	lost
\\.
SET search_path = pg_catalog;
COPY (SELECT ssn FROM public.customers) TO STDOUT;
SELECT relname FROM pg_class LIMIT 1`

t.test('a script, predicted and run', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-predict-'))
  t.teardown(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const { host, port, superuser: user, password } = server
  const setUp = new pg.Client({ host, port, user, password, database: 'postgres' })
  await setUp.connect()
  await setUp.query(readFileSync(join(REPOSITORY, 'rego', 'catalogue', 'shop.sql'), 'utf8'))
  await setUp.end()
  const target = { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] }
  const gateway = await startTestGateway({ target })
  t.teardown(() => gateway.stop())
  const file = join(folder, 'script.sql')
  writeFileSync(file, SCRIPT)
  const io = (write: (text: string) => void) => ({
    stdout: { write },
    stderr: { write: () => undefined },
    env: { ...process.env, XDG_CACHE_HOME: undefined },
    cwd: join(REPOSITORY, 'rego'),
  })
  let said = ''
  const argv = [file, '--as', 'agent', '--target', 'shop', '--format', 'json']
  t.equal(
    await predict(
      argv,
      io((text) => (said += text)),
    ),
    1,
    'something is denied',
  )
  const predicted = (JSON.parse(said) as { statements: readonly Predicted[] }).statements

  const sent = await ran('psql', ['-X', '-q', '-f', file], {
    PATH: process.env['PATH'] ?? '',
    PGHOST: gateway.host,
    PGPORT: String(gateway.port),
    PGUSER: 'agent',
    PGPASSWORD: await gateway.token('agent'),
    PGDATABASE: 'shop',
  })
  const recorded: Recorded[] = []
  for await (const line of exportedLines(gateway.recordDirectory, ALL)) {
    if ('kind' in line && line.kind === 'command') recorded.push(line as unknown as Recorded)
  }

  await t.test('the same messages, by digest, in the same order', async (t) => {
    t.same(
      recorded.map(({ facts }) => facts.command.digest),
      predicted.map(({ digest }) => digest),
      sent.err,
    )
  })

  await t.test('the same decisions', async (t) => {
    t.same(
      recorded.map(({ go, decision, refusal }) =>
        go ? 'go' : (refusal?.split(': ')[0] ?? decision.rules[0]?.id),
      ),
      predicted.map(({ action, rules }) => (action === 'deny' ? rules[0] : 'go')),
    )
    t.same(
      predicted.map(({ action }) => action),
      [
        'allow',
        'allow',
        'mask-fields',
        'deny',
        'allow',
        'allow',
        'allow',
        'deny',
        'mask-fields',
        'allow',
      ],
    )
    t.match(sent.err, /update-without-where/)
  })

  await t.test('each is explained from the record, by the bundle that decided', async (t) => {
    // Some of each kind: every explanation starts OPA for each file of rules.
    for (const at of [0, 2, 3]) {
      const { seq, decision } = recorded[at] ?? NOT_RECORDED
      let text = ''
      const argv = ['--records', gateway.recordDirectory, '--seq', String(seq), '--format', 'json']
      t.equal(
        await explain(
          argv,
          io((more) => (text += more)),
        ),
        0,
      )
      const { explanation, notes } = JSON.parse(text) as Explained
      t.same(explanation.decision, decision, predicted[at]?.text ?? '')
      t.notOk('opaDiffers' in explanation)
      t.notOk(notes.some((note) => note.startsWith('recorded:')))
    }
  })
})

type Predicted = {
  readonly text: string
  readonly digest: string
  readonly action: string
  readonly rules: readonly string[]
}
type Recorded = {
  readonly seq: number
  readonly go: boolean
  readonly refusal?: string
  readonly facts: { readonly command: { readonly digest: string } }
  readonly decision: { readonly action: string; readonly rules: readonly { readonly id: string }[] }
}
type Explained = {
  readonly notes: readonly string[]
  readonly explanation: { readonly decision: object }
}

const NOT_RECORDED = { seq: -1, decision: {} }

const ALL = { fromMs: -Infinity, toMs: Infinity, session: undefined }
