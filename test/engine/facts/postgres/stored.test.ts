// Which columns get values of labelled columns, statement by statement: fixtures/facts/stored.json labels
// every column named ssn or email. `into < from`, with `!` where it stays under another name.
import t from 'tap'
import { labelled } from '../../../../engine/facts/postgres/labels.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import type { Statement } from '../../../../engine/facts/postgres/reading.js'
import type { Stored } from '../../../../engine/facts/postgres/stored.js'
import { NAMES, createLab, fixture } from './lab.js'

type Case = { readonly sql: string; readonly stored: readonly string[] }

const lab = await createLab()
const reader = await createReader()
const catalogue = labelled(lab.catalogue, [
  { column: 'ssn', labels: ['pii'] },
  { column: 'email', labels: ['pii'] },
])
const cases = JSON.parse(fixture('stored.json')) as readonly Case[]

const read = async (sql: string): Promise<readonly Statement[]> =>
  (await reader.read(sql, catalogue, NAMES)).statements

t.test('labels follow values into every column that a statement writes them to', async (t) => {
  for (const { sql, stored } of cases) {
    const lines = (await read(sql)).flatMap((statement) => (statement.stored ?? []).map(lineOf))
    t.same([...new Set(lines)].sort(), [...stored].sort(), sql)
  }
})

function lineOf({ relation, attnum, column, from, kept }: Stored): string {
  const place = relation.oid === 0 && attnum > 0 ? `#${attnum}` : ''
  const short = (name: string): string => name.replace(/^public\./, '')
  return `${short(`${relation.schema}.${relation.name}`)}.${column}${place} < ${short(from)}${kept ? ' !' : ''}`
}
