// Which columns get a literal that looks like a mask, and which get a parameter: fixtures/facts/written-masks.json
// labels every column named ssn or email. `column shape`, or `$n column`.
import t from 'tap'
import { labelled } from '../../../../../engine/facts/postgres/labels.js'
import { createReader } from '../../../../../engine/facts/postgres/read.js'
import { NAMES, createLab, fixture } from '../lab.js'

type Case = { readonly sql: string; readonly written: readonly string[] }

const lab = await createLab()
const reader = await createReader()
const catalogue = labelled(lab.catalogue, [
  { column: 'ssn', labels: ['pii'] },
  { column: 'email', labels: ['pii'] },
])

t.test('masks that are written to labelled columns are seen wherever they stand', async (t) => {
  for (const { sql, written } of JSON.parse(fixture('written-masks.json')) as readonly Case[]) {
    const [statement] = (await reader.read(sql, catalogue, NAMES)).statements
    const masks = (statement?.command.written_masks ?? []).map(
      ({ column, shape }) => `${column.replace('public.customers.', '')} ${shape}`,
    )
    const inner = statement?.control.kind === 'prepare' ? statement.control.statement : statement
    const asked = (inner?.parameters ?? []).map(
      ({ parameter, column }) => `$${parameter} ${column.replace('public.customers.', '')}`,
    )
    t.same([...masks, ...asked].sort(), [...written].sort(), sql)
  }
})

t.test('EXECUTE says which of what it gives looks like a mask', async (t) => {
  const [statement] = (await reader.read("EXECUTE p (1, '****', 'x')", catalogue, NAMES)).statements
  t.same(statement?.given, [undefined, 'asterisks', undefined])
})
