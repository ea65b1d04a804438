// The database's count is trusted for the one statement that it counts, and every other way to change
// rows has a reason why it cannot be held to a number.
import { loadModule, parseSync } from 'libpg-query'
import t from 'tap'
import { countsItsRows, whyNotCounted } from '../../../../engine/facts/postgres/counted-rows.js'
import { OPERATIONS, type Effect } from '../../../../engine/schemas/facts.js'

t.before(() => loadModule())

function counts(text: string): boolean {
  const [statement] = parseSync(text).stmts ?? []
  if (statement?.stmt === undefined) throw new Error('nothing was read')
  return countsItsRows(statement.stmt)
}

t.test('the outermost change counts, and only where nothing else changes within', async (t) => {
  for (const text of [
    'insert into t select * from u',
    'update t set a = (select max(b) from u) where c in (select d from v)',
    'with x as (select 1) delete from t using x',
    'merge into t using u on true when matched then delete',
    'copy t from stdin',
  ]) {
    t.ok(counts(text), text)
  }
  for (const text of [
    'select 1',
    'copy t to stdout',
    'copy (delete from t returning a) to stdout',
    'with x as (delete from u) delete from t',
    'with x as (with y as (insert into u values (1) returning a) select a from y) update t set a = 1',
    'insert into t with x as (update u set a = 1 returning a) select a from x',
    'explain analyze delete from t',
    'truncate t',
    'prepare p as delete from t',
    'create table t as select 1',
  ]) {
    t.notOk(counts(text), text)
  }
})

function why(effect: Partial<Effect>, counted = false): string | undefined {
  return whyNotCounted({
    command: {
      protocol: 'postgres',
      effects: [{ op: 'read', object: 'public.t', kind: 'table', ...effect }],
      flows: [],
      unread: [],
      postgres: { tag: 'X', limited: -1, returns_rows: false },
    },
    control: { kind: 'none' },
    ...(counted ? { counted } : {}),
  })
}

t.test('each operation either changes no rows, or is counted, or says why it is not', async (t) => {
  const free = ['read', 'create', 'grant', 'revoke', 'copy_out', 'set', 'lock', 'listen', 'notify']
  const harmless = new Set([...free, 'transaction', 'explain', 'read_file'])
  const countable = new Set(['insert', 'update', 'delete', 'copy_in'])
  for (const op of OPERATIONS) {
    t.equal(why({ op }) === undefined, harmless.has(op), op)
    t.equal(why({ op }, true) === undefined, harmless.has(op) || countable.has(op), op)
  }
})

t.test('of functions only those that their owner declares to change nothing', async (t) => {
  for (const detail of ['immutable', 'stable', 'prepared']) {
    t.equal(why({ op: 'call', kind: 'function', detail }), undefined)
  }
  for (const detail of ['volatile', 'opaque', 'security_definer', undefined]) {
    const effect = { op: 'call', kind: 'function', ...(detail === undefined ? {} : { detail }) }
    t.match(why(effect as Partial<Effect>), /may change rows that are not counted/)
  }
})
