// A client that is refused by a rule without a hint is told what would pass, does that, and gets its answer.
// Two commands that differ in a protected value alone are told the same.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { REPOSITORY } from '../peers/gateway-config.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const skip = missingPostgres('embedded')

const RULE = `package sallyport.policies

# METADATA
# title: People are read in small parts
# custom:
#   id: house/wide-read
#   severity: low
deny.read contains {
	"id": "house/wide-read",
	"message": "people are read in parts",
} if {
	some effect in input.command.effects
	effect.object == "public.people"
	input.command.postgres.limited < 0
}
`

t.test('hints of refusals', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const policies = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
  t.teardown(async () => {
    await server.stop()
    rmSync(policies, { recursive: true, force: true })
  })
  cpSync(join(REPOSITORY, 'rego'), policies, { recursive: true })
  writeFileSync(join(policies, 'policies', 'house.rego'), RULE)
  const { host, port, superuser: user, password } = server
  const setUp = new pg.Client({ host, port, user, password, database: 'postgres' })
  await setUp.connect()
  await setUp.query(
    "CREATE TABLE people (id int PRIMARY KEY, nickname text, ssn text); INSERT INTO people VALUES (1, 'Ada', '900-11-2222')",
  )
  await setUp.end()
  const accounts = [{ user, password }]
  const target = { name: 'shop', database: 'postgres', host, port, accounts }
  const gateway = await startTestGateway({ target, policies })
  t.teardown(() => gateway.stop())
  const client = new pg.Client({
    host: gateway.host,
    port: gateway.port,
    user: 'agent',
    password: await gateway.token('agent'),
    database: 'shop',
  })
  await client.connect()
  t.teardown(() => client.end())
  const refused = async (sql: string): Promise<unknown> =>
    client.query(sql).then(
      () => undefined,
      (problem: unknown) => problem,
    )

  await t.test('the hint is what would pass, and it does', async (t) => {
    t.match(await refused('SELECT nickname FROM people'), {
      code: '42501',
      detail: /house\/wide-read/,
      hint: /^add LIMIT 1000/,
    })
    t.match(await client.query('SELECT nickname FROM people LIMIT 1000'), { rowCount: 1 })
  })

  await t.test('a hint tells nothing of values, there or not there', async (t) => {
    const hints = []
    for (const value of ['900-11-2222', '900-11-3333']) {
      const problem = await refused(`SELECT nickname FROM people WHERE ssn = '${value}'`)
      t.match(problem, { code: '42501', hint: String })
      hints.push(problem instanceof pg.DatabaseError ? problem.hint : undefined)
    }
    t.equal(hints[0], hints[1])
    t.notMatch(hints[0], /900/)
  })
})
