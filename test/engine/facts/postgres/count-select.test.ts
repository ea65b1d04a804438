// A count is of exactly the rows that the statement would change, or there is none: the condition is cut
// out of the client's text, and taken only where it parses to the same tree.
import { loadModule } from 'libpg-query'
import t from 'tap'
import { countSelectOf } from '../../../../engine/facts/postgres/count-select.js'

t.before(() => loadModule())

const COUNTED: readonly (readonly [text: string, count: string, more?: object])[] = [
  ['delete from t', 'SELECT pg_catalog.count(*) FROM t'],
  ['DELETE FROM ONLY public."T" AS x WHERE x.id > 3', 'FROM ONLY public."T" AS x WHERE x.id > 3'],
  [
    'delete from a using b, c where a.id = b.id and b.n = c.n returning a.id',
    'FROM a WHERE EXISTS (SELECT FROM b, c WHERE a.id = b.id and b.n = c.n )',
  ],
  ['update t set n = n + 1 where id in (1, 2) -- where', 'FROM t WHERE id in (1, 2) -- where'],
  [
    'update t as x set n = 1, m = (select 1 from z where z.id = 2) from u where x.id = u.id;',
    'FROM t as x WHERE EXISTS (SELECT FROM u WHERE x.id = u.id )',
  ],
  ['update t set b = c is distinct from d where e', 'FROM t WHERE e'],
  [
    'update t set b = $1 where id = $3 and $2',
    'FROM t WHERE id = $3 and $2',
    { parameters: [2, 3] },
  ],
  [
    'delete from t where lower(n) = $$x;$$ and now() > at',
    'FROM t WHERE',
    { calls: ['lower', 'now'] },
  ],
  ['delete from "delete" where "where" = 1', 'FROM "delete" WHERE "where" = 1'],
  ["delete from t where n = E'\\' returning' or true", 'returning'],
]

for (const [text, part, more = {}] of COUNTED) {
  t.test(`counted: ${text}`, async (t) => {
    const found = countSelectOf(text)
    if (!('text' in found)) throw new Error(found.why)
    const flat = (words: string) => words.replace(/\s+/g, ' ')
    t.ok(flat(found.text).includes(flat(part)), found.text)
    t.match(found, more)
  })
}

const NOT: readonly string[] = [
  'with x as (delete from u) delete from t',
  'with x as (select 1) update t set a = 1',
  'merge into t using u on t.id = u.id when matched then delete',
  'delete from t where current of c',
  'delete from t; delete from u',
  'insert into t select 1',
  'truncate t',
  'select 1',
  'drop table t',
  'no statement',
  '',
  // Words that begin a clause, as names: nothing is guessed.
  'update t set a = 1 from only where id = 1',
  'delete from t where a = returning',
]

for (const text of NOT) {
  t.test(`not counted: ${text}`, async (t) => {
    t.match(countSelectOf(text), { why: /./ })
  })
}
