// The second parser objects where it reads something else, and never to ordinary statements.
import t from 'tap'
import { createJudge } from '../../../../engine/facts/postgres/judge.js'
import { objection } from '../../../../engine/facts/postgres/witness.js'
import { fixture } from './lab.js'

const judge = await createJudge()

function nodes(sql: string) {
  const judged = judge.judge(sql)
  return judged.kind === 'statements' ? judged.statements.map((one) => one.node) : []
}

t.test('ordinary statements find both parsers of one mind', async (t) => {
  const cases = ['statements.json', 'narrowing.json', 'ordinary.json'].flatMap(
    (name) => JSON.parse(fixture(name)) as readonly { readonly sql: string }[],
  )
  for (const { sql } of cases) {
    const statements = nodes(sql)
    if (statements.length > 0) t.equal(objection(sql, statements), undefined, sql)
  }
})

t.test('a reading of other statements or relations is objected to', async (t) => {
  const against = (said: string, judged: string) => objection(said, nodes(judged))
  t.equal(against('SELECT 1; SELECT 2', 'SELECT 1'), 'number of statements')
  t.equal(against('DELETE FROM orders', 'SELECT 1'), 'kind of statement')
  t.equal(against('SELECT * FROM customers', 'SELECT * FROM orders'), 'relations touched')
  t.equal(against('DELETE FROM a', 'DELETE FROM b'), 'relations touched')
  t.equal(
    against('WITH x AS (DELETE FROM a) SELECT 1', 'WITH x AS (SELECT 1 FROM a) SELECT 1'),
    'relations touched',
  )
})

t.test('a text that is long, nested or beyond the witness meets no objection', async (t) => {
  t.equal(objection(`SELECT '${'x'.repeat(600)}' FROM a`, nodes('SELECT 1')), undefined)
  t.equal(objection(`SELECT ${'('.repeat(13)}1${')'.repeat(13)}`, nodes('BEGIN')), undefined)
  t.equal(objection('EXPLAIN SELECT 1', nodes('SELECT 1')), undefined)
})
