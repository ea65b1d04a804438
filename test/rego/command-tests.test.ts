// Every shipped rule that speaks is met by a command that somebody could type, not by facts alone.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'

const POLICIES = 'rego/policies/sallyport/policies'
const TESTS = 'rego/tests'

// What no command can show, and why.
const UNTYPED: Readonly<Record<string, string>> = {
  'destructive/unknown-delete':
    'the condition of a DELETE is always read, or the statement is unread',
  'limits/production-hours': 'off in the shipped data; the tests in Rego turn it on',
  'sallyport/unknown-kind': 'no identity provider gets this far with such a kind',
}

function declared(): readonly string[] {
  return readdirSync(POLICIES).flatMap((name) => {
    const text = readFileSync(join(POLICIES, name), 'utf8')
    const rules = text.matchAll(/^#   id: (\S+)\n(?:#.*\n)*(?:deny|hold)\./gm)
    return [...rules].map((match) => match[1] ?? '')
  })
}

type Expected = { readonly rules?: readonly string[]; readonly rules_include?: readonly string[] }
type Table = {
  readonly cases: readonly (Expected & { readonly statements?: readonly Expected[] })[]
}

function met(): readonly string[] {
  const names = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
  const tables = names.filter((name) => name.endsWith('.commands.yaml'))
  return tables
    .map((name) => parse(readFileSync(join(TESTS, name), 'utf8')) as Table)
    .flatMap(({ cases }) => cases.flatMap((one) => [one, ...(one.statements ?? [])]))
    .flatMap(({ rules = [], rules_include: included = [] }) => [...rules, ...included])
}

t.test('every rule that denies or holds has a command test', async (t) => {
  const ids = [...new Set(declared())]
  t.ok(ids.length > 30)
  const found = met()
  const missing = ids.filter((id) =>
    id.endsWith('*')
      ? !found.some((one) => one.startsWith(id.slice(0, -1)))
      : !found.includes(id) && !(id in UNTYPED),
  )
  t.same(missing, [])
  t.same(
    Object.keys(UNTYPED).filter((id) => found.includes(id) || !ids.includes(id)),
    [],
    'what is excused is there, and needs it',
  )
})
