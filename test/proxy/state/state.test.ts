// One set of tables on both stores: what is written is there after reopening, numbers come back as numbers,
// and what goes wrong is one error that names no secret.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { sql } from 'kysely'
import t from 'tap'
import { GatewayError } from '../../../proxy/errors.js'
import { silentLog } from '../../../proxy/log.js'
import { openState } from '../../../proxy/state/state.js'
import { stores } from '../approvals/world.js'

const found = await stores(t)
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const row = {
  id: 'a',
  gateway: 'g',
  status: 'pending',
  session: 's',
  command: 3,
  digest: 'd',
  requester: 'r',
  quorum: 1,
  request: '{}',
  created_ms: 1_795_521_371_261,
  expires_ms: 1_795_521_371_262,
} as const

for (const store of found) {
  t.test(`the state store on ${store.kind}`, async (t) => {
    const options = await store.fresh()

    t.test('opens twice at once, keeps what was written, gives numbers back', async (t) => {
      const one = await openState(options, silentLog)
      const two = await openState(options, silentLog)
      t.equal(await one.usable(), true)
      await one.db.insertInto('sallyport_approvals').values(row).execute()
      const [read] = await two.db.selectFrom('sallyport_approvals').selectAll().execute()
      const unset = { settled_ms: null, settled_by: null, reason: null }
      t.same(read, { ...row, ...unset, escalate_ms: null, escalated_ms: null })
      await one.close()
      await two.close()
      t.equal(await one.usable(), false)
      const again = await openState(options, silentLog)
      const rows = await again.db.selectFrom('sallyport_approvals').select('id').execute()
      t.same(rows, [{ id: 'a' }])
      await again.close()
    })

    t.test('a change is rolled back as a whole', async (t) => {
      const state = await openState(options, silentLog)
      const work = state.db.transaction().execute(async (step) => {
        await step.deleteFrom('sallyport_approvals').execute()
        await soon(20)
        throw new Error('no')
      })
      await t.rejects(work)
      t.equal((await state.db.selectFrom('sallyport_approvals').select('id').execute()).length, 1)
      await state.close()
    })

    t.test('a word reaches whoever listens', async (t) => {
      const state = await openState(options, silentLog)
      const heard: string[] = []
      const stop = state.onAnnounced((id) => heard.push(id))
      await state.announce('k7qf')
      while (heard.length === 0) await soon(5)
      stop()
      await state.announce('other')
      await soon(50)
      t.same(heard, ['k7qf'])
      await state.close()
    })

    t.test('a store that a newer version changed is not touched', async (t) => {
      const other = await store.fresh()
      const state = await openState(other, silentLog)
      const newer = `insert into sallyport_migrations (name, timestamp) values ('999-later', '2030')`
      await sql.raw(newer).execute(state.db)
      await state.close()
      await t.rejects(openState(other, silentLog), { code: 'state_failed' })
    })
  })
}

t.test('a SQLite file is its owner’s alone, synced at each commit', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-state-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'below', 'state.sqlite')
  const state = await openState({ kind: 'sqlite', file }, silentLog)
  for (const name of ['', '-wal', '-shm']) t.equal(statSync(file + name).mode & 0o777, 0o600, name)
  t.equal(statSync(join(directory, 'below')).mode & 0o777, 0o700)
  t.match((await sql.raw('pragma synchronous').execute(state.db)).rows, [{ synchronous: 2 }])
  t.match((await sql.raw('pragma journal_mode').execute(state.db)).rows, [{ journal_mode: 'wal' }])
  await state.close()
  const text = join(directory, 'text')
  writeFileSync(text, 'this is no database, and it is longer than a header would be '.repeat(20))
  for (const path of [text, '/dev/null/x', directory]) {
    await t.rejects(openState({ kind: 'sqlite', file: path }, silentLog), { code: 'state_failed' })
  }
})

t.test('PostgreSQL', { skip: found.length < 2 }, async (t) => {
  const options = await found[1]?.fresh()
  if (options?.kind !== 'postgres') return

  t.test('an error names no password', async (t) => {
    const url = options.url.replace('scratch-password', 'hunter2-secret')
    try {
      await openState({ kind: 'postgres', url }, silentLog)
      t.fail('opened')
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      t.equal(error.code, 'state_failed')
      t.notMatch(`${error.message} ${String(error.cause)} ${error.stack ?? ''}`, /hunter2/)
    }
    await t.rejects(openState({ kind: 'postgres', url: 'postgres://127.0.0.1:1/x' }, silentLog), {
      code: 'state_failed',
    })
  })

  t.test('connections that end are made anew, and words are heard again', async (t) => {
    const state = await openState(options, silentLog)
    const heard: string[] = []
    state.onAnnounced((id) => heard.push(id))
    const client = new pg.Client(options.url)
    await client.connect()
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'sallyport-state' and datname = current_database()`,
    )
    await client.end()
    while (!(await state.usable())) await soon(20)
    while (heard.length === 0) {
      await state.announce('again')
      await soon(100)
    }
    t.equal(heard[0], 'again')
    await state.close()
  })
})
