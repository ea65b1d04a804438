// What an owner of data may rely on: a command that changes more rows than it may leaves nothing behind,
// in every protocol and transaction, and behaves as a failing statement does; one that changes no more is
// not noticed to be counted. What the database does not count is refused before it runs.
import pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import { rowsOf } from '../../../../proxy/protocols/postgres/row-cap.js'
import { errorFields, WireClient, type Reply } from '../../../conformance/wire-client.js'
import { missingPostgres, startPostgres, type PostgresKind } from '../../../peers/postgres.js'
import { ALLOW, startArena } from './relay-arena.js'

t.test('the number of rows is read from each tag that has one, and from no other', async (t) => {
  t.equal(rowsOf('INSERT 0 12'), 12)
  t.equal(rowsOf('UPDATE 3'), 3)
  t.equal(rowsOf('DELETE 0'), 0)
  t.equal(rowsOf('MERGE 7'), 7)
  t.equal(rowsOf('COPY 5'), 5)
  for (const odd of [
    '',
    'UPDATE',
    'UPDATE -1',
    'UPDATE 1 2',
    'SELECT 3',
    'INSERT 3',
    'UPDATE 1e3',
  ]) {
    t.equal(rowsOf(odd), undefined, odd)
  }
})

const KINDS: readonly PostgresKind[] = ['debian', 'embedded']
for (const kind of KINDS) {
  t.test(`on PostgreSQL (${kind})`, { skip: missingPostgres(kind) }, (t) => onPostgres(t, kind))
}

async function onPostgres(t: Test, kind: PostgresKind): Promise<void> {
  const server = await startPostgres({ kind, hba: ['host all all 127.0.0.1/32 trust'] })
  const direct = await connected(server.port)
  await direct.query(`
    create table stock (id int primary key, n int default 0, sold int);
    create table other (id int primary key, n int);
    create table seen (id int);
    create table late (id int unique deferrable initially deferred);
    create view shelf as select id, n from stock;
    create view shop as select s.id, s.n from stock s join other o using (id);
    create function sells() returns trigger language plpgsql as
      'begin update stock set sold = 1; return new; end';
    create trigger sells instead of update on shop for each row execute function sells();
    create table ruled (id int);
    create rule r as on insert to ruled do also insert into seen select generate_series(1, 50);
    create table parts (id int, n int) partition by range (id);
    create table parts_a partition of parts for values from (0) to (6);
    create table parts_b partition of parts for values from (6) to (100);
    create function empties() returns int language plpgsql as
      'begin delete from stock; return 1; end';
    create procedure commits() language plpgsql as
      'begin update stock set n = 9; commit; end';
    create function lies(int) returns int language plpgsql stable as
      'begin return empties(); end'`)
  const arena = await startArena({ host: server.host, port: server.port, user: 'postgres' })
  t.teardown(async () => {
    await direct.end()
    await arena.close()
    await server.stop()
  })
  let max = 3
  t.beforeEach(async () => {
    max = 3
    arena.decide = () => ({ ...ALLOW, limits: { rows_affected_max: max } })
    arena.valid = true
    arena.commands.length = arena.outcomes.length = 0
    arena.incidents.length = 0
    await direct.query(`truncate stock, other, seen, late, ruled, parts;
      insert into stock select g, 0 from generate_series(1, 10) g;
      insert into other select g, 0 from generate_series(1, 10) g;
      insert into parts select g, 0 from generate_series(1, 10) g`)
  })
  const changed = async (): Promise<number> =>
    Number((await direct.query('select count(*) from stock where n <> 0')).rows[0]?.count)
  const count = async (table: string): Promise<number> =>
    Number((await direct.query(`select count(*) from ${table}`)).rows[0]?.count)

  await t.test('a Query on its own that changes no more runs as without', async (t) => {
    const wire = await raw(arena.port)
    t.match(await said(wire, 'update stock set n = 1 where id <= 3'), ['C UPDATE 3', 'Z I'])
    t.equal(await changed(), 3)
    t.match(await said(wire, 'delete from stock where id > 8 returning id'), [
      'T',
      'D',
      'D',
      'C DELETE 2',
      'Z I',
    ])
    t.match(await said(wire, 'select 1'), ['T', 'D', 'C SELECT 1', 'Z I'])
    wire.end()
  })

  await t.test('one row more, and nothing of it stays', async (t) => {
    const wire = await raw(arena.port)
    t.match(await said(wire, 'update stock set n = 1 where id <= 4'), ['E 54000', 'Z I'])
    const returned = await said(wire, 'delete from stock returning id')
    t.same(returned.slice(-2), ['E 54000', 'Z I'])
    t.equal(await changed(), 0)
    t.equal(await count('stock'), 10)
    wire.end()
    const failed = arena.outcomes.filter(({ result }) => result === 'failed')
    t.match(failed, [{ sqlstate: '54000' }, { sqlstate: '54000' }])
    t.same(arena.incidents, ['row_cap_exceeded', 'row_cap_exceeded'])
  })

  await t.test('each way to change rows is counted', async (t) => {
    const client = await connected(arena.port)
    const many = [
      'insert into other select g from generate_series(11, 14) g',
      'insert into other select g, 1 from generate_series(1, 10) g on conflict (id) do update set n = 1',
      'update shelf set n = 1',
      'update parts set n = 1',
      'update parts set id = id + 20 where id < 6',
      'delete from parts',
      `merge into stock s using other o on s.id = o.id when matched then update set n = 1`,
      `merge into stock s using (select generate_series(1, 20) g) o on s.id = o.g
         when matched and s.id > 8 then delete
         when not matched and o.g > 18 then insert values (o.g)`,
      `update stock set n = 1 from other where other.id = stock.id`,
      'delete from stock using other where other.id = stock.id',
    ]
    for (const text of many) {
      await t.rejects(client.query(text), { code: '54000' }, text)
      await t.rejects(client.query({ text, values: [] }), { code: '54000' }, text)
      await t.rejects(client.query({ name: text.slice(0, 40), text }), { code: '54000' }, text)
    }
    t.equal(await changed(), 0)
    t.equal(await count('stock'), 10)
    t.equal(await count('other'), 10)
    t.equal(await count('parts'), 10)
    max = 20
    // Written otherwise, since what was decided before is known.
    for (const text of many) await client.query(text.toUpperCase())
    await client.end()
  })

  await t.test('what the database does not count is refused before it runs', async (t) => {
    const client = await connected(arena.port)
    max = 1000
    const uncounted = [
      'with x as (update stock set n = 1 returning id) select 1',
      'with x as (delete from other) update stock set n = 1 where id = 1',
      'with x as (update stock set n = 1 where id > 1) update stock set n = 1 where id = 1',
      'insert into seen with x as (delete from stock returning id) select id from x',
      'with x as (insert into seen values (1)) insert into other values (99)',
      'explain analyze update stock set n = 1',
      'truncate stock',
      'drop table stock',
      'alter table stock drop column n',
      'select empties()',
      'update other set n = empties() where id = 1',
      'update other set n = lies(1) where id = 1',
      'call commits()',
      'do $$ begin update stock set n = 1; end $$',
      'update shop set n = 1',
      'insert into ruled values (1)',
      'copy (delete from stock returning id) to stdout',
      'vacuum stock',
      'prepare q as with x as (delete from stock) select 1',
    ]
    for (const text of uncounted) await t.rejects(client.query(text), { code: '42501' }, text)
    const { message } = (await client
      .query('truncate stock')
      .catch((error: unknown) => error)) as Error
    t.match(message, /at most 1000 rows/)
    t.equal(await changed(), 0)
    t.equal(await count('stock'), 10)
    t.ok(arena.commands.every(({ go }) => !go))
    await client.end()
  })

  await t.test('several statements of one message are refused with one that counts', async (t) => {
    const client = await connected(arena.port)
    for (const text of [
      'update stock set n = 1; commit',
      'begin; update stock set n = 1; commit',
      'select 1; update stock set n = 1 where id = 1',
      'update stock set n = 1 where id = 1; update stock set n = 1 where id = 2',
    ]) {
      await t.rejects(client.query(text), { code: '42501', hint: 'send it alone' }, text)
    }
    t.equal(await changed(), 0)
    t.equal(((await client.query('select 1; select 2')) as unknown as unknown[]).length, 2)
    await client.end()
  })

  await t.test('within a transaction it fails it, and a savepoint takes it back', async (t) => {
    const client = await connected(arena.port)
    await client.query('begin')
    await client.query('update stock set n = 1 where id = 1')
    await t.rejects(client.query('update stock set n = 1'), { code: '54000' })
    await t.rejects(client.query('select 1'), { code: '25P02' })
    t.equal((await client.query('commit')).command, 'ROLLBACK')
    t.equal(await changed(), 0)
    await client.query('begin')
    await client.query('update stock set n = 1 where id = 1')
    await client.query('savepoint s')
    await t.rejects(client.query({ text: 'update stock set n = $1', values: [2] }), {
      code: '54000',
    })
    await client.query('rollback to s')
    await client.query('update stock set n = 1 where id = 2')
    t.equal((await client.query('commit')).command, 'COMMIT')
    t.equal(await changed(), 2)
    await client.end()
  })

  await t.test('a pipeline is rolled back up to its Sync, and what follows runs', async (t) => {
    const wire = await raw(arena.port)
    const reply = await wire.exchange(
      Buffer.concat([
        ...unit('update stock set n = 1 where id = 1'),
        ...unit('update stock set n = 2'),
        ...unit('update stock set n = 3 where id = 3'),
        SYNC,
        ...unit('update stock set n = 4 where id = 4'),
        SYNC,
        message('Q', 'update stock set n = 5 where id = 5'),
      ]),
      'Z',
      3,
      5000,
    )
    t.same(shown(reply), [
      '1', '2', 'C UPDATE 1', '1', '2', 'E 54000', 'Z I',
      '1', '2', 'C UPDATE 1', 'Z I',
      'C UPDATE 1', 'Z I',
    ]) // prettier-ignore
    const { rows } = await direct.query('select id from stock where n <> 0 order by id')
    t.same(rows, [{ id: 4 }, { id: 5 }])
    wire.end()
  })

  await t.test('rows cannot be fetched in pieces, nor a portal run twice for more', async (t) => {
    const wire = await raw(arena.port)
    const text = 'update stock set n = n + 1 where id <= 3 returning id'
    let reply = await wire.exchange(
      Buffer.concat([
        message('P', '', text, 0),
        message('B', 'p', '', 0, 0, 0),
        message('E', 'p', Buffer.of(0, 0, 0, 1)),
        SYNC,
      ]),
      'Z',
      1,
      5000,
    )
    t.same(shown(reply), ['1', '2', 'E 0A000', 'Z I'])
    t.equal(await changed(), 0)
    reply = await wire.exchange(
      Buffer.concat([
        message('P', '', text, 0),
        message('B', 'p', '', 0, 0, 0),
        ...Array.from({ length: 3 }, () => message('E', 'p', Buffer.alloc(4))),
        SYNC,
      ]),
      'Z',
      1,
      5000,
    )
    t.equal(Number((await direct.query('select sum(n) from stock')).rows[0]?.sum), 3)
    // A maximum means nothing to a statement without rows (pgjdbc says 1).
    reply = await wire.exchange(
      Buffer.concat([
        message('P', '', 'update stock set n = 7 where id < 4', 0),
        message('B', '', '', 0, 0, 0),
        message('E', '', Buffer.of(0, 0, 0, 1)),
        SYNC,
      ]),
      'Z',
      1,
      5000,
    )
    t.same(shown(reply), ['1', '2', 'C UPDATE 3', 'Z I'])
    wire.end()
  })

  await t.test('SQL’s own PREPARE and EXECUTE are counted as what they execute', async (t) => {
    const client = await connected(arena.port)
    await client.query('prepare u (int) as update stock set n = 1 where id <= $1')
    await client.query('execute u(3)')
    await t.rejects(client.query('execute u(4)'), { code: '54000' })
    await t.rejects(client.query({ text: 'execute u(10)', values: [] }), { code: '54000' })
    await t.rejects(client.query('explain analyze execute u(1)'), { code: '42501' })
    t.equal(await changed(), 3)
    await client.end()
  })

  await t.test('COPY FROM is counted, in a Query and in a portal', async (t) => {
    const wire = await raw(arena.port)
    const data = (ids: readonly number[]) =>
      Buffer.concat([...ids.map((id) => message('d', Buffer.from(`${id}\n`))), message('c')])
    const copies = async (
      start: Buffer,
      ids: readonly number[],
      end: Buffer,
    ): Promise<string[]> => {
      const mark = wire.mark()
      wire.write(start)
      await wire.until(
        () => wire.messages.slice(mark.messages).some(({ type }) => type === 'G'),
        5000,
      )
      return shown(await wire.exchange(Buffer.concat([data(ids), end]), 'Z', 1, 5000))
    }
    const query = message('Q', 'copy seen from stdin')
    const portal = Buffer.concat([...unit('copy seen from stdin'), SYNC])
    t.same(await copies(query, [1, 2, 3], Buffer.alloc(0)), ['C COPY 3', 'Z I'])
    t.same(await copies(query, [4, 5, 6, 7], Buffer.alloc(0)), ['E 54000', 'Z I'])
    t.equal(await count('seen'), 3)
    t.same(await copies(portal, [1, 2, 3], SYNC), ['C COPY 3', 'Z I'])
    t.same(await copies(portal, [4, 5, 6, 7], SYNC), ['E 54000', 'Z I'])
    t.equal(await count('seen'), 6)
    // Broken data, a client that gives up, and Sync or Flush in between, which a Query ignores.
    wire.write(query)
    await wire.until(() => wire.messages.at(-1)?.type === 'G', 5000)
    t.same(shown(await wire.exchange(message('f', 'enough'), 'Z', 1, 5000)), ['E 57014', 'Z I'])
    wire.write(query)
    await wire.until(() => wire.messages.at(-1)?.type === 'G', 5000)
    const broken = Buffer.concat([
      SYNC,
      message('H'),
      message('d', Buffer.from('x\n')),
      message('c'),
    ])
    t.same(shown(await wire.exchange(broken, 'Z', 1, 5000)), ['E 22P02', 'Z I'])
    t.same(await said(wire, 'select 1'), ['T', 'D', 'C SELECT 1', 'Z I'])
    t.equal(await count('seen'), 6)
    wire.end()
  })

  await t.test('what fails at the commit fails as it does without', async (t) => {
    const wire = await raw(arena.port)
    t.same(await said(wire, 'insert into late values (1), (1)'), ['E 23505', 'Z I'])
    t.same(await said(wire, 'insert into late values (1), (2)'), ['C INSERT 0 2', 'Z I'])
    t.equal(await count('late'), 2)
    t.match(arena.outcomes, [{ result: 'failed', sqlstate: '23505' }, { result: 'done' }])
    wire.end()
  })

  await t.test('errors, unnamed statements and transactions behave as in a Query', async (t) => {
    const wire = await raw(arena.port)
    t.same(await said(wire, 'update stock set n = 1 / (id - 5)'), ['E 22012', 'Z I'])
    t.same(await said(wire, 'begin'), ['C BEGIN', 'Z T'])
    t.same(await said(wire, 'update stock set n = 1 where id = 1'), ['C UPDATE 1', 'Z T'])
    t.same(await said(wire, 'update stock set n = 1 / 0'), ['E 22012', 'Z E'])
    t.same(await said(wire, 'update stock set n = 1 where id = 1'), ['E 25P02', 'Z E'])
    t.same(await said(wire, 'rollback'), ['C ROLLBACK', 'Z I'])
    t.same(await said(wire, 'update stock set n = 1 where id = 1'), ['C UPDATE 1', 'Z I'])
    const reply = await wire.exchange(
      Buffer.concat([message('B', '', '', 0, 0, 0), SYNC]),
      'Z',
      1,
      5000,
    )
    t.same(shown(reply), ['E 26000', 'Z I'])
    wire.end()
  })

  await t.test('a cancel and a time limit end it with nothing changed', async (t) => {
    const client = await connected(arena.port)
    const slow = client.query('update stock set n = 1 from (select pg_sleep(20)) s where id = 1')
    while (arena.commands.length === 0) await new Promise((go) => setTimeout(go, 10))
    await new Promise((go) => setTimeout(go, 100))
    arena.relays.at(-1)?.cancel()
    await t.rejects(slow, { code: '57014' })
    arena.decide = () => ({ ...ALLOW, limits: { rows_affected_max: 3, timeout_ms: 100 } })
    for (const more of [{}, { values: [] }]) {
      const text = 'update stock set n = 1 from (select pg_sleep(5)) s where id = 1'
      await t.rejects(client.query({ text, ...more }), { code: '57014' })
    }
    t.equal(await changed(), 0)
    t.equal((await client.query('update stock set n = 1 where id = 2')).rowCount, 1)
    await client.end()
  })

  await t.test('a client that leaves in the middle leaves nothing behind', async (t) => {
    const wire = await raw(arena.port)
    wire.write(message('Q', 'update stock set n = 1 from (select pg_sleep(0.3)) s where id < 3'))
    while (arena.commands.length === 0) await new Promise((go) => setTimeout(go, 10))
    await new Promise((go) => setTimeout(go, 50))
    wire.end()
    while (arena.outcomes.length === 0) await new Promise((go) => setTimeout(go, 20))
    t.match(arena.outcomes, [{ result: 'cancelled' }])
    t.equal(await changed(), 0)
  })

  await t.test('of nothing, nothing may be changed; what changes nothing goes on', async (t) => {
    max = 0
    const client = await connected(arena.port)
    t.equal((await client.query('update stock set n = 4 where 77 = id')).rowCount, 0)
    await t.rejects(client.query('update stock set n = 4 where 7 = id'), { code: '54000' })
    for (const text of [
      'select * from stock',
      'show all',
      'begin',
      'commit',
      'create table if not exists made ()',
    ]) {
      await client.query(text)
    }
    await client.end()
  })
}

const SYNC = message('S')

function unit(text: string): readonly Buffer[] {
  return [
    message('P', '', text, 0),
    message('B', '', '', 0, 0, 0),
    message('E', '', Buffer.alloc(4)),
  ]
}

async function said(wire: WireClient, text: string): Promise<string[]> {
  return shown(await wire.exchange(message('Q', text), 'Z', 1, 5000))
}

function shown(reply: Reply): string[] {
  return reply.messages.map(({ type, body }) => {
    if (type === 'C') return `C ${body.toString('latin1', 0, body.length - 1)}`
    if (type === 'Z') return `Z ${body.toString('latin1')}`
    return type === 'E' ? `E ${errorFields(body).get('C') ?? ''}` : type
  })
}

async function raw(port: number): Promise<WireClient> {
  const wire = await WireClient.open('127.0.0.1', port)
  await wire.login([['user', 'x']], '', undefined, 30_000)
  return wire
}

async function connected(port: number): Promise<pg.Client> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
