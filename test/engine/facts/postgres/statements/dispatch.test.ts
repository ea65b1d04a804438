// The table of statement readers against the grammar's own list of node types.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { join, dirname } from 'node:path'
import t from 'tap'
import { NOTHING_STALE } from '../../../../../engine/facts/postgres/analysis.js'
import { statementOf } from '../../../../../engine/facts/postgres/statements/statement.js'
import { READ_TAGS } from '../../../../../engine/facts/postgres/statements/dispatch.js'
import { NAMES, createLab, fixture } from '../lab.js'

// Nodes named like statements that no text has at its top: the wrapper, what the planner makes, what
// only function bodies hold.
const NEVER_ALONE = [
  'RawStmt',
  'SetOperationStmt',
  'ReturnStmt',
  'PLAssignStmt',
  'ReplicaIdentityStmt',
]

t.test('every statement that PostgreSQL 18 knows has a reader', async (t) => {
  const require = createRequire(import.meta.url)
  const types = join(dirname(require.resolve('@pgsql/types')), 'types.d.ts')
  const names = [...readFileSync(types, 'utf8').matchAll(/export interface (\w+Stmt) /g)]
  const statements = names.map((match) => match[1] ?? '')
  t.ok(statements.length > 110)
  t.same(
    statements.filter((name) => !READ_TAGS.has(name)),
    NEVER_ALONE,
  )
})

t.test('a statement that nobody knows is unread and of unknown effect', async (t) => {
  const lab = await createLab()
  const node = JSON.parse('{"GraphQueryStmt":{}}')
  const around = {
    catalogue: lab.catalogue,
    names: NAMES,
    stale: NOTHING_STALE,
    parse: () => undefined,
  }
  const { statement } = statementOf({ node, start: 0, end: 0 }, around)
  t.same(statement.command.unread, [{ reason: 'unknown_node', detail: 'GraphQueryStmt' }])
  t.same(statement.command.effects, [{ op: 'unknown', object: '', kind: 'statement' }])
  t.same(statement.invalidates, { catalogue: true, names: true })
})

t.test('every kind of statement has a case', async (t) => {
  const { createJudge } = await import('../../../../../engine/facts/postgres/judge.js')
  const judge = await createJudge()
  const seen = new Set<string>()
  const cases = JSON.parse(fixture('statements.json')) as readonly { readonly sql: string }[]
  for (const { sql } of cases) {
    const judged = judge.judge(sql)
    if (judged.kind !== 'statements') continue
    for (const { node } of judged.statements) for (const tag of Object.keys(node)) seen.add(tag)
  }
  t.same(
    [...READ_TAGS].filter((tag) => !seen.has(tag)),
    [],
  )
})
