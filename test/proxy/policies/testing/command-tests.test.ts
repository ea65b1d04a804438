// Command tests meet what a client would meet, and a case that fails says what was expected, what came and
// what the command does.
import t from 'tap'
import { catalogueFor } from '../../../../proxy/commands/policy/toolbox.js'
import { GatewayError } from '../../../../proxy/errors.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { commandTests } from '../../../../proxy/policies/testing/command-tests.js'
import type { Outcome } from '../../../../proxy/policies/testing/outcome.js'
import { tableOf } from '../../../../proxy/policies/testing/read-command-tests.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { LIBRARY, libraryPolicy } from '../../../rego/library.js'

const silent = { write: () => true }
const io = { stdout: silent, stderr: silent, env: process.env, cwd: process.cwd() }

t.test(
  'command tests of the shipped policies',
  { skip: missingPostgres('embedded') },
  async (t) => {
    const folder = await policyFolder(LIBRARY)
    const policy = await libraryPolicy()
    const catalogue = catalogueFor(folder, 'shop', policy, io)
    const outcomesOf = async (cases: string, only?: RegExp): Promise<readonly Outcome[]> => {
      const text = `target: shop\nas: agent\ncases:\n${cases}`
      const tables = tableOf(text, 'tests/a.commands.yaml', folder.settings)
      t.same(tables.problems, [])
      const { settings } = folder
      const run = await commandTests({ tables, settings, policy, catalogue: () => catalogue, only })
      return run.outcomes
    }
    const detailsOf = async (one: string): Promise<string> =>
      (await outcomesOf(one)).flatMap(({ details }) => details).join('\n')

    await t.test(
      'a case that fails says what was expected, what came, and the facts',
      async (t) => {
        const [failed] = await outcomesOf(
          '  - name: everything may go\n    sql: DELETE FROM orders\n    action: mask-fields\n' +
            '    rules: [small/x]\n    masked: [customers.ssn]\n    approvers: [lawyers]\n',
        )
        t.match(failed, { verdict: 'failed', line: 4, name: 'everything may go' })
        const text = failed?.details.join('\n') ?? ''
        for (const line of [
          'expected  action mask-fields\ncame      action require-approval',
          'expected  rules small/x\ncame      rules destructive/wide-delete, protected/personal-data',
          'expected  masked customers.ssn\ncame      masked (none)',
          'expected  approvers lawyers\ncame      approvers approvers',
          'said      destructive/wide-delete: DELETE from public.orders does not name its rows',
          'command   DELETE FROM orders',
          'who      agent (agent; groups agents)',
          'where    shop (env=prod), 2026-01-05T12:00:00Z',
          'effect   delete table public.orders; where absent',
        ]) {
          t.ok(text.includes(line), line)
        }
        t.match(failed?.summary, /expected action mask-fields; came action require-approval/)
      },
    )

    await t.test('a condition on personal data is answered on masked values', async (t) => {
      const [one] = await outcomesOf(
        "  - name: a\n    sql: SELECT id FROM customers WHERE ssn = '1'\n    action: mask-fields\n" +
          '    masked: [public.customers.ssn]\n',
      )
      t.same(one?.details, [])
    })

    await t.test('several statements are held against a list, or together', async (t) => {
      const three = 'SELECT 1; DELETE FROM orders; SELECT ssn FROM customers'
      const whole = `  - name: a\n    sql: ${three}\n    action: require-approval\n    masked: [customers.ssn]\n`
      t.equal(await detailsOf(whole), '')
      const each = (second: string): string =>
        `  - name: a\n    sql: ${three}\n    statements:\n      - action: mask-fields\n` +
        `      - action: ${second}\n      - {action: mask-fields, masked: [customers.ssn]}\n`
      t.equal(await detailsOf(each('require-approval')), '')
      t.match(await detailsOf(each('deny')), /^statement 2\nexpected {2}action deny\n/)
      t.match(
        await detailsOf('  - name: a\n    sql: SELECT 1\n    statements: [{}, {}]\n'),
        /expected {2}2 statements\ncame {6}1: SELECT 1/,
      )
    })

    await t.test('situations are those that the case names', async (t) => {
      const cases = `
  - {name: groups, as: engineer, groups: [pii-readers], sql: SELECT ssn FROM customers, action: allow}
  - {name: speed, sql: SELECT 1, counters: {commands_last_minute: 1000}, rules: [limits/too-fast]}
  - {name: grant, sql: DROP TABLE orders, grants: [{scope: command}], action: mask-fields}
  - {name: degraded, sql: DROP TABLE orders, degraded: true, action: deny}
  - {name: extended, sql: SELECT 1 FROM customers WHERE ssn = $1, message: extended, action: mask-fields,
     masked: [customers.ssn]}
`
      t.same(
        (await outcomesOf(cases)).map(({ name, details }) => [name, details]),
        ['groups', 'speed', 'grant', 'degraded', 'extended'].map((name) => [name, []]),
      )
    })

    await t.test('a text that PostgreSQL does not parse fails its case', async (t) => {
      const text = await detailsOf('  - name: a\n    sql: DELETE FORM orders\n    action: deny\n')
      t.match(text, /syntax error/)
    })

    await t.test('only those asked for are run', async (t) => {
      const two =
        '  - {name: one, sql: SELECT 1, action: deny}\n  - {name: two, sql: SELECT 1, action: deny}\n'
      t.same(
        (await outcomesOf(two, /two$/)).map(({ name }) => name),
        ['two'],
      )
    })
  },
)

t.test('a table that cannot be read is a failure of its own', async (t) => {
  const folder = await policyFolder(LIBRARY)
  const tables = tableOf('cases: 1\n', 'tests/a.commands.yaml', folder.settings)
  const policy = await libraryPolicy()
  const { outcomes } = await commandTests({
    tables,
    settings: folder.settings,
    policy,
    catalogue: () => Promise.reject(new Error('not asked for')),
    only: undefined,
  })
  t.match(outcomes, [{ verdict: 'failed', line: 1, details: [/cases \(1:8\): found/] }])
})

t.test('DDL that cannot be read fails the cases that need it', async (t) => {
  const folder = await policyFolder(LIBRARY)
  const text =
    'target: shop\nas: agent\ncases:\n  - {name: a, sql: SELECT 1, action: allow}\n  - {name: b, sql: SELECT 1, action: allow}\n'
  const { outcomes } = await commandTests({
    tables: tableOf(text, 'tests/a.commands.yaml', folder.settings),
    settings: folder.settings,
    policy: await libraryPolicy(),
    catalogue: () => Promise.reject(new GatewayError('usage', 'shop.sql:3:1: syntax error')),
    only: undefined,
  })
  t.match(outcomes, [
    { verdict: 'failed', details: [/names of target shop cannot be read: shop\.sql:3:1/] },
    { verdict: 'failed', line: 5 },
  ])
})
