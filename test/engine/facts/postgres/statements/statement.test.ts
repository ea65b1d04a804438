// Where the values of labelled columns go, statement by statement: fixtures/facts/flows.json labels
// every column named ssn or email.
import t from 'tap'
import { labelled } from '../../../../../engine/facts/postgres/labels.js'
import { createReader } from '../../../../../engine/facts/postgres/read.js'
import { NAMES, createLab, fixture, reasonsOf } from '../lab.js'

type Case = {
  readonly sql: string
  readonly flows: readonly string[]
  readonly unread?: readonly string[]
}

const lab = await createLab()
const reader = await createReader()
const catalogue = labelled(lab.catalogue, [
  { column: 'ssn', labels: ['pii'] },
  { column: 'email', labels: ['pii'] },
])
const cases = JSON.parse(fixture('flows.json')) as readonly Case[]

t.test('each use of a labelled column is a flow to where its value goes', async (t) => {
  for (const { sql, flows, unread = [] } of cases) {
    const [statement] = (await reader.read(sql, catalogue, NAMES)).statements
    if (statement === undefined) throw new Error(sql)
    const lines = statement.command.flows.map(({ from, to, through }) => {
      const way = through.length === 0 ? '' : ` (${through.join(' ')})`
      return `${from.replace('public.', '')} > ${to}${way}`
    })
    t.same([...new Set(lines)], flows, sql)
    t.same(reasonsOf(statement), unread, sql)
  }
})

t.test('effects on a relation with labelled columns say so', async (t) => {
  for (const sql of [
    'DROP TABLE customers',
    'TRUNCATE customers',
    'DELETE FROM customers WHERE id = 1',
    'ALTER TABLE customers ADD COLUMN x int',
    'COPY customers TO STDOUT',
    'CREATE PUBLICATION p FOR TABLE customers',
    "UPDATE customers SET ssn = 'x' WHERE id = 1",
  ]) {
    const reading = await reader.read(sql, catalogue, NAMES)
    const effects = reading.statements.flatMap((one) => one.command.effects)
    t.ok(
      effects.some((effect) => effect.labels?.includes('pii')),
      sql,
    )
  }
})

t.test('a table created in the text takes the labels that its columns’ names have', async (t) => {
  const sql = 'CREATE TABLE x (ssn text); SELECT ssn FROM x'
  const [, statement] = (await reader.read(sql, catalogue, NAMES)).statements
  t.same(
    statement?.command.flows.map(({ from, to }) => [from, to]),
    [['public.x.ssn', 'output']],
  )
})

t.test('one statement inside another counts with its own facts', async (t) => {
  const [statement] = lab.read('PREPARE p AS DELETE FROM orders WHERE id = $1').statements
  const control = statement?.control
  t.equal(control?.kind, 'prepare')
  if (control?.kind !== 'prepare') return
  t.equal(control.statement.command.postgres.tag, 'DELETE')
  t.same(control.statement.command.effects, statement?.command.effects)
})
