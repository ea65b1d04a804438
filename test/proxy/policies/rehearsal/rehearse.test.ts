// A command rehearsed without a gateway is decided as a gateway would: names from DDL that a real
// PostgreSQL has read, the shipped policies, the gateway's own judge.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Facts } from '../../../../engine/schemas/facts.js'
import { commandDigest } from '../../../../proxy/guard-judgement.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { ddlCatalogue, withLabels } from '../../../../proxy/policies/rehearsal/catalogue.js'
import { createRehearsing, type Rehearsal } from '../../../../proxy/policies/rehearsal/rehearse.js'
import { situationOf, type SituationWords } from '../../../../proxy/policies/rehearsal/situation.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { LIBRARY, libraryPolicy } from '../../../rego/library.js'

const DDL = `
CREATE TABLE customers (id int PRIMARY KEY, name text, email text, ssn text, card_number text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, total numeric);
CREATE VIEW contacts AS SELECT id, upper(email) AS mail FROM customers;
`

t.test('rehearsed commands', { skip: missingPostgres('embedded') }, async (t) => {
  const cache = mkdtempSync(join(tmpdir(), 'sallyport-cache-'))
  t.teardown(() => rmSync(cache, { recursive: true, force: true }))
  const started: string[] = []
  const names = (text: string): ReturnType<typeof ddlCatalogue> =>
    ddlCatalogue({
      ddl: [{ file: 'shop.sql', text }],
      database: 'shop',
      cache,
      progress: (what) => started.push(what),
    })
  const policy = await libraryPolicy()
  const { settings } = await policyFolder(LIBRARY)
  const rehearsing = await createRehearsing()
  const catalogue = await withLabels(await names(DDL), policy.labels)
  const asked = (
    sql: string,
    as = 'agent',
    more: Partial<SituationWords> = {},
  ): Promise<Rehearsal> =>
    rehearsing.run(sql, catalogue, situationOf(settings, { as, target: 'shop', ...more }), policy)

  await t.test('all four decisions, masks at the exit and at the source', async (t) => {
    for (const [sql, action, rule] of [
      ['SELECT count(*) FROM orders', 'mask-fields', 'protected/personal-data'],
      ['SELECT name, ssn FROM customers', 'mask-fields', 'protected/personal-data'],
      ['UPDATE orders SET total = 0', 'deny', 'destructive/update-without-where'],
      ['DROP TABLE orders', 'require-approval', 'destructive/drop'],
      ['SELECT pg_read_file($$/etc/passwd$$)', 'deny', undefined],
      ['SELECT * FROM nowhere', 'deny', undefined],
    ] as const) {
      const found = await asked(sql)
      t.equal(found.action, action, sql)
      if (rule !== undefined) t.equal(found.statements[0]?.decision.rules[0]?.id, rule, sql)
    }
    const [masked] = (await asked('SELECT name, ssn FROM customers')).statements
    t.same([...(masked?.masks?.fields.keys() ?? [])], [1])
    const [compared] = (await asked("SELECT id FROM customers WHERE ssn = '1'")).statements
    t.equal(compared?.action, 'mask-fields')
    t.match(compared?.rewritten, /SELECT/)
    const [view] = (await asked('SELECT mail FROM contacts')).statements
    t.match(view?.rewritten, /"contacts"/, 'labels follow into a view')
    t.equal((await asked('SELECT ssn FROM customers', 'reader')).action, 'allow')
  })

  await t.test('the digest is the one that an approval would be bound to', async (t) => {
    const sql = 'DROP TABLE orders'
    const [one] = (await asked(sql)).statements
    t.equal(one?.facts.command?.digest, commandDigest(sql, undefined))
  })

  await t.test('several statements are judged together, the worst stands for all', async (t) => {
    const found = await asked('SELECT 1; DELETE FROM orders; SELECT 2')
    t.equal(found.statements.length, 3)
    t.same(
      found.statements.map((one) => one.text),
      ['SELECT 1', 'DELETE FROM orders', 'SELECT 2'],
    )
    t.equal(found.action, 'require-approval')
  })

  await t.test('counters, grants and time are those of the situation', async (t) => {
    const counters = { commands_last_minute: 1000 }
    const [fast] = (await asked('SELECT 1', 'agent', { counters })).statements
    t.equal(fast?.facts.session.counters.commands_last_minute, 1000)
    t.equal(fast?.decision.rules[0]?.id, 'limits/too-fast')
    const grants: Facts['grants'] = [{ id: 'a', scope: 'command', approvers: ['x'] }]
    t.equal((await asked('DROP TABLE orders', 'agent', { grants })).action, 'mask-fields')
    const atMs = Date.UTC(2026, 5, 7, 3, 30)
    const [late] = (await asked('SELECT 1', 'agent', { atMs })).statements
    t.match(late?.facts.time, { utc: '2026-06-07T03:30:00Z', weekday: 'sunday', hour: 3 })
  })

  await t.test(
    'DDL is read once, and what PostgreSQL refuses is told with its place',
    async (t) => {
      const before = started.length
      await names(DDL)
      t.equal(started.length, before)
      await t.rejects(names('CREATE TABLE a (id int);\nCREATE TABLE b (id nothing);'), {
        code: 'usage',
        message: /shop\.sql:2:20: type "nothing" does not exist/,
      })
      t.equal(readdirSync(join(cache, 'catalogues')).length, 1)
    },
  )

  t.throws(() => situationOf(settings, { as: 'nobody', target: 'shop' }), {
    code: 'usage',
    message: /no identity nobody: known are engineer, reader, agent, pipeline/,
  })
})
