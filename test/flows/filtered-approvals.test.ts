// What is held for approval and has to do with filtered rows: once approved it runs with the filter in it; what
// could not run with it is refused before anybody is asked.
import pg from 'pg'
import t from 'tap'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { approvalsWorld, pendingFor } from './approvals-world.js'

const ROWS = `relations:
  - {relation: public.notes, groups: [engineers], rows: [{column: region, op: eq, claim: region}]}
`

const options = { skip: missingPostgres('embedded'), timeout: 120_000 }
t.test('what was approved changes rows that are seen alone', options, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const { host, port, superuser: user, password } = server
  const owner = new pg.Client({ host, port, user, password, database: 'postgres' })
  await owner.connect()
  t.teardown(() => owner.end())
  await owner.query(`CREATE TABLE notes (id int PRIMARY KEY, region text);
    INSERT INTO notes SELECT n, (ARRAY['eu', 'us'])[1 + n % 2] FROM generate_series(1, 9) AS n`)
  const world = await approvalsWorld(t, server, {
    files: { 'data/filters/data.yaml': ROWS },
    options: { claims: ['region'] },
  })
  const ada = await world.person('ada', ['engineers'], { region: 'eu' })
  const grace = await world.person('grace', ['approvers'])
  const client = ada.client()
  await client.connect()
  t.teardown(() => client.end())
  const { rows } = await client.query('SELECT count(*)::int AS n FROM notes')
  t.same(rows, [{ n: 4 }])

  const deleted = client.query('DELETE FROM notes WHERE id > 5')
  t.match(await grace.typed('approve', await pendingFor(grace)), { code: 0 })
  t.equal((await deleted).rowCount, 2)
  const left = await owner.query<{ id: number }>('SELECT id FROM notes ORDER BY id')
  t.same(
    left.rows.map(({ id }) => id),
    [1, 2, 3, 4, 5, 7, 9],
  )

  await t.rejects(client.query('DROP TABLE notes'), { code: '42501', detail: /sallyport\/rows/ })
  t.match(world.approvalLines(), { length: 3 }, 'nobody was asked about what could not run')

  const nobody = await world.person('eve', ['engineers'])
  const stranger = nobody.client()
  await stranger.connect()
  t.teardown(() => stranger.end())
  const none = await stranger.query('SELECT count(*)::int AS n FROM notes')
  t.same(none.rows, [{ n: 0 }], 'without the claim there are no rows')
})
