// Every way in which an approval can end, of a command or of a session: what the client gets, what the record
// says, and that nothing ran unless it was approved, and then once.
import pg from 'pg'
import type { Test } from 'tap'
import { startPostgres } from '../peers/postgres.js'
import { approvalsWorld, pendingFor, until } from './approvals-world.js'
import { begun, cancelled, changed, recorded, STORY, story } from './approval-stories.js'
import type { Expected, Held, Kind } from './approval-stories.js'

export async function approvalMatrix(t: Test, kind: Kind): Promise<void> {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const admin = new pg.Client({
    host: server.host,
    port: server.port,
    user: server.superuser,
    password: server.password,
    database: 'postgres',
  })
  await admin.connect()
  t.teardown(() => admin.end())
  admin.on('error', () => undefined)
  await admin.query('create table ran (who text)')
  const state = async (name: string) => {
    await admin.query(`create database ${name}`)
    const { host, port, superuser, password } = server
    process.env[name] = `postgres://${superuser}:${password}@${host}:${port}/${name}`
    return name
  }
  let made = 0

  const labels = { env: 'prod', ...(kind === 'session' ? { access: 'story' } : {}) }
  const url = await state(`state_${kind}`)
  const world = await approvalsWorld(t, server, {
    labels,
    files: { [STORY]: story() },
    options: { tokenSeconds: 600, config: { state: { url: `env:${url}` } } },
  })
  const grace = await world.person('grace', ['approvers'])

  const held = async (t: Test, about = 'plain', claims = {}): Promise<Held> => {
    const person = await world.person(`${about}-${made++}`, ['approvers', 'engineers'], claims)
    const client = person.client({ connectionTimeoutMillis: 60_000 })
    client.on('error', () => undefined)
    t.teardown(() => client.end().catch(() => undefined))
    const outcome = begun(kind, client, person)
    const id = await until('it waits', async () => {
      const { body } = await grace.api('/api/approvals')
      const all = body['approvals'] as readonly Pending[]
      return all.find(({ requester }) => requester.subject === person.subject)?.id
    })
    return { id, person, client, outcome }
  }

  const expect = async (t: Test, { id, person, outcome }: Held, expected: Expected) => {
    t.match(await outcome, expected.told as object, 'what the client is told')
    const { events, ran } = expected
    await until(`${events.join()} recorded`, () =>
      world.approvalLines(id).length >= events.length ? true : undefined,
    )
    t.same(
      world.approvalLines(id).map(({ event }) => event),
      events,
      'the lines of the approval',
    )
    await recorded(t, kind, world, person, expected)
    if (kind === 'session') return
    const { rows } = await admin.query('select who from ran where who = $1', [person.subject])
    t.equal(rows.length, ran ? 1 : 0, 'executions')
  }

  const using = kind === 'command' ? 'used' : 'granted'
  const no = { code: '42501' }
  const tests: Readonly<Record<string, (t: Test) => Promise<void>>> = {
    approve: async (t) => {
      const one = await held(t)
      t.match(await grace.typed('approve', one.id), { code: 0 })
      await expect(t, one, { told: 'ran', events: ['requested', 'approved', using], ran: true })
      t.match(await grace.typed('approve', one.id), { code: 1, err: /already/ })
      t.match(world.approvalLines(one.id)[1], { via: 'cli' })
    },
    deny: async (t) => {
      const one = await held(t)
      await grace.typed('deny', one.id, '--reason', 'not on a Friday')
      await expect(t, one, {
        told: { ...no, hint: 'denied by grace: not on a Friday' },
        events: ['requested', 'denied'],
        ran: false,
        refusal: /not approved/,
      })
    },
    expire: async (t) => {
      const one = await held(t, 'quick')
      await expect(t, one, {
        told: { ...no, hint: /nobody answered in time/ },
        events: ['requested', 'expired'],
        ran: false,
        refusal: /not approved/,
      })
      t.match(await grace.typed('approve', one.id), { code: 1, err: /already expired/ })
    },
    'cancelled by the client': async (t) => {
      const one = await held(t)
      if (kind === 'command') await cancelled(one.client)
      else one.client.connection.stream.destroy()
      await expect(t, one, {
        told: kind === 'command' ? { code: '57014' } : { message: /terminated/ },
        events: ['requested', 'void'],
        ran: false,
        refusal: kind === 'command' ? /cancel/ : /cancel|approv/,
      })
      t.match(await grace.typed('approve', one.id), { code: 1, err: /already void/ })
    },
    'approver = requester': async (t) => {
      const one = await held(t)
      t.match(await one.person.typed('approve', one.id), { code: 1, err: /nobody approves what/ })
      t.match(await one.person.typed('withdraw', one.id), { code: 0 })
      await expect(t, one, {
        told: { ...no, hint: /withdrawn by who asked/ },
        events: ['requested', 'void'],
        ran: false,
        refusal: /not approved/,
      })
    },
    'quorum short': async (t) => {
      const one = await held(t, 'two-quick')
      t.match(await grace.typed('approve', one.id), {
        out: /one of approvers must still approve/,
      })
      await expect(t, one, {
        told: { ...no, hint: /nobody answered in time/ },
        events: ['requested', 'approved', 'expired'],
        ran: false,
        refusal: /not approved/,
      })
    },
    'token expired': async (t) => {
      const exp = Math.floor(Date.now() / 1000) + 3
      const one = await held(t, 'plain', { exp })
      await until('it expires', () => (Date.now() > exp * 1000 + 1_000 ? true : undefined))
      await grace.typed('approve', one.id)
      await expect(t, one, {
        told: { code: '28000' },
        events: ['requested', 'approved', using],
        ran: false,
        refusal: /token/,
      })
    },
    'catalogue changed': async (t) => {
      const one = await held(t)
      const column = `c${made}`
      await admin.query(`alter table ran add column ${column} int`)
      const other = (await world.person(`free-${made}`, ['engineers'])).client()
      other.on('error', () => undefined)
      t.teardown(() => other.end().catch(() => undefined))
      await other.connect()
      await until('the gateway has the new names', () =>
        other.query(`select ${column} from ran`).then(
          () => true,
          () => undefined,
        ),
      )
      await grace.typed('approve', one.id)
      const void_: Expected = {
        told: { ...no, hint: /names changed while it waited/ },
        events: ['requested', 'approved', using],
        ran: false,
        refusal: /not approved/,
      }
      // Opening a target rests on no names.
      await expect(
        t,
        one,
        kind === 'command' ? void_ : { told: 'ran', events: void_.events, ran: true },
      )
    },
    'bundle changed: now denied': async (t) => {
      const one = await held(t)
      await changed(world, story({ denied: true }))
      await grace.typed('approve', one.id)
      await expect(t, one, {
        told: { ...no, message: /stories are over/ },
        events: ['requested', 'approved', using],
        ran: false,
        refusal: /stories are over|/,
      })
      await changed(world, story())
    },
    'bundle changed: asks no more': async (t) => {
      const one = await held(t)
      await changed(world, story({ open: true }))
      await grace.typed('approve', one.id)
      await expect(t, one, { told: 'ran', events: ['requested', 'approved', using], ran: true })
      await changed(world, story())
    },
    'bundle changed: asks others': async (t) => {
      const one = await held(t)
      await changed(world, story({ rule: 'stories/renamed' }))
      await grace.typed('approve', one.id)
      await expect(t, one, {
        told: kind === 'command' ? { ...no, hint: /policies changed/ } : no,
        events: ['requested', 'approved', using],
        ran: false,
        refusal: /approved/,
      })
      await changed(world, story())
    },
    'a broken bundle changes nothing': async (t) => {
      const one = await held(t)
      await changed(world, 'package sallyport.policies\n\nhold.any contains')
      await grace.typed('approve', one.id)
      await expect(t, one, { told: 'ran', events: ['requested', 'approved', using], ran: true })
      await changed(world, story())
    },
    'gateway restart': async (t) => {
      const one = await held(t)
      await world.gateway.gateway.stop(0)
      const again = await world.startAgain()
      t.teardown(() => again.stop(0))
      await expect(t, one, {
        told: { message: /stopping|terminated|void|not approved/ },
        events: ['requested', 'void'],
        ran: false,
        refusal: /./,
      })
      t.match(await grace.typed('approve', one.id), { code: 1, err: /already void/ })
      await again.stop(0)
    },
  }
  for (const [name, test] of Object.entries(tests)) {
    await t.test(`${kind}: ${name}`, test)
  }

  await t.test(`${kind}: nobody can be told`, async (t) => {
    process.env['HOOK'] = 'whsec_c2VjcmV0'
    const webhooks = [{ url: 'http://127.0.0.1:9/', secret: 'env:HOOK' }]
    const deaf = await approvalsWorld(t, server, {
      labels,
      files: { [STORY]: story() },
      options: { config: { approvals: { webhooks } } },
    })
    const person = await deaf.person(`deaf-${made++}`, ['engineers'])
    const client = person.client({ connectionTimeoutMillis: 60_000 })
    client.on('error', () => undefined)
    t.teardown(() => client.end().catch(() => undefined))
    t.match(await begun(kind, client, person), { code: '42501', message: /nobody can be asked/ })
    t.same(
      deaf.approvalLines().map(({ event, reason }) => [event, reason]),
      [
        ['requested', kind === 'session' ? '' : undefined],
        ['void', 'no approver could be told'],
      ],
    )
    const { rows } = await admin.query('select who from ran where who = $1', [person.subject])
    t.equal(rows.length, 0)
  })

  await t.test(`${kind}: the store is down`, async (t) => {
    const name = `state_${kind}_down`
    const down = await approvalsWorld(t, server, {
      labels,
      files: { [STORY]: story() },
      options: { config: { state: { url: `env:${await state(name)}` } } },
    })
    const waiting = await down.person(`quick-${made++}`, ['engineers'])
    const client = waiting.client({ connectionTimeoutMillis: 60_000 })
    client.on('error', () => undefined)
    t.teardown(() => client.end().catch(() => undefined))
    const outcome = begun(kind, client, waiting)
    const reviewer = await down.person('grace', ['approvers'])
    const id = await pendingFor(reviewer)
    await admin.query(`alter database ${name} with allow_connections false`)
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      name,
    ])
    t.match(await reviewer.typed('approve', id), { code: 1, err: /state store/ })
    t.match(await outcome, { code: '42501', hint: /nobody answered in time/ })
    const late = await down.person(`late-${made++}`, ['engineers'])
    const other = late.client({ connectionTimeoutMillis: 60_000 })
    other.on('error', () => undefined)
    t.teardown(() => other.end().catch(() => undefined))
    t.match(await begun(kind, other, late), { code: '42501', message: /nobody can be asked/ })
    const names = [waiting.subject, late.subject]
    const { rows } = await admin.query('select who from ran where who = any($1)', [names])
    t.equal(rows.length, 0)
    t.same(
      down.approvalLines().map(({ event }) => event),
      ['requested'],
      'it is settled once the store is back',
    )
  })
  await world.stop()
}

type Pending = { readonly id: string; readonly requester: { readonly subject: string } }
