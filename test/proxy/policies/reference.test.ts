// The reference of facts and decisions says what the schemas say, field by field.
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { reference } from '../../../proxy/policies/reference.js'

const FILE = 'rego/REFERENCE.md'

t.test('the committed reference is what the schemas generate', async (t) => {
  const made = reference()
  if (process.env['WRITE'] === '1') writeFileSync(FILE, made)
  t.equal(
    readFileSync(FILE, 'utf8'),
    made,
    `WRITE=1 npx tsx test/${'proxy/policies/reference'}.test.ts`,
  )
})

t.test('every field has a meaning in words', async (t) => {
  const rows = reference()
    .split('\n')
    .filter((line) => line.startsWith('| `'))
  t.ok(rows.length > 60)
  const silent = rows.filter((row) => /\|\s*\|$/.test(row) && !/\| object \|/.test(row))
  t.same(silent, [])
})
