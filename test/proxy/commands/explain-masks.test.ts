// `sallyport explain-masks`, from arguments to output and exit status, on the shipped policies.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../../../proxy/commands/explain-masks.js'
import { missingPostgres } from '../../peers/postgres.js'
import { LIBRARY } from '../../rego/library.js'

const FILTERS = `relations:
  - relation: public.orders
    kinds: [agent]
    rows: [{any: [{column: status, op: eq, value: open}, {column: total, op: lt, value: 100}]}]
`

async function explained(sql: string, ...argv: string[]) {
  return explainedIn(LIBRARY, sql, ...argv)
}

async function explainedIn(cwd: string, sql: string, ...argv: string[]) {
  let stdout = ''
  const status = await run([sql, '--as', 'agent', '--target', 'shop', ...argv], {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: () => undefined },
    env: process.env,
    cwd,
  })
  return { status, stdout }
}

t.test('where protected values go', { skip: missingPostgres('embedded') }, async (t) => {
  await t.test('a copy is masked as it leaves, and the text stays', async (t) => {
    const { status, stdout } = await explained('SELECT name, ssn FROM customers')
    t.equal(status, 0)
    t.match(stdout, 'runs as it is written; protected fields are masked as they leave')
    t.match(stdout, '  public.customers.ssn [pii, pii.ssn]: redact\n  └─ result column 2\n')
    t.notMatch(stdout, 'sent:')
  })

  await t.test(
    'what is compared or computed is sent in other words, which are shown',
    async (t) => {
      const { status, stdout } = await explained(
        "SELECT upper(ssn) FROM customers WHERE email LIKE 'a%' AND card_number IS NOT NULL",
      )
      t.equal(status, 0)
      t.match(stdout, 'so that the target computes on masked values')
      t.match(stdout, '└─ function:upper → result column 1')
      t.match(stdout, '└─ operator:~~ → WHERE, HAVING or another comparison')
      t.match(stdout, '(whether it is NULL, no more)')
      t.match(stdout, `  sent: SELECT upper(ssn) FROM (SELECT "customers"."id"`)
    },
  )

  await t.test('what is refused says why, and why no other words were found', async (t) => {
    const { status, stdout } = await explained("UPDATE customers SET name = 'x' WHERE ssn = '1'")
    t.equal(status, 1)
    t.match(stdout, '  refused\n')
    t.match(stdout, 'customers.ssn is used in WHERE or another comparison')
    t.match(stdout, 'not put into other words: not a single query')
  })

  await t.test('who may see everything is told so', async (t) => {
    const { status, stdout } = await explained('SELECT ssn FROM customers', '--as', 'reader')
    t.equal(status, 0)
    t.match(stdout, 'nothing in it is masked for this identity')
    t.match(stdout, '[pii, pii.ssn]: in the clear')
    const none = await explained('SELECT region FROM customers')
    t.match(none.stdout, 'no protected column is used')
  })

  await t.test('each method says what it keeps, and where hashes are made', async (t) => {
    const policies = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
    t.teardown(() => rmSync(policies, { recursive: true, force: true }))
    cpSync(LIBRARY, policies, { recursive: true })
    writeFileSync(
      join(policies, 'data/masks/data.yaml'),
      `default: { method: redact }
by_label:
  - { label: pii.ssn, mask: { method: hash } }
  - { label: pii.email, mask: { method: partial, keep: 4, tier: output } }
`,
    )
    const open = await explainedIn(policies, `SELECT email FROM customers WHERE email = 'a'`)
    t.match(open.stdout, '[pii, pii.email]: partial (last 4), compared as stored\n')
    t.match(open.stdout, 'runs as it is written; protected fields are masked as they leave')
    const exit = await explainedIn(policies, `SELECT id FROM customers WHERE ssn = 'a'`)
    t.match(exit.stdout, 'the target has no key for hash: see keyed_masks')
    const settings = join(policies, 'sallyport-policy.yaml')
    const shop = '  shop: {labels: {env: prod},'
    writeFileSync(
      settings,
      readFileSync(settings, 'utf8').replace(shop, `${shop} keyed_masks: source,`),
    )
    const source = await explainedIn(policies, `SELECT id FROM customers WHERE ssn = 'a'`)
    t.match(source.stdout, 'so that the target computes on masked values')
    t.match(source.stdout, 'pg_catalog.sha256(')
  })

  await t.test('as JSON it is one tree for each statement', async (t) => {
    const { stdout } = await explained('SELECT ssn FROM customers', '--format', 'json')
    t.match(JSON.parse(stdout), [
      {
        answered: 'as_written',
        columns: [{ column: 'public.customers.ssn', mask: 'redact', goes: [{ output: 1 }] }],
      },
    ])
  })

  await t.test('which rows are seen is told, and how the command is held to them', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-explain-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    cpSync(LIBRARY, folder, { recursive: true })
    writeFileSync(join(folder, 'data/filters/data.yaml'), FILTERS)
    const seen = await explained('SELECT id FROM orders', '--policies', folder)
    t.equal(seen.status, 0)
    t.match(seen.stdout, 'reads rows that may be seen alone')
    t.match(seen.stdout, 'rows of public.orders that are seen: (status eq "open" or total lt 100)')
    t.match(seen.stdout, `sent: SELECT id FROM (SELECT "orders"."id"`)
    const left = await explained('SELECT ctid FROM orders', '--policies', folder)
    t.equal(left.status, 1)
    t.match(left.stdout, 'cannot be held to those you may see (rewriting leaves a system column')
    const other = await explained('SELECT 1', '--policies', folder)
    t.match(other.stdout, 'runs as it is written')
    t.notMatch(other.stdout, 'rows of')
  })

  await t.test('no text of a command reaches the terminal as more than text', async (t) => {
    const { stdout } = await explained('SELECT ssn AS "\u001b[31mred" FROM customers')
    t.notMatch(stdout, '\u001b')
  })

  await t.test('wrong usage says what is missing', async (t) => {
    t.rejects(explained('SELECT FROM WHERE'), { code: 'usage', message: /at character/ })
    const io = { stdout: { write: () => 0 }, stderr: { write: () => 0 }, env: {}, cwd: LIBRARY }
    await t.rejects(run(['SELECT 1'], io), { code: 'usage', message: /--as NAME --target NAME/ })
    await t.rejects(run(['--as', 'agent', '--target', 'shop'], io), { message: /one text of SQL/ })
  })
})
