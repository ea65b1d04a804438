// How far a WHERE narrows, case by case: a condition counts only where it is shown to leave rows out.
import t from 'tap'
import { createLab, fixture } from './lab.js'

const lab = await createLab()
const cases = JSON.parse(fixture('narrowing.json')) as readonly {
  readonly sql: string
  readonly where: string
}[]

t.test('a condition narrows as far as it is shown to, and no further', async (t) => {
  for (const { sql, where } of cases) {
    const effects = lab.read(sql).statements.flatMap((one) => one.command.effects)
    t.equal(effects.find((effect) => effect.where !== undefined)?.where, where, sql)
  }
})

t.test('an operator that users overload shows nothing', async (t) => {
  const { catalogue } = lab
  const operator = { schema: 'public', name: '=', left: 23, right: 23, result: 16, routine: 65 }
  const overloaded = {
    ...catalogue,
    operators: (schema: string, name: string) =>
      schema === 'public' && name === '=' ? [operator] : catalogue.operators(schema, name),
  }
  const { createReader } = await import('../../../../engine/facts/postgres/read.js')
  const reader = await createReader()
  const sql = 'DELETE FROM orders WHERE id = 1'
  const reading = await reader.read(sql, overloaded, lab.names)
  const effects = reading.statements.flatMap((one) => one.command.effects)
  t.equal(effects.find(({ op }) => op === 'delete')?.where, 'trivial')
})
