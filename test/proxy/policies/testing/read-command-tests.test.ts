// Tables of commands are read strictly: whatever does not fit is told with its place and what would.
import t from 'tap'
import type { PolicySettings } from '../../../../engine/schemas/policy-settings.js'
import { tableOf } from '../../../../proxy/policies/testing/read-command-tests.js'

const SETTINGS: PolicySettings = {
  version: 1,
  identities: { agent: { kind: 'agent' }, ada: { kind: 'human' } },
  targets: { shop: {} },
}

function problems(text: string): readonly string[] {
  return tableOf(text, 'tests/a.commands.yaml', SETTINGS).problems.map((one) => one.text)
}

const GOOD = `target: shop
as: agent
cases:
  - name: one
    sql: SELECT 1
    action: allow
  - name: two
    as: ada
    at: 2026-01-05T03:00:00Z
    sql: |
      SELECT 2
    rules: []
`

t.test('a case is placed by its line, and has what its table says', async (t) => {
  const { cases, problems } = tableOf(GOOD, 'tests/a.commands.yaml', SETTINGS)
  t.same(problems, [])
  t.match(cases, [
    { as: 'agent', target: 'shop', line: 4, atMs: undefined, one: { name: 'one' } },
    { as: 'ada', target: 'shop', line: 7, atMs: Date.UTC(2026, 0, 5, 3) },
  ])
})

t.test('each mistake is told with line, column and what is allowed', async (t) => {
  const wrong: readonly (readonly [what: string, text: string, says: RegExp])[] = [
    [
      'a command of a later protocol',
      'cases:\n  - name: a\n    ssh: rm -rf /\n',
      /^tests\/a\.commands\.yaml: cases\[0\]\.ssh \(3:5\): found a command of another protocol, “ssh”.*allowed: one of sql$/,
    ],
    [
      'no command',
      'cases:\n  - name: a\n    action: allow\n',
      /cases\[0\] \(2:5\): found a case without a command; allowed: exactly one of sql/,
    ],
    [
      'an unknown key',
      'target: shop\nas: ada\ncases:\n  - name: a\n    sql: SELECT 1\n    acton: allow\n',
      /cases\[0\]\.acton \(6:5\): found an unknown key “acton”; allowed: did you mean “action”\?/,
    ],
    [
      'an action that is none',
      'target: shop\nas: ada\ncases:\n  - name: a\n    sql: SELECT 1\n    action: permit\n',
      /cases\[0\]\.action \(6:13\): found “permit”; allowed: one of allow, deny, mask-fields, require/,
    ],
    [
      'an identity that the settings do not name',
      'target: shop\nas: bob\ncases:\n  - name: a\n    sql: SELECT 1\n    action: allow\n',
      /as \(2:5\): found “bob”; allowed: one of agent, ada \(identities in sallyport-policy\.yaml\)/,
    ],
    [
      'no target',
      'as: ada\ncases:\n  - name: a\n    sql: SELECT 1\n    action: allow\n',
      /cases\[0\]\.target \(3:5\): found nothing; allowed: one of shop .*, here or for the whole table/,
    ],
    [
      'a time that is none',
      'target: shop\nas: ada\ncases:\n  - name: a\n    sql: SELECT 1\n    at: tomorrow\n    action: allow\n',
      /cases\[0\]\.at \(6:9\): found “tomorrow”; allowed: a time as RFC 3339 has it/,
    ],
    [
      'no expectation',
      'target: shop\nas: ada\ncases:\n  - name: a\n    sql: SELECT 1\n',
      /cases\[0\] \(4:5\): found no expectation; allowed: one of action, rules/,
    ],
    ['not YAML', 'cases: [\n', /\(2:1\): found an indentation/],
    ['a key twice', 'cases: []\ncases: []\n', /\(2:1\): found the same key twice/],
    [
      'no case',
      'cases: []\n',
      /cases \(1:8\): found an empty list; allowed: a list with at least one/,
    ],
    ['an alias', 'cases: &a\n  - name: a\n    sql: x\n    rules: *a\n', /found an alias/],
  ]
  for (const [what, text, says] of wrong) t.match(problems(text)[0], says, what)
})
