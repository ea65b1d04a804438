// `sallyport policy mutate` as it is typed: its exit statuses, and what it says of wrong arguments.
import t, { type Test } from 'tap'
import { run } from '../../../../proxy/commands/policy.js'
import { folderWith, SMALL_FILES } from '../../policies/testing/small-policy.js'

type Typed = { readonly code: number; readonly out: string; readonly err: string }

async function typed(cwd: string, ...argv: readonly string[]): Promise<Typed> {
  let [out, err] = ['', '']
  const io = {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text), isTTY: true },
    env: process.env,
    cwd,
  }
  return { code: await run(['mutate', ...argv], io), out, err }
}

const TESTS = `package small_test

import data.sallyport.main

_decided(object, kind) := action if {
	effect := {"op": "read", "object": object, "kind": kind}
	facts := {"stage": "command", "session": {"purpose": ""}, "command": {"effects": [effect]}}
	action := main.decision.action with input as facts
}

test_tables_are_read if _decided("public.orders", "table") == "allow"

test_nothing_else_is if _decided("public.orders", "view") == "deny"
`

// A command test without DDL: the name cannot be resolved, so what is read is not known.
const COMMANDS = `target: shop
as: ada
cases:
  - name: secrets are not read
    sql: SELECT * FROM secrets.keys
    action: deny
`

function folder(test: Test, more: Readonly<Record<string, string>> = {}): string {
  return folderWith(test, { ...SMALL_FILES, 'tests/small_test.rego': TESTS, ...more })
}

t.test('too few noticed is 1, enough is 0, by the threshold of the settings', async (t) => {
  const settings = SMALL_FILES['sallyport-policy.yaml'] ?? ''
  const strict = folder(t, { 'sallyport-policy.yaml': `${settings}mutation: 100\n` })
  const bad = await typed(strict, '--only', '^small/secrets')
  t.equal(bad.code, 1, bad.err)
  t.match(bad.out, /small\/secrets  without this rule\n  - deny\.read contains/)
  t.match(bad.out, /✗ .* wanted are 100 %/)
  t.match(bad.err, /█+·* 1\/\d+ mutants/, 'how far it is, where somebody looks')
  const lax = folder(t, { 'sallyport-policy.yaml': `${settings}mutation: 0\n` })
  const good = await typed(lax, '--only', '^small/secrets', '--format', 'json')
  t.equal(good.code, 0, good.err)
  const { rules } = JSON.parse(good.out) as { readonly rules: readonly { rule: string }[] }
  t.same(
    rules.map(({ rule }) => rule),
    ['small/secrets'],
  )
})

t.test('tests that fail as it is are told, of both kinds', async (t) => {
  const failing = folder(t, { 'tests/small_test.rego': `${TESTS}\ntest_no if false\n` })
  const rego = await typed(failing, '--sample', '1')
  t.equal(rego.code, 1)
  t.match(rego.err, /fail before anything is changed: data\.small_test\.test_no/)
  const wrong = { 'tests/a.commands.yaml': COMMANDS.replace('deny', 'allow') }
  const commands = await typed(folder(t, wrong), '--sample', '1')
  t.equal(commands.code, 1)
  t.match(commands.err, /command tests fail .* tests\/a\.commands\.yaml:4 secrets are not read/)
})

t.test('wrong arguments are 2, with what is allowed', async (t) => {
  const root = folder(t)
  for (const [argv, says] of [
    [['--format', 'sarif'], '--format is one of pretty, json, markdown, github'],
    [['--sample', 'many'], '--sample is a whole number, not many'],
    [['--only', '('], '--only ( is not a regular expression'],
    [['--nonsense'], 'nonsense'],
  ] as const) {
    const { code, err } = await typed(root, ...argv)
    t.equal(code, 2, argv.join(' '))
    t.ok(err.includes(says), err)
  }
})
