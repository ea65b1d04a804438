// Targets that open for a time: whoever wants in waits at the login or asks ahead, others agree, and when the
// time is over the sessions end. In an emergency the glass is broken, by two, and everybody hears of it.
import { spawn } from 'node:child_process'
import t from 'tap'
import { run as audit } from '../../proxy/commands/audit.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { approvalsWorld, failing, pendingFor, until, type Json } from './approvals-world.js'

const skip = missingPostgres('embedded')
const JIT = { env: 'prod', access: 'jit' }

function approvalData(grantMs: number): string {
  const terms = `quorum: 1, expires_ms: 60000, reason_required: false`
  return [
    `terms: {approvers: [approvers], ${terms}, scope: command}`,
    `access: {approvers: [approvers], ${terms}, scope: session, grant_ms: ${grantMs}}`,
    'break_glass: {approvers: [on-call], quorum: 2, expires_ms: 60000, reason_required: true, scope: session, grant_ms: 60000}',
    '',
  ].join('\n')
}

t.test('access for a time', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const files = { 'data/approvals/data.yaml': approvalData(60_000) }
  const world = await approvalsWorld(t, server, { labels: JIT, files })
  const ada = await world.person('ada', ['engineers'])
  const grace = await world.person('grace', ['approvers'])
  const [olga, otto] = [
    await world.person('olga', ['on-call']),
    await world.person('otto', ['on-call']),
  ]

  await t.test(
    'psql waits at its login, is told for whom, and goes on once they agreed',
    async (t) => {
      const { gateway } = world
      const env = { ...process.env, PGPASSWORD: ada.token, PGCONNECT_TIMEOUT: '60' }
      const where = `host=${gateway.host} port=${gateway.port} user=token dbname=shop sslmode=disable`
      const psql = spawn('psql', [where, '-X', '-A', '-t', '-c', 'select 40 + 2'], { env })
      let said = ''
      psql.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
      psql.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
      const ended = new Promise<number | null>((resolve) => psql.once('close', resolve))
      const id = await pendingFor(grace)
      await until('psql prints the notice', () => (said.includes(id) ? true : undefined))
      t.match(said, /NOTICE: +waiting for access to shop: access to shop is given for a time/)
      t.match(said, /one of approvers can approve it within 1 min/)
      t.match(await grace.api(`/api/approvals/${id}`), {
        body: { scope: 'session', access: { reason: '', break_glass: false, asked_ahead: false } },
      })
      t.match(await grace.api(`/api/approvals/${id}/approve`, {}), { body: { status: 'used' } })
      t.equal(await ended, 0)
      t.match(said, /\b42\n/)
      const events = world.approvalLines(id).map(({ event, via }) => [event, via])
      t.same(events, [
        ['requested', undefined],
        ['approved', 'api'],
        ['granted', undefined],
      ])
    },
  )

  await t.test(
    'while it stands nobody is asked again, and a new session rests on it',
    async (t) => {
      const client = ada.client()
      await client.connect()
      t.match(await client.query('select 1 as one'), { rows: [{ one: 1 }] })
      t.match((await ada.api('/api/grants')).body, { grants: [{ target: 'shop', standing: true }] })
      t.match((await grace.typed('grants')).out, /ada +shop +\d+ s +- +grace/)
      // What acts for her is not her: it waits for an approval of its own.
      const acting = { kind: 'agent', act: { sub: 'bot' } }
      const agent = (await world.person('ada', ['agents'], acting)).client()
      const refused = failing(agent.connect())
      const asked = await pendingFor(grace)
      t.match((await grace.api(`/api/approvals/${asked}`)).body, { requester: { kind: 'agent' } })
      await grace.typed('deny', asked)
      t.match(await refused, { code: '42501' })

      await t.test(
        'ended early: the session is told why and ends, and so is the next login',
        async (t) => {
          const [grant] = (await ada.api('/api/grants')).body['grants'] as readonly [Json]
          const id = grant.id ?? ''
          const stranger = await world.person('sam', ['engineers'])
          t.match(await stranger.typed('end', id), { code: 1, err: /there is no request/ })
          const gone = new Promise<Error>((resolve) => client.on('error', resolve))
          const running = failing(client.query('select pg_sleep(30)'))
          t.match(await grace.typed('end', id, '--reason', 'enough for today'), { code: 0 })
          t.match(await running, {
            code: '57P01',
            severity: 'FATAL',
            message: /access to shop has ended: grace ended it: enough for today/,
          })
          await Promise.race([gone, until('the client is gone', () => true)])
          const again = ada.client()
          const refused = failing(again.connect())
          const next = await pendingFor(grace)
          await grace.typed('deny', next, '--reason', 'come back on Monday')
          t.match(await refused, {
            code: '42501',
            message: 'access to shop was not approved',
            hint: 'denied by grace: come back on Monday',
          })
          t.match(world.approvalLines(id).at(-1), { event: 'ended', via: 'cli' })
          t.match(world.approvalLines(next), [
            { event: 'requested' },
            { event: 'denied', via: 'cli', reason: 'come back on Monday' },
          ])
        },
      )
    },
  )

  await t.test('a client that leaves its login takes its request with it', async (t) => {
    const client = ada.client({ connectionTimeoutMillis: 60_000 })
    client.connect().catch(() => undefined)
    const id = await pendingFor(grace)
    client.connection.stream.destroy()
    await until('it is void', () =>
      world.approvalLines(id).some(({ event }) => event === 'void') ? true : undefined,
    )
    t.match(await grace.typed('approve', id), { code: 1, err: /already void/ })
    t.notOk(world.lines('session').some((line) => line['session'] === id))
  })

  await t.test(
    'asked ahead: nobody needs to wait, and whoever connects meanwhile joins',
    async (t) => {
      const asked = await ada.typed('request', 'shop', '--for', '8s', '--reason', 'OPS-7: a look')
      t.equal(asked.code, 0, asked.err)
      t.match(asked.out, /waits for one of approvers/)
      const id = /[0-9a-z]{4}(-[0-9a-z]{4}){2}/.exec(asked.out)?.[0] ?? ''
      t.match(await ada.typed('request', 'shop', '--reason', 'again'), { code: 1, err: id })
      t.match(await grace.typed('show', id), { out: /access for +8 s \(OPS-7: a look\)/ })
      const client = ada.client()
      const connected = client.connect()
      await until('the login joins it', () =>
        world.approvalLines(id).some(({ event }) => event === 'joined') ? true : undefined,
      )
      t.match(await ada.typed('approve', id), { code: 1, err: /nobody approves what they/ })
      await grace.typed('approve', id)
      await connected
      const facts = world.lines('part').map(({ value }) => JSON.stringify(value))
      await client.query('select 2')
      await until('the policy sees the grant', () =>
        world.lines('part').some(({ value }) => JSON.stringify(value).includes('OPS-7: a look'))
          ? true
          : undefined,
      )
      t.ok(facts.length > 0)
      const held = world.approvalLines(id).find(({ event }) => event === 'granted')
      t.ok(Math.abs((held?.until ?? 0) - Date.now() - 8_000) < 8_000, 'no longer than asked for')

      // The time runs out by itself.
      const gone = new Promise<Error>((resolve) => client.on('error', resolve))
      t.match(await gone, {
        code: '57P01',
        message: /access to shop has ended: its time is over; ask for it again/,
      })
      await until('its end is recorded', () =>
        world.approvalLines(id).some(({ event }) => event === 'ended') ? true : undefined,
      )
    },
  )

  await t.test(
    'broken glass: two on call agree, all hear of it, somebody looks afterwards',
    async (t) => {
      const shy = await ada.typed('break-glass', 'shop', '--reason', 'help')
      t.match(shy, { code: 2, err: /say in a sentence/ })
      const long = await ada.typed(
        'break-glass',
        'shop',
        '--for',
        '2h',
        '--reason',
        'orders are lost',
      )
      t.match(long, { code: 2, err: /at most 1 h/ })
      const asked = await ada.typed('break-glass', 'shop', '--reason', 'orders are lost since 3 am')
      t.equal(asked.code, 0, asked.err)
      const id = /[0-9a-z]{4}(-[0-9a-z]{4}){2}/.exec(asked.out)?.[0] ?? ''
      t.match(await olga.typed('approve', id), { code: 2, err: /asks for a reason/ })
      t.match(await olga.typed('approve', id, '--reason', 'I see it too'), {
        out: /1 of 2 approvals given; one of on-call must still approve/,
      })
      t.match(await olga.typed('approve', id, '--reason', 'again'), { code: 1, err: /already/ })
      await otto.typed('approve', id, '--reason', 'agreed')
      const client = ada.client()
      client.on('error', () => undefined)
      await client.connect()
      // What waits for people otherwise runs at once; what is denied stays denied.
      await client.query('create table broken (id int)')
      await client.query('drop table broken')
      t.match(await failing(client.query('drop role nobody')), { code: '42501' })
      const incidents = world.lines('incident').map(({ event }) => event)
      t.same(incidents, ['break_glass_asked', 'break_glass'])
      t.match(world.lines('incident')[1], {
        detail: /ada on shop: orders are lost since 3 am; agreed by/,
      })
      const metrics = await (await fetch(`${world.gateway.webUrl}/metrics`)).text()
      t.match(metrics, /incidents_total\{event="break_glass"\} 1/)
      t.match(world.gateway.log(), /BREAK GLASS/)

      t.match((await grace.typed('reviews')).out, /ada +shop +\d+ s +broken +olga, otto/)
      t.match(await grace.typed('review', id, '--reason', 'fine'), { code: 1, err: /still broken/ })
      await ada.typed('end', id)
      t.match(await ada.typed('review', id, '--reason', 'I was right'), {
        code: 1,
        err: /who broke/,
      })
      t.match(await olga.typed('review', id, '--reason', 'we were'), {
        code: 1,
        err: /agreed to it/,
      })
      t.match(await grace.typed('review', id, '--reason', 'one table, as it should be'), {
        code: 0,
      })
      t.match((await grace.typed('reviews')).out, /None/)
      t.same(
        world.approvalLines(id).map(({ event, via }) => `${event} ${via ?? ''}`.trim()),
        ['requested', 'approved cli', 'approved cli', 'granted', 'ended cli', 'reviewed cli'],
      )
    },
  )

  await t.test('the record of all this is whole, and decides the same again', async (t) => {
    for (const verb of ['verify', 'recheck']) {
      let said = ''
      const write = (text: string): unknown => (said += text)
      const io = { stdout: { write }, stderr: { write }, env: process.env, cwd: '/' }
      t.equal(await audit([verb, world.gateway.recordDirectory], io), 0, said)
    }
  })

  await t.test('what cannot be asked for is said', async (t) => {
    t.match(await ada.typed('request', 'nowhere', '--reason', 'x'), { code: 1, err: /no target/ })
    t.match(await ada.typed('request', 'shop'), { code: 2, err: /--reason/ })
    t.match(await ada.typed('request', 'shop', '--for', 'ever', '--reason', 'x'), { code: 2 })
  })
})

t.test('a target without the label is open, and has no glass', { skip }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const world = await approvalsWorld(t, server)
  const ada = await world.person('ada', ['engineers'])
  t.match(await ada.typed('request', 'shop', '--reason', 'x'), { code: 1, err: /open to you/ })
  const broken = await ada.typed('break-glass', 'shop', '--reason', 'orders are lost')
  t.match(broken, { code: 1, err: /no policy says how the glass may be broken/ })
  const client = ada.client()
  await client.connect()
  t.match(await client.query('select 1 as one'), { rows: [{ one: 1 }] })
  await client.end()
})
