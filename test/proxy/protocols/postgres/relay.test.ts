// What a client may rely on: a denied statement behaves as a failing one does in PostgreSQL, a held one
// waits and can be given up, masked values leave in no format, and no order of messages confuses the
// two sides.
import pg from 'pg'
import t from 'tap'
import { errorFields, rowValues, WireClient } from '../../../conformance/wire-client.js'
import { missingPostgres, startPostgres } from '../../../peers/postgres.js'
import { running } from '../../../peers/running.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import { ALLOW, decided, startArena } from './relay-arena.js'

const skip = missingPostgres('embedded')

// What comes at once comes late on a busy machine; what does not come fails a little later.
const PATIENCE_MS = 30_000

t.test('one session through the relay', { skip }, async (t) => {
  const server = await startPostgres({
    kind: 'embedded',
    hba: ['host all all 127.0.0.1/32 trust'],
  })
  const direct = await connected(server.port)
  await direct.query('create table people (id int, ssn text)')
  await direct.query("insert into people values (1, '123-45-6789'), (2, null)")
  await direct.query('create table log (n int primary key)')
  const arena = await startArena({ host: server.host, port: server.port, user: 'postgres' })
  t.teardown(async () => {
    await direct.end()
    await arena.close()
    await server.stop()
  })

  t.beforeEach(async () => {
    arena.decide = decided
    arena.valid = true
    arena.commands.length = arena.outcomes.length = arena.holds.length = 0
    arena.incidents.length = 0
    await direct.query('truncate log')
  })
  t.afterEach(() => t.same(arena.incidents, []))

  const rows = async (): Promise<unknown> =>
    (await direct.query('select n from log order by n')).rows.map(({ n }) => n as unknown)

  t.test('a denied statement in a transaction aborts it on the target too', async (t) => {
    const client = await connected(arena.port)
    await client.query('begin')
    await client.query('insert into log values (1)')
    await t.rejects(client.query('drop table log'), { code: '42501', hint: 'do not' })
    await t.rejects(client.query('select 1'), { code: '25P02' })
    t.equal((await client.query('commit')).command, 'ROLLBACK')
    t.same(await rows(), [])
    await client.end()
  })

  t.test('a savepoint takes back a denied statement', async (t) => {
    const client = await connected(arena.port)
    await client.query('begin')
    await client.query('insert into log values (1)')
    await client.query('savepoint s')
    await t.rejects(client.query('drop table log'), { code: '42501' })
    await client.query('rollback to s')
    await client.query('commit')
    t.same(await rows(), [1])
    await client.end()
  })

  t.test(
    'one denied statement of a message refuses all of it, before the first runs',
    async (t) => {
      const client = await connected(arena.port)
      await t.rejects(client.query('insert into log values (7); drop table log'), { code: '42501' })
      t.same(await rows(), [])
      t.same(
        arena.commands.map(({ go }) => go),
        [false, false],
      )
      await client.end()
    },
  )

  t.test('a denied member of a pipeline rolls back what the pipeline did', async (t) => {
    const wire = await raw(arena.port)
    const reply = await wire.exchange(
      Buffer.concat([
        ...unit('insert into log values (1)'),
        ...unit('drop table log'),
        ...unit('insert into log values (2)'),
        SYNC,
        ...unit('insert into log values (3)'),
        SYNC,
      ]),
      'Z',
      2,
      3000,
    )
    t.equal(types(reply), '12CEZ12CZ')
    t.same(await rows(), [3])
    await settled(() => arena.outcomes.length === 2)
    t.same(
      arena.outcomes.map(({ result }) => result),
      ['done', 'done'],
    )
    wire.end()
  })

  t.test('what follows a failed member was never executed, and the record says so', async (t) => {
    const wire = await raw(arena.port)
    const reply = await wire.exchange(
      Buffer.concat([
        ...unit('insert into log values (1)'),
        ...unit('insert into log values (1)'),
        ...unit('insert into log values (2)'),
        SYNC,
      ]),
      'Z',
      1,
      3000,
    )
    t.equal(types(reply), '12C12EZ')
    t.same(await rows(), [])
    t.same(
      arena.outcomes.map(({ result, sqlstate }) => [result, sqlstate]),
      [
        ['done', undefined],
        ['failed', '23505'],
        ['cancelled', undefined],
      ],
    )
    wire.end()
  })

  t.test('two hundred pipelined messages one byte at a time are answered in order', async (t) => {
    const wire = await raw(arena.port)
    const all: Uint8Array[] = []
    for (let n = 0; n < 50; n++) all.push(...unit(`select ${n}`), SYNC)
    const bytes = Buffer.concat(all)
    const mark = wire.mark()
    for (let at = 0; at < bytes.length; at++) {
      wire.write(bytes.subarray(at, at + 1))
      if (at % 64 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await wire.until(() => wire.messages.slice(mark.messages).filter(isReady).length === 50, 9000)
    const answers = wire.since(mark, false).messages.filter(({ type }) => type === 'D')
    t.same(
      answers.map(({ body }) => String(rowValues(body)[0])),
      Array.from({ length: 50 }, (_, n) => String(n)),
    )
    wire.end()
  })

  t.test('masked fields leave masked in text and binary, described or not', async (t) => {
    const wire = await raw(arena.port)
    for (const format of [0, 1]) {
      for (const describe of [false, true]) {
        const reply = await wire.exchange(
          Buffer.concat([
            message('P', '', 'select ssn, id from people order by id', 0),
            message('B', '', '', 0, 0, 1, format),
            ...(describe ? [message('D', Buffer.from('P'), '')] : []),
            message('E', '', Buffer.alloc(4)),
            SYNC,
          ]),
          'Z',
          1,
          3000,
        )
        t.equal(types(reply), describe ? '12TDDCZ' : '12DDCZ')
        const fields = reply.messages
          .filter(({ type }) => type === 'D')
          .map(({ body }) => rowValues(body))
        t.same(
          fields.map(([ssn]) => ssn?.toString()),
          ['****', undefined],
        )
        t.equal(fields[0]?.[1]?.toString('hex'), format === 0 ? '31' : '00000001')
      }
    }
    wire.end()
  })

  t.test('what EXECUTE and FETCH read is masked as what they name', async (t) => {
    const client = await connected(arena.port)
    await client.query('prepare p as select ssn from people')
    t.equal((await client.query('execute p')).rows[0].ssn, '****')
    await client.query('begin')
    await client.query('declare c cursor for select ssn from people')
    t.equal((await client.query('fetch c')).rows[0].ssn, '****')
    await client.query('close c')
    await t.rejects(client.query('fetch c'), { code: '34000' })
    await client.query('rollback')
    await client.query('deallocate p')
    await t.rejects(client.query('execute p'), { code: '26000' })
    await client.end()
  })

  t.test('a cursor does not outlive its transaction in our memory either', async (t) => {
    const client = await connected(arena.port)
    await client.query('begin; declare c cursor for select 1; commit')
    await t.rejects(client.query('fetch c'), { code: '34000' })
    await client.query('begin')
    await client.query('savepoint s')
    await client.query('declare c cursor for select 1')
    await client.query('rollback to s')
    await t.rejects(client.query('fetch c'), { code: '34000' })
    await client.query('rollback')
    await client.end()
  })

  t.test('a name bound again across a Sync is judged as what the target has', async (t) => {
    const wire = await raw(arena.port)
    await wire.exchange(
      Buffer.concat([message('P', 's', 'select ssn from people', 0), SYNC]),
      'Z',
      1,
      3000,
    )
    const reply = await wire.exchange(
      Buffer.concat([
        message('P', 's', 'select 1', 0),
        SYNC,
        message('B', '', 's', 0, 0, 0),
        message('E', '', Buffer.alloc(4)),
        SYNC,
      ]),
      'Z',
      2,
      3000,
    )
    t.equal(types(reply), 'EZ2DDCZ')
    t.notMatch(reply.raw.toString('latin1'), '123-45')
    wire.end()
  })

  t.test('a held command waits, says so, and runs once approved', async (t) => {
    const client = await connected(arena.port)
    const notices: string[] = []
    client.on('notice', ({ message: words, hint }) => notices.push(`${words} / ${hint}`))
    await client.query('insert into log values (1)')
    const held = client.query('truncate log')
    await settled(() => notices.length === 1)
    t.match(notices[0], /held for approval.*sallyport approvals approve h1/)
    t.same(await rows(), [1])
    arena.holds[0]?.settle({ outcome: 'approved', approvers: ['ann'], reason: '' })
    await held
    t.same(await rows(), [])
    t.equal(arena.commands.at(-1)?.approval, 'h1')
    await client.end()
  })

  t.test('a held command that is denied, expires or is cancelled never runs', async (t) => {
    const client = await connected(arena.port)
    await client.query('insert into log values (1)')
    const denied = client.query('truncate log')
    await settled(() => arena.holds.length === 1)
    arena.holds[0]?.settle({ outcome: 'denied', by: 'ann', reason: 'no' })
    await t.rejects(denied, { code: '42501', hint: 'denied by ann: no' })
    const expired = client.query('truncate log')
    await settled(() => arena.holds.length === 2)
    arena.holds[1]?.settle({ outcome: 'expired' })
    await t.rejects(expired, { code: '42501' })
    const cancelled = client.query('truncate log')
    await settled(() => arena.holds.length === 3)
    await settled(() => arena.relays.length > 0)
    arena.relays.at(-1)?.cancel()
    await t.rejects(cancelled, { code: '57014' })
    t.match(arena.holds[2]?.abandoned, /cancelled/)
    t.same(await rows(), [1])
    t.same((await client.query('select 1 as n')).rows, [{ n: 1 }])
    await client.end()
  })

  t.test('a client that leaves gives up what it held', async (t) => {
    const client = await connected(arena.port)
    client.on('error', () => undefined)
    client.query('truncate log').catch(() => undefined)
    await settled(() => arena.holds.length === 1)
    await client.end()
    await settled(() => arena.holds[0]?.abandoned !== undefined)
    t.match(arena.holds[0]?.abandoned, /left/)
  })

  t.test(
    'what a client has started goes on when it leaves, and its outcome is recorded',
    async (t) => {
      for (const leaving of [message('X'), undefined]) {
        arena.outcomes.length = 0
        await direct.query('truncate log')
        const wire = await raw(arena.port)
        wire.write(message('Q', 'insert into log select 1 from pg_sleep(0.4)'))
        await running(server, 'pg_sleep(0.4)')
        if (leaving === undefined) wire.end()
        else wire.write(leaving)
        await settled(() => arena.outcomes.length === 1)
        t.match(arena.outcomes, [{ result: 'done', tag: 'INSERT 0 1' }])
        t.same(await rows(), [1])
        wire.end()
      }
    },
  )

  t.test(
    'a flood behind a held command ends the session, and the command never runs',
    async (t) => {
      const wire = await raw(arena.port)
      wire.write(message('Q', 'truncate log'))
      await settled(() => arena.holds.length === 1)
      wire.write(
        Buffer.concat(
          Array.from({ length: 30_000 }, () => message('Q', `select '${'x'.repeat(60)}'`)),
        ),
      )
      await wire.until(() => wire.closed, PATIENCE_MS)
      t.ok(wire.closed)
      t.ok(arena.holds[0]?.abandoned)
    },
  )

  t.test('nothing overtakes a held command', async (t) => {
    const wire = await raw(arena.port)
    wire.write(
      Buffer.concat([message('Q', 'truncate log'), message('Q', 'insert into log values (5)')]),
    )
    await settled(() => arena.holds.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    t.same(await rows(), [])
    arena.holds[0]?.settle({ outcome: 'denied', by: 'ann', reason: '' })
    await wire.until(() => wire.messages.filter(isReady).length === 3, PATIENCE_MS)
    t.same(await rows(), [5])
    wire.end()
  })

  t.test('a cancel reaches the statement that runs', async (t) => {
    const client = await connected(arena.port)
    const slow = client.query('select pg_sleep(20)')
    await running(server, 'pg_sleep(20)')
    arena.relays.at(-1)?.cancel()
    await t.rejects(slow, { code: '57014' })
    await client.end()
  })

  t.test('an expired token stops the next command, bound ones included', async (t) => {
    const wire = await raw(arena.port)
    await wire.exchange(
      Buffer.concat([
        message('P', 's', 'select 1', 0),
        message('B', '', 's', 0, 0, 0),
        message('H'),
      ]),
      '2',
      1,
      3000,
    )
    arena.valid = false
    const reply = await wire.exchange(
      Buffer.concat([message('E', '', Buffer.alloc(4)), SYNC]),
      'Z',
      1,
      3000,
    )
    t.equal(sqlstate(reply), '28000')
    t.equal(sqlstate(await wire.exchange(message('Q', 'select 1'), 'Z', 1, PATIENCE_MS)), '28000')
    wire.end()
  })

  t.test('more rows than allowed: an error, and the transaction is aborted', async (t) => {
    arena.decide = (facts) => ({
      ...ALLOW,
      limits: facts.command?.postgres.returns_rows === true ? { rows_max: 3 } : {},
    })
    const client = await connected(arena.port)
    await client.query('begin')
    await t.rejects(client.query('select generate_series(1, 100000)'), { code: '54000' })
    await t.rejects(client.query('select 1'), { code: '25P02' })
    await client.query('rollback')
    t.equal((await client.query('select generate_series(1, 3)')).rows.length, 3)
    const prepared = { name: 'p', text: 'select generate_series(1, $1::int)' }
    await t.rejects(client.query({ ...prepared, values: [4] }), { code: '54000' })
    t.equal((await client.query({ ...prepared, values: [2] })).rows.length, 2)
    await client.end()
  })

  t.test('a command over its time is ended, and the session goes on', async (t) => {
    arena.decide = () => ({ ...ALLOW, limits: { timeout_ms: 100 } })
    const client = await connected(arena.port)
    await t.rejects(client.query('select pg_sleep(21)'), { code: '57014' })
    t.same((await client.query('select 1 as n')).rows, [{ n: 1 }])
    await client.end()
  })

  t.test('COPY goes both ways, simple and extended, and may fail', async (t) => {
    const wire = await raw(arena.port)
    wire.write(message('Q', 'copy log from stdin'))
    await wire.until(() => wire.messages.some(({ type }) => type === 'G'), PATIENCE_MS)
    let reply = await wire.exchange(
      Buffer.concat([message('d', Buffer.from('1\n2\n')), message('c')]),
      'Z',
      1,
      3000,
    )
    t.equal(types(reply), 'CZ')
    reply = await wire.exchange(message('Q', 'copy log to stdout'), 'Z', 1, PATIENCE_MS)
    t.equal(types(reply), 'HddcCZ')
    // The Sync that follows Execute at once is ignored while the copy waits for data.
    const mark = wire.mark()
    wire.write(Buffer.concat([...unit('copy log from stdin'), SYNC]))
    await wire.until(
      () => wire.messages.slice(mark.messages).some(({ type }) => type === 'G'),
      3000,
    )
    reply = await wire.exchange(
      Buffer.concat([message('d', Buffer.from('3\n')), message('c'), SYNC]),
      'Z',
      1,
      3000,
    )
    t.equal(types(reply), 'CZ')
    wire.write(message('Q', 'copy log from stdin'))
    await wire.until(() => wire.messages.at(-1)?.type === 'G', PATIENCE_MS)
    reply = await wire.exchange(message('f', 'enough'), 'Z', 1, PATIENCE_MS)
    t.equal(types(reply), 'EZ')
    t.same(await rows(), [1, 2, 3])
    reply = await wire.exchange(message('Q', 'select 1'), 'Z', 1, PATIENCE_MS)
    t.equal(types(reply), 'TDCZ')
    wire.end()
  })

  t.test('function calls are refused and the session goes on', async (t) => {
    const wire = await raw(arena.port)
    const call = message('F', Buffer.from('0000000100000000000000', 'hex'))
    const reply = await wire.exchange(call, 'Z', 1, PATIENCE_MS)
    t.equal(types(reply), 'EZ')
    t.equal(sqlstate(reply), '0A000')
    t.equal(types(await wire.exchange(message('Q', ''), 'Z', 1, PATIENCE_MS)), 'IZ')
    wire.end()
  })

  t.test('bytes that are no protocol end the session with a reason', async (t) => {
    for (const bytes of [
      Buffer.from('z\0\0\0\x04'),
      Buffer.from('Q\0\0\0\x03'),
      Buffer.from('Q\x7f\xff\xff\xff'),
      message('Q', 'select 1', 'select 2'),
      message('P', 'x'),
    ]) {
      const wire = await raw(arena.port)
      const reply = await wire.exchange(bytes, 'close', 1, PATIENCE_MS)
      t.ok(reply.closed)
      t.equal(sqlstate(reply), '08P01')
    }
  })

  t.test('text that is not UTF-8 is refused', async (t) => {
    const wire = await raw(arena.port)
    const reply = await wire.exchange(
      message('Q', Buffer.from("select '\xe0\x80'\0", 'latin1')),
      'Z',
      1,
      3000,
    )
    t.equal(sqlstate(reply), '22021')
    wire.end()
  })

  t.test('a portal read in parts goes on where it was', async (t) => {
    const wire = await raw(arena.port)
    const reply = await wire.exchange(
      Buffer.concat([
        message('P', '', 'select generate_series(1, 5)', 0),
        message('B', 'p', '', 0, 0, 0),
        ...[2, 2, 2].map((n) => message('E', 'p', Buffer.from([0, 0, 0, n]))),
        SYNC,
      ]),
      'Z',
      1,
      3000,
    )
    t.equal(types(reply), '12DDsDDsDCZ')
    t.same(
      arena.outcomes.map(({ rows: n }) => n),
      [5],
    )
    wire.end()
  })

  t.test('a cast that quotes what it cannot take meets the masked value alone', async (t) => {
    const client = await connected(arena.port)
    const failed = client.query('select ssn::int from people')
    // As on a database where the value is '****': invalid input, and the gateway withholds the words.
    await t.rejects(failed, { code: '22P02' })
    const words = await failed.catch(({ message: text }: Error) => text)
    t.notMatch(words, '123-45')
    await client.end()
  })
})

const SYNC = message('S')

function unit(sql: string): readonly Buffer[] {
  return [
    message('P', '', sql, 0),
    message('B', '', '', 0, 0, 0),
    message('E', '', Buffer.alloc(4)),
  ]
}

function types(reply: { readonly messages: readonly { readonly type: string }[] }): string {
  return reply.messages.map(({ type }) => type).join('')
}

function isReady({ type }: { readonly type: string }): boolean {
  return type === 'Z'
}

function sqlstate(reply: Awaited<ReturnType<WireClient['exchange']>>): string | undefined {
  const error = reply.messages.find(({ type }) => type === 'E')
  return error === undefined ? undefined : errorFields(error.body).get('C')
}

async function settled(reached: () => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !reached() && Date.now() < end;)
    await new Promise((resolve) => setTimeout(resolve, 10))
}

async function connected(port: number): Promise<pg.Client> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  await client.connect()
  return client
}

async function raw(port: number): Promise<WireClient> {
  const wire = await WireClient.open('127.0.0.1', port)
  await wire.login([['user', 'x']], '', undefined, PATIENCE_MS)
  return wire
}
