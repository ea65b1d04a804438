// Inside of JSON: where sensitive values are, by paths that show no value.
import t from 'tap'
import { jsonTallyOf } from '../../../proxy/labels/json-tally.js'

const documents = (of: (row: number) => unknown): readonly string[] =>
  Array.from({ length: 50 }, (_, row) => JSON.stringify(of(row)))

const pathsWith = (values: readonly (string | null)[], kind: 'email' | 'card'): readonly string[] =>
  jsonTallyOf(values, 'people')
    .paths.filter(({ tally }) => tally.whole[kind] > 0)
    .map(({ path }) => path)

t.test('a path leads to what stands in objects and lists', async (t) => {
  const values = documents((row) => ({
    contact: { mails: [`p${row}@example.com`], main: { note: 'none' } },
    pay: [{ card: 4111111111111111 }],
  }))
  t.same(pathsWith(values, 'email'), ['contact.mails[]'])
  t.same(pathsWith(values, 'card'), ['pay[].card'])
  const { paths } = jsonTallyOf(values, 'people')
  t.match(paths.find(({ path }) => path === 'pay[].card')?.name, { kind: 'card' })
})

t.test('keys that are values are counted and never shown', async (t) => {
  const byMail = documents((row) => ({ [`p${row}@example.com`]: { since: 2020 } }))
  t.same(pathsWith(byMail, 'email'), ['*'])
  const byName = documents((row) => ({ [`ada_${row}`]: { email: `p${row}@example.com` } }))
  t.same(pathsWith(byName, 'email'), ['*.email'])
  t.notMatch(JSON.stringify(jsonTallyOf(byName, 'people')), /ada|example/)
  const rare = documents((row) => (row < 3 ? { lovelace: 'x@example.com' } : { form: 1 }))
  t.same(pathsWith(rare, 'email'), ['*'])
})

t.test('what is no JSON, deep, wide or cut off is looked at as far as it goes', async (t) => {
  t.same(pathsWith(['{"a": "p@example.com', 'p@example.com'], 'email'), [''])
  t.same(pathsWith([null, 'null', '[]', '{}', '"p@example.com"'], 'email'), [''])
  const deep = `${'['.repeat(5000)}"p@example.com"${']'.repeat(5000)}`
  t.same(pathsWith([deep], 'email'), [])
  const wide = JSON.stringify(
    Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at])),
  )
  t.ok(jsonTallyOf(Array(20).fill(wide), 'people').paths.length <= 300)
  t.same(pathsWith([JSON.stringify({ ['__proto__']: 'p@example.com' })], 'email'), ['*'])
})
