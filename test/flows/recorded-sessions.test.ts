// What clients sent and saw, read back from the recording: every way of asking, masked as it went out,
// within the bounds, and nothing else. Against a real PostgreSQL behind a whole gateway.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import t from 'tap'
import type { Film, Frame } from '../../proxy/recordings/film.js'
import { allFrames, eventually, FILM_KEY, filmReader } from '../peers/film-reader.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'

const CANARIES = ['912-34-5678', '4242424242424242', 'canary@secret.example']

t.test('recorded sessions', { skip: missingPostgres('embedded') }, async (t) => {
  const server = await startPostgres({ kind: 'embedded' })
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  await direct.query(
    `CREATE TABLE orders (id int PRIMARY KEY, status text, paid numeric, at timestamptz);
     INSERT INTO orders SELECT n, 'paid', n * 1.5, '2026-11-24 10:00:00+00' FROM generate_series(1, 3000) n;
     CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, card_number text, email text);
     INSERT INTO customers VALUES (1, 'Ada', '${CANARIES[0]}', '${CANARIES[1]}', '${CANARIES[2]}')`,
  )
  process.env['TEST_FILM_KEY'] = FILM_KEY
  const gateway = await startTestGateway({
    target: { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] },
    config: {
      recordings: {
        directory: 'recordings',
        key: 'env:TEST_FILM_KEY',
        flush_ms: 20,
        default: { rows_max: 1000 },
      },
    },
  })
  const folder = join(gateway.directory, 'recordings')
  const films = filmReader(folder)
  t.teardown(async () => {
    await direct.end()
    await gateway.stop()
    await server.stop()
  })
  const connected = async (name: string): Promise<pg.Client> => {
    const client = new pg.Client({
      host: gateway.host,
      port: gateway.port,
      user: name,
      password: await gateway.token(name),
      database: 'shop',
    })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }
  const seen = new Set<string>()
  // The recording of the session that ended last.
  const filmed = async (): Promise<readonly Frame[]> => {
    const film = await eventually(async () => {
      for await (const one of films.films()) {
        if (one.state === 'finished' && !seen.has(one.session)) return one
      }
      return undefined
    }, 'a finished recording')
    seen.add(film.session)
    return allFrames(films, film.session)
  }
  const of = <K extends Frame['kind']>(
    frames: readonly Frame[],
    kind: K,
  ): readonly Extract<Frame, { kind: K }>[] =>
    frames.filter((frame): frame is Extract<Frame, { kind: K }> => frame.kind === kind)
  const rowsOf = (frames: readonly Frame[], command: number): readonly unknown[] =>
    of(frames, 'rows').flatMap((frame) => (frame.command === command ? frame.rows : []))

  await t.test('simple queries: text, columns, rows, how they ended, in order', async (t) => {
    const client = await connected('engineer')
    await client.query('SELECT id, status FROM orders WHERE id < 3 ORDER BY id')
    await client.query('SELECT 1 AS a; SELECT 2 AS b')
    await client.query('SELECT nothing FROM orders').catch(() => undefined)
    await client.query("DO $$ BEGIN RAISE NOTICE 'look'; END $$").catch(() => undefined)
    await client.end()
    const frames = await filmed()
    t.match(frames[0], {
      kind: 'command',
      command: 1,
      text: 'SELECT id, status FROM orders WHERE id < 3 ORDER BY id',
    })
    t.match(frames.slice(1, 4), [
      {
        kind: 'columns',
        command: 1,
        columns: [
          { name: 'id', type: 23 },
          { name: 'status', type: 25 },
        ],
      },
      {
        kind: 'rows',
        command: 1,
        rows: [
          ['1', 'paid'],
          ['2', 'paid'],
        ],
      },
      { kind: 'done', command: 1, tag: 'SELECT 2' },
    ])
    t.same([rowsOf(frames, 2), rowsOf(frames, 3)], [[['1']], [['2']]])
    t.match(of(frames, 'error')[0], { command: 4, sqlstate: '42703' })
    t.ok(frames.every((frame, i) => i === 0 || frame.at >= (frames[i - 1]?.at ?? 0)))
  })

  await t.test(
    'prepared statements: values, binary results, descriptions given once',
    async (t) => {
      const client = await connected('engineer')
      const named = { name: 'by_id', text: 'SELECT id, paid, at, status FROM orders WHERE id = $1' }
      await client.query({ ...named, values: [1] })
      await client.query({ ...named, values: [2] })
      await client.query({
        text: 'SELECT id, paid, at FROM orders WHERE id = $1',
        values: [3],
        binary: true,
      } as pg.QueryConfig)
      const cursor = client.query(new Cursor('SELECT id FROM orders ORDER BY id', []))
      await cursor.read(3)
      await cursor.read(2)
      await cursor.close()
      await client.end()
      const frames = await filmed()
      t.match(of(frames, 'command').slice(0, 3), [
        { binds: ['1'] },
        { binds: ['2'] },
        { binds: ['3'] },
      ])
      t.same(rowsOf(frames, 1), [['1', '1.5', '2026-11-24 10:00:00+00', 'paid']])
      t.same(rowsOf(frames, 2), [['2', '3.0', '2026-11-24 10:00:00+00', 'paid']])
      t.same(rowsOf(frames, 3), [['3', '4.5', '2026-11-24 10:00:00+00']])
      t.same(rowsOf(frames, 4).length, 5)
    },
  )

  await t.test('beyond the bound rows are left out, and it is said where', async (t) => {
    const client = await connected('engineer')
    await client.query('SELECT id FROM orders')
    await client.query('SELECT 1 AS after')
    await client.end()
    const frames = await filmed()
    t.equal(rowsOf(frames, 1).length, 1000)
    t.match(of(frames, 'cut'), [{ command: 1, why: 'only 1000 rows are recorded' }])
    t.match(of(frames, 'done')[0], { command: 1, tag: 'SELECT 3000' })
    t.same(rowsOf(frames, 2), [['1']])
  })

  await t.test('copies out are recorded line by line; what is copied in is not', async (t) => {
    const client = await connected('engineer')
    const out = client.query(copyTo('COPY (SELECT id, status FROM orders WHERE id < 3) TO STDOUT'))
    for await (const piece of out) void piece
    await client.query('CREATE TEMP TABLE scratch (id int)')
    await pipeline(Readable.from(['77\n']), client.query(copyFrom('COPY scratch FROM STDIN')))
    await client.end()
    const frames = await filmed()
    t.same(rowsOf(frames, 1), [['1\tpaid'], ['2\tpaid']])
    t.notOk(JSON.stringify(frames).includes('77'))
  })

  await t.test('what is denied, and what an agent then sees', async (t) => {
    const client = await connected('agent')
    await client.query("UPDATE orders SET status = 'x'").catch(() => undefined)
    await client
      .query('SELECT $1::int WHERE EXISTS (SELECT FROM pg_authid)', [1])
      .catch(() => undefined)
    await client.query('SELECT 1 AS fine')
    await client.query('SELEC 2').catch(() => undefined)
    await client.query('SELEC $1', [2]).catch(() => undefined)
    await client.end()
    const frames = await filmed()
    const errors = of(frames, 'error')
    t.match(errors[0], { command: 1, sqlstate: '42501', message: /denied/, hint: /./ })
    t.match(errors.slice(2), [
      { command: 4, sqlstate: '42601' },
      { command: 5, sqlstate: '42601' },
    ])
    t.equal(errors.length, 4)
    t.match(
      of(frames, 'command').map(({ command }) => command),
      [1, 2, 3, 4, 5],
    )
    t.match(errors[1], { command: 2 })
    t.same(rowsOf(frames, 3), [['1']])
  })

  await t.test('protected values are in no recording, however they are asked for', async (t) => {
    const client = await connected('agent')
    const [ssn = '', card = '', email = ''] = CANARIES
    for (const [text, values] of [
      ['SELECT name, ssn, card_number, email FROM customers', undefined],
      ['SELECT ssn AS x FROM customers WHERE id = $1', [1]],
      ['SELECT to_jsonb(c) FROM customers c', undefined],
      [`SELECT * FROM customers WHERE ssn = '${ssn}'`, undefined],
      ['SELECT name FROM customers WHERE card_number = $1', [card]],
      [`SELECT '${email}' AS mine`, undefined],
      ['SELECT $1::text AS mine', [email]],
      ['SELECT $1::text AS mine', [ssn]],
      [`INSERT INTO customers VALUES (1, 'x', '${ssn}', '${card}', '${email}')`, undefined],
      ['INSERT INTO customers VALUES (1, $1, $2, $3, $4)', ['x', ssn, card, email]],
      [`SELECT (ssn || 'x')::int FROM customers`, undefined],
      ['COPY customers TO STDOUT', undefined],
      ["SELECT string_agg(email, ',') FROM customers", undefined],
      [`SELECT 1 /* ${ssn} */`, undefined],
    ] as const) {
      await client
        .query({ text, ...(values === undefined ? {} : { values: [...values] }) })
        .catch(() => undefined)
    }
    await client.end()
    const text = JSON.stringify(await filmed())
    for (const canary of CANARIES) {
      t.notOk(text.includes(canary), canary)
      t.notOk(text.includes(Buffer.from(canary).toString('hex')), `${canary} in hexadecimal`)
    }
    t.ok(text.includes('****'))
  })

  await t.test('nothing readable lies on the disk, and the record knows each digest', async (t) => {
    const client = await connected('engineer')
    await client.query("SELECT 'needle in the film'")
    await client.end()
    t.ok(JSON.stringify(await filmed()).includes('needle in the film'))
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)))
    t.ok(files.length >= 14)
    t.notOk(files.some((bytes) => bytes.includes('needle')))
    const lines = readdirSync(gateway.recordDirectory)
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => readFileSync(join(gateway.recordDirectory, name), 'utf8').split('\n'))
      .filter((line) => line.includes('"kind":"recording"'))
      .map((line) => JSON.parse(line) as { session: string; event: string; digest: string })
    for (const session of seen) {
      const line = lines.find((one) => one.session === session)
      const found = await films.digest(session)
      t.match(line, { event: 'finished', digest: found?.digest })
    }
  })
  await t.test(
    'who keeps recordings holds and deletes them over HTTP, others do not',
    async (t) => {
      const [session = ''] = seen
      const asked = async (
        name: string,
        method: string,
        path: string,
        body?: Readonly<Record<string, unknown>>,
      ): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> => {
        const response = await fetch(`${gateway.webUrl}/api/recordings${path}`, {
          method,
          headers: {
            authorization: `Bearer ${await gateway.token(name)}`,
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        return {
          status: response.status,
          body: (await response.json()) as Readonly<Record<string, unknown>>,
        }
      }
      const reason = 'the case of the 7th'
      const what = { scope: 'session', of: session, reason }
      t.match(await asked('engineer', 'GET', '/holds'), { status: 403 })
      t.match(await asked('engineer', 'POST', '/holds', what), { status: 403 })
      t.match(await asked('engineer', 'DELETE', `/${session}`, { reason }), { status: 403 })
      t.match(await asked('auditor', 'POST', '/holds', { ...what, scope: 'planet' }), {
        status: 400,
      })
      const held = await asked('auditor', 'POST', '/holds', what)
      t.match(held, { status: 200, body: { scope: 'session', of: session } })
      t.match(await asked('auditor', 'GET', '/holds'), { body: { holds: [{ reason }] } })
      t.match(await asked('auditor', 'DELETE', `/${session}`, { reason }), { status: 403 })
      t.match(
        await asked('auditor', 'POST', `/holds/${String(held.body['id'])}/release`, { reason }),
        {
          status: 200,
        },
      )
      t.match(await asked('auditor', 'DELETE', `/${session}`, {}), { status: 400 })
      t.match(await asked('auditor', 'DELETE', `/${session}`, { reason }), { status: 200 })
      t.match(await asked('auditor', 'DELETE', `/${session}`, { reason }), { status: 404 })
      await t.rejects(allFrames(films, session), { code: 'not_found' })
      seen.delete(session)
    },
  )

  t.test('films are listed with whose they are', async (t) => {
    const all: Film[] = []
    for await (const film of films.films()) all.push(film)
    t.equal(all.length, seen.size)
    t.match(all[0], { target: 'shop', database: 'postgres', state: 'finished' })
  })
})
