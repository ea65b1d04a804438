// What an approver may rely on: the numbers and names are the database's own, found out without any
// effect and without anybody's function being called; what was not found out is said; and nothing that
// the requester hides, or may not see, stands in it.
import { createServer, type AddressInfo } from 'node:net'
import pg from 'pg'
import t from 'tap'
import type { Test } from 'tap'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import { systemClock } from '../../../../proxy/clock.js'
import { createConsequences } from '../../../../proxy/protocols/postgres/consequence.js'
import type { Consequence } from '../../../../engine/schemas/consequence.js'
import type { Decision } from '../../../../engine/schemas/decision.js'
import { missingPostgres, startPostgres, type PostgresKind } from '../../../peers/postgres.js'
import { ALLOW, startArena } from './relay-arena.js'
import { EMPTY } from './relay-by-hand.js'

const NAMES = { searchPath: ['pg_catalog', 'public'], role: 'x' }

const KINDS: readonly PostgresKind[] = ['debian', 'embedded']
for (const kind of KINDS) {
  t.test(`on PostgreSQL (${kind})`, { skip: missingPostgres(kind) }, (t) => onPostgres(t, kind))
}

async function onPostgres(t: Test, kind: PostgresKind): Promise<void> {
  const server = await startPostgres({ kind, hba: ['host all all 127.0.0.1/32 trust'] })
  const direct = await connected(server.port)
  await direct.query(`
    create table customers (id int primary key, email text, ssn text, code text unique);
    create table orders (id int primary key, customer int references customers on delete cascade, note text);
    create table items (id int, "order" int references orders on delete cascade on update cascade);
    create table invoices (id int, "order" int references orders on delete set null);
    create table tickets (id int, customer int references customers);
    create view busy as select customer, count(*) from orders group by customer;
    create view busier as select * from busy where count > 10;
    create function seen() returns trigger language plpgsql as 'begin return null; end';
    create trigger told after update on customers for each statement execute function seen();
    create function leaks(int) returns boolean language plpgsql immutable as
      'begin perform dblink_missing(); return true; end';
    create table called (n int);
    create function calls() returns int language plpgsql volatile as
      'begin insert into called values (1); return 1; end';
    create table parts (id int) partition by range (id);
    create table parts_a partition of parts for values from (0) to (500);
    create table parts_b partition of parts for values from (500) to (1000);
    create table secured (id int); alter table secured enable row level security;
    create schema other; create table other.orders (id int);
    create role viewer login;
    grant select, update, delete on secured, customers, orders to viewer;
    create policy p on secured to viewer using (id < 3);
    insert into customers select g, 'c' || g || '@example.org', '123-45-' || g, 'k' || g from generate_series(1, 1000) g;
    insert into orders select g, g % 100 + 1, 'n' from generate_series(1, 5000) g;
    insert into parts select g from generate_series(0, 999) g;
    insert into secured select g from generate_series(1, 10) g;
    analyze`)
  const arena = await startArena({ host: server.host, port: server.port, user: 'postgres' })
  t.teardown(async () => {
    await direct.end()
    await arena.close()
    await server.stop()
  })
  let preview: 'none' | 'estimate' | 'count' = 'count'
  const held = (): Decision => ({
    ...ALLOW,
    action: 'require-approval',
    rules: [{ id: 'test/hold', message: 'held' }],
    approval: {
      approvers: ['dba'],
      quorum: 1,
      expires_ms: 60_000,
      reason_required: false,
      scope: 'command',
      preview,
    },
  })
  arena.decide = (facts) =>
    /^(SHOW|BEGIN|ROLLBACK|SET|CREATE TABLE|PREPARE)/.test(facts.command?.postgres.tag ?? '')
      ? ALLOW
      : held()

  // What approvers are shown of a command, which is then denied.
  const shown = async (
    query: string | pg.QueryConfig,
    client?: pg.Client,
  ): Promise<Consequence> => {
    const own = client ?? (await connected(arena.port))
    const before = arena.holds.length
    const answer = own.query(query).catch((error: unknown) => error)
    while (arena.holds.length === before) await new Promise((go) => setTimeout(go, 5))
    const hold = arena.holds.at(-1)
    hold?.settle({ outcome: 'denied', by: 'x', reason: '' })
    await answer
    if (client === undefined) await own.end()
    if (hold?.consequence === undefined) throw new Error('nothing was shown')
    return hold.consequence
  }

  await t.test(
    'rows are estimated by the planner, and counted where that is allowed',
    async (t) => {
      const found = await shown('delete from customers where id <= 300')
      t.equal(found.count, 300)
      t.ok(Math.abs((found.estimate ?? 0) - 300) < 30, String(found.estimate))
      t.match(found.summary, /^300 rows, counted; also /)
      t.equal((await direct.query('select count(*) from customers')).rows[0]?.count, '1000')
    },
  )

  await t.test('values that were bound count, in text and in binary', async (t) => {
    const text = 'update customers set email = $2 where id > $1 and code <> $3'
    t.equal((await shown({ text, values: [990, 'x', 'k995'] })).count, 9)
    const binary = Buffer.alloc(4)
    binary.writeInt32BE(980)
    t.equal((await shown({ text, values: [binary, 'x', 'k995'] })).count, 19)
  })

  await t.test('joins count each row once; partitions and MERGE are estimated', async (t) => {
    t.equal(
      (await shown('delete from customers c using orders o where o.customer = c.id')).count,
      100,
    )
    t.equal((await shown('delete from parts where id >= 400')).count, 600)
    const merge = await shown(
      'merge into customers c using orders o on o.id = c.id when matched then delete',
    )
    t.equal(merge.count, undefined)
    t.ok((merge.estimate ?? 0) > 100)
    t.match(merge.notes.join(), /not counted/)
    t.equal((await shown('insert into called select id from orders')).estimate, 5000)
    t.equal((await shown('select * from orders')).estimate, 5000)
  })

  await t.test('foreign keys are followed as far as they go', async (t) => {
    t.same((await shown('delete from customers where id = 1')).cascades, [
      { table: 'public.invoices', action: 'set null', by: 'invoices_order_fkey' },
      { table: 'public.items', action: 'delete', by: 'items_order_fkey' },
      { table: 'public.orders', action: 'delete', by: 'orders_customer_fkey' },
    ])
    t.match(
      (await shown('delete from customers where id = 1')).notes.join(),
      /rows of public.tickets/,
    )
    t.same((await shown('update orders set id = id + 1')).cascades, [
      { table: 'public.items', action: 'update', by: 'items_order_fkey' },
    ])
    t.same((await shown("update orders set note = 'y'")).cascades, [])
    t.match(
      (await shown("update customers set email = 'y'")).notes.join(),
      /told on public.customers/,
    )
  })

  await t.test('what TRUNCATE and DROP take with them, and how large it is', async (t) => {
    const truncated = await shown('truncate orders cascade')
    t.same(
      truncated.cascades.map(({ table, action }) => `${action} ${table}`),
      ['truncate public.invoices', 'truncate public.items'],
    )
    t.equal(truncated.count, 5000)
    t.match(truncated.sizes, [{ object: 'public.orders', rows: 5000 }])
    t.ok((truncated.sizes[0]?.bytes ?? 0) > 100_000)
    t.match((await shown('truncate orders')).notes.join(), /still refer to public.orders/)
    const dropped = await shown('drop table orders cascade')
    t.same(
      dropped.cascades.map(({ table, action }) => `${action} ${table}`),
      [
        'drop view public.busier',
        'drop view public.busy',
        'drop foreign key public.invoices',
        'drop foreign key public.items',
      ],
    )
    t.match((await shown('drop table orders')).notes.join(), /may fail: public.busier depends/)
    t.equal((await shown('drop table parts')).count, 1000)
    t.match((await shown('drop schema public cascade')).notes.join(), /relations are in public/)
  })

  await t.test('locks are those that PostgreSQL takes', async (t) => {
    const taken = async (text: string, table: string): Promise<string> => {
      const client = await connected(server.port)
      await client.query('begin')
      const { rows: named } = await client.query('select $1::regclass::oid as oid', [table])
      await client.query(text)
      const { rows } = await client.query<{ mode: string }>(
        `select mode from pg_locks where pid = pg_backend_pid() and relation = $1`,
        [named[0]?.oid],
      )
      await client.query('rollback')
      await client.end()
      const words = rows.map(({ mode }) =>
        mode.replace(/Lock$/, '').replace(/(?!^)([A-Z])/g, ' $1'),
      )
      return words
        .map((word) => word.toUpperCase())
        .sort()
        .join()
    }
    for (const [text, table] of [
      ['select * from orders', 'orders'],
      ['select * from orders for update', 'orders'],
      ['select * from orders for key share', 'orders'],
      ["update orders set note = 'z' where id = 1", 'orders'],
      ['delete from items where id = 1', 'items'],
      ['insert into called values (1)', 'called'],
      ['truncate called', 'called'],
      ['drop table called', 'called'],
      ['alter table called add x int', 'called'],
      ['lock table called in share row exclusive mode', 'called'],
      ['lock table called', 'called'],
      ['create index on called (n)', 'called'],
      ['delete from customers where id = 999', 'orders'],
      ['truncate orders cascade', 'items'],
      ['drop table orders cascade', 'busy'],
    ] as const) {
      const { locks } = await shown(text)
      const modes = (await taken(text, table)).split(',')
      const told = locks.find(({ object }) => object === `public.${table}`)?.mode ?? ''
      t.ok(modes.includes(told), `${text}: ${told} of ${modes.join()}`)
      const strongest = modes.includes('ACCESS EXCLUSIVE') ? 'ACCESS EXCLUSIVE' : told
      t.equal(told, strongest)
    }
  })

  await t.test('nobody’s function is called, nothing is changed', async (t) => {
    for (const text of [
      'delete from customers where leaks(1)',
      'delete from customers where id = calls()',
      'update customers set id = calls()',
      'select calls()',
    ]) {
      const found = await shown(text)
      t.equal(found.estimate, undefined, text)
      t.equal(found.count, undefined, text)
      t.match(found.notes.join(), /it calls public\./, text)
    }
    const random = await shown('delete from customers where random() < 0.5')
    t.equal(random.count, undefined)
    t.match(random.notes.join(), /volatile/)
    t.equal((await direct.query('select count(*) from called')).rows[0]?.count, '0')
    const now = await shown('delete from customers where now() > to_timestamp(id)')
    t.equal(now.count, 1000)
  })

  await t.test('no literal and no value stands in it', async (t) => {
    for (const query of [
      "delete from customers where ssn = '123-45-77' or email = 'c7@example.org'",
      "update customers set email = 'secret@x' where code = 'k7'",
      { text: 'delete from customers where ssn = $1', values: ['123-45-77'] },
      { text: 'delete from customers where id = $1', values: ['no number 123-45-77'] },
    ]) {
      const found = JSON.stringify(await shown(query))
      t.notMatch(found, /123-45|example\.org|secret@x|k7/)
    }
    t.notMatch(arena.unlooked.join(), /123-45/)
  })

  await t.test(
    'only an estimate without an opt-in, and nothing where the policy wants none',
    async (t) => {
      preview = 'estimate'
      const found = await shown('delete from customers where 400 >= id')
      t.equal(found.count, undefined)
      t.ok(found.estimate)
      preview = 'none'
      const client = await connected(arena.port)
      const before = arena.holds.length
      const answer = client
        .query('delete from customers where 401 > id and true')
        .catch(() => undefined)
      while (arena.holds.length === before) await new Promise((go) => setTimeout(go, 5))
      t.equal(arena.holds.at(-1)?.consequence, undefined)
      arena.holds.at(-1)?.settle({ outcome: 'denied', by: 'x', reason: '' })
      await answer
      await client.end()
      preview = 'count'
    },
  )

  await t.test('what somebody has locked is not waited for', async (t) => {
    const locker = await connected(server.port)
    await locker.query('begin; lock table invoices in access exclusive mode')
    const started = Date.now()
    const found = await shown('delete from invoices where id = 1')
    t.ok(Date.now() - started < 30_000)
    t.match(found.notes.join(), /somebody else has it locked|took too long/)
    await locker.query('rollback')
    await locker.end()
  })

  await t.test('a session’s own objects and open changes are said to be unseen', async (t) => {
    const client = await connected(arena.port)
    await client.query('begin')
    t.match(
      (await shown('delete from customers where id = 2', client)).notes.join(),
      /open transaction/,
    )
    await client.query('rollback')
    await client.query('create temporary table customers (id int)')
    const found = await shown('delete from customers where id = 3', client)
    t.equal(found.count, undefined)
    t.match(found.notes.join(), /changes of its own/)
    await client.end()
  })

  await t.test('names and rights are the session’s', async (t) => {
    const client = await connected(arena.port)
    await client.query('set search_path to other, public')
    const found = await shown('delete from orders', client)
    t.equal(found.count, 0)
    t.match(found.locks, [{ object: 'other.orders', mode: 'ROW EXCLUSIVE' }])
    await client.query('set role viewer')
    await client.query('set search_path to public')
    const secured = await shown('delete from secured', client)
    t.equal(secured.count, undefined)
    t.match((await shown('delete from called', client)).notes.join(), /the account may not/)
    await client.end()
  })

  await t.test('a look that fails, or hangs, says so and holds nothing up', async (t) => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await new Promise((go) => silent.once('listening', go))
    const { port } = silent.address() as AddressInfo
    const why: string[] = []
    const looks = createConsequences(systemClock, (one) => void why.push(one))
    const { commands } = arena
    t.ok(commands.length > 0)
    const reader = await createReader()
    const [statement] = (await reader.read('select 1', EMPTY, NAMES)).statements
    if (statement === undefined) throw new Error('nothing was read')
    const asked = {
      text: 'select 1',
      statement,
      values: undefined,
      names: NAMES,
      own: false,
      open: false,
    } as const
    for (const at of [port, 1]) {
      const account = {
        host: '127.0.0.1',
        port: at,
        tls: undefined,
        user: 'x',
        password: undefined,
        database: 'x',
      }
      const started = Date.now()
      const all = await Promise.all(
        Array.from({ length: 12 }, () => looks.of(account, { ...asked, which: 'count' })),
      )
      // One after the other they would take a dozen times as long as one may.
      t.ok(Date.now() - started < 10_000)
      t.ok(all.every(({ notes }) => notes.length > 0))
    }
    silent.close()
  })
}

async function connected(port: number): Promise<pg.Client> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
