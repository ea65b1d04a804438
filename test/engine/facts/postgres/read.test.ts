// Reading as a whole: every kind of statement has the facts that fixtures/facts/statements.json says,
// what cannot be read says why, and a text that was read before is not read again.
import t from 'tap'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import { NAMES, createLab, fixture, linesOf, reasonsOf } from './lab.js'

type Case = {
  readonly sql: string
  readonly tag: string
  readonly effects: readonly string[]
  readonly unread?: readonly string[]
  readonly control?: string
}

const lab = await createLab()
const cases = JSON.parse(fixture('statements.json')) as readonly Case[]

t.test('each kind of statement has exactly its effects', async (t) => {
  for (const { sql, tag, effects, unread = [], control = 'none' } of cases) {
    const [statement, ...more] = lab.read(sql).statements
    t.equal(more.length, 0, sql)
    if (statement === undefined) {
      t.fail(sql)
      continue
    }
    t.same(linesOf(statement), effects, sql)
    t.same(reasonsOf(statement), unread, sql)
    t.equal(statement.command.postgres.tag, tag, sql)
    t.equal(statement.control.kind, control, sql)
  }
})

t.test('a syntax error is reported as PostgreSQL reports it, and is unread', async (t) => {
  const reading = lab.read("SELECT 'é' FRM orders WHERE x")
  t.same(reading.syntaxError, { message: 'syntax error at or near "orders"', position: 16 })
  t.same(reading.statements.map(reasonsOf), [['not_parsed']])
  t.equal(lab.read('SELECT 1').syntaxError, undefined)
})

t.test('a NUL character ends no reading early', async (t) => {
  const reading = lab.read('SELECT 1\0; DROP TABLE orders')
  t.same(reading.statements.map(reasonsOf), [['not_parsed']])
  t.ok(reading.syntaxError)
})

t.test('an empty text has no statement', async (t) => {
  for (const sql of ['', ' ', ';', ';;/* x */ -- y', '-- DROP TABLE orders']) {
    t.same(lab.read(sql).statements, [], sql)
  }
})

t.test('byte ranges cut the text into its statements', async (t) => {
  const sql = "SELECT 'é' ; SELECT 2;\n DROP TABLE orders"
  const bytes = Buffer.from(sql)
  const parts = lab.read(sql).statements.map(({ start, end }) => bytes.toString('utf8', start, end))
  t.same(
    parts.map((part) => part.trim()),
    ["SELECT 'é'", 'SELECT 2', 'DROP TABLE orders'],
  )
})

t.test('a constant limit is told, and no other', async (t) => {
  const limit = (sql: string) => lab.read(sql).statements[0]?.command.postgres.limited
  t.equal(limit('SELECT id FROM orders LIMIT 5'), 5)
  t.equal(limit('SELECT id FROM orders FETCH FIRST 3 ROWS ONLY'), 3)
  t.equal(limit('SELECT id FROM orders LIMIT 0'), 0)
  for (const sql of [
    'SELECT id FROM orders',
    'SELECT id FROM orders LIMIT ALL',
    'SELECT id FROM orders LIMIT 2 + 3',
    'SELECT id FROM orders LIMIT $1',
    'SELECT id FROM orders ORDER BY id FETCH FIRST 3 ROWS WITH TIES',
    'SELECT * FROM (SELECT id FROM orders LIMIT 5) x',
  ]) {
    t.equal(limit(sql), -1, sql)
  }
})

t.test('a text read before has the same reading, for the same catalogue and names', async (t) => {
  const reader = await createReader()
  const sql = 'SELECT id FROM orders'
  const first = await reader.read(sql, lab.catalogue, NAMES)
  t.equal(await reader.read(sql, lab.catalogue, { ...NAMES }), first)
  const other = await reader.read(sql, lab.catalogue, { ...NAMES, searchPath: ['pg_catalog'] })
  t.not(other.id, first.id)
  t.same(other.statements.map(reasonsOf), [['name_not_resolved']])
  const newer = { ...lab.catalogue, version: lab.catalogue.version + 1 }
  t.not((await reader.read(sql, newer, NAMES)).id, first.id)
})

t.test('many texts push out old readings and never a wrong one in', async (t) => {
  const reader = await createReader()
  for (let n = 0; n < 9000; n += 1) await reader.read(`SHOW s${n}`, lab.catalogue, NAMES)
  const reading = await reader.read('SHOW s1', lab.catalogue, NAMES)
  t.same(reading.statements.map(linesOf), [['read s1']])
})

t.test('what is too deep or too much is over a limit, not a crash', async (t) => {
  const sum = `SELECT ${'1+'.repeat(3000)}1`
  t.same(lab.read(sum).statements.map(reasonsOf), [['over_limit']])
  const parentheses = `SELECT ${'('.repeat(20_000)}1${')'.repeat(20_000)}`
  t.not(lab.read(parentheses).statements.map(reasonsOf)[0]?.length, 0)
  const many = 'SELECT 1;'.repeat(1001)
  t.same(lab.read(many).statements.map(reasonsOf), [['over_limit']])
  const list = `SELECT 1 FROM orders WHERE id IN (${'1,'.repeat(90_000)}1)`
  t.same(lab.read(list).statements.map(reasonsOf), [['over_limit']])
})

t.test('a long literal is ordinary', async (t) => {
  const [statement] = lab.read(`SELECT length('${'x'.repeat(1024 * 1024)}')`).statements
  t.same(statement?.command.unread, [])
})

t.test('a long text is parsed elsewhere when there is an elsewhere', async (t) => {
  const { parse } = await import('libpg-query')
  const reader = await createReader({ parseElsewhere: parse })
  const list = `DELETE FROM orders WHERE id IN (${'1,'.repeat(40_000)}1)`
  const reading = reader.read(list, lab.catalogue, NAMES)
  t.ok(reading instanceof Promise)
  const lines = (await reading).statements.flatMap(linesOf)
  t.match(lines[0], /equality/)
  const failing = await createReader({ parseElsewhere: () => Promise.reject(new Error('gone')) })
  const refused = await failing.read(list, lab.catalogue, NAMES)
  t.same(refused.statements.map(reasonsOf), [['over_limit']])
})
