// What is read from commands fits the schema of facts, and what the schema calls a set is one: sorted,
// each member once. Rules, caches and proofs of policies lean on it.
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import t from 'tap'
import { labelled } from '../../../engine/facts/postgres/labels.js'
import { createReader } from '../../../engine/facts/postgres/read.js'
import { commandSchema, factsSchema, type CommandFacts } from '../../../engine/schemas/facts.js'
import { NAMES, createLab, fixture } from '../facts/postgres/lab.js'

const lab = await createLab()
const reader = await createReader()
// Several labels to a column, given in no order and twice.
const catalogue = labelled(lab.catalogue, [
  { column: '*', labels: ['z', 'b', 'a', 'b'] },
  { column: 'ssn', labels: ['pii', 'a'] },
])

type Case = { readonly sql: string }

const OWN = ['statements.json', 'flows.json', 'narrowing.json', 'ordinary.json'].flatMap((name) =>
  (JSON.parse(fixture(name)) as readonly Case[]).map(({ sql }) => sql),
)

// Every text of the attacks, whichever member of a case it stands in.
function textsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(textsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'sql' && typeof inner === 'string' ? [inner] : textsIn(inner),
  )
}

const ATTACKS = textsIn(JSON.parse(readFileSync('fixtures/evasions/found.json', 'utf8')))

async function read(): Promise<readonly CommandFacts[]> {
  const found: CommandFacts[] = []
  for (const sql of [...OWN, ...ATTACKS]) {
    if (typeof sql !== 'string') continue
    const { statements } = await reader.read(sql, catalogue, NAMES)
    const of = statements.length
    statements.forEach(({ command }, at) => {
      const postgres = { ...command.postgres, message: 'simple' as const, position: at + 1, of }
      found.push({ ...command, postgres, digest: 'sha256:0' })
    })
  }
  return found
}

t.test('facts of commands fit their schema, and their sets are sorted', async (t) => {
  const fits = new Ajv({ strict: false }).compile(commandSchema)
  const commands = await read()
  t.ok(commands.length > 300)
  const sets = commands.flatMap(({ effects, flows }) => [
    ...effects.flatMap(({ columns, labels }) => [columns ?? [], labels ?? []]),
    ...flows.map(({ labels }) => labels),
  ])
  t.ok(sets.some((one) => one.length > 3))
  t.same(
    commands.filter((one) => !fits(one)),
    [],
  )
  t.same(
    sets.filter((one) => one.join('\n') !== [...new Set(one)].sort().join('\n')),
    [],
  )
})

t.test('the schema refuses a set that names something twice', async (t) => {
  const fits = new Ajv({ strict: false }).compile(factsSchema)
  const facts = (groups: readonly string[]): object => ({
    version: 1,
    stage: 'session',
    identity: {
      subject: 's',
      issuer: 'i',
      name: '',
      kind: 'human',
      groups,
      actor: [],
      claims: {},
      mfa: false,
    },
    target: { name: 'shop', kind: 'postgres', labels: {}, database: 'shop' },
    session: {
      id: 's',
      client_address: '',
      application: '',
      purpose: '',
      transaction: 'idle',
      counters: { commands: 0, commands_last_minute: 0, rows: 0, labelled_rows: 0, denials: 0 },
    },
    time: { utc: '2026-01-05T09:00:00Z', weekday: 'monday', hour: 9, zone: 'UTC' },
    grants: [],
  })
  t.ok(fits(facts(['a', 'b'])))
  t.notOk(fits(facts(['a', 'a'])))
})
