// A run of all three kinds: the shipped policies are good, and each of many wrong ones is noticed, by the
// test that should notice it and in words that say what is wrong.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { policyAt, catalogueFor } from '../../../../proxy/commands/policy/toolbox.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import type { TestReport } from '../../../../proxy/policies/testing/outcome.js'
import { testRun } from '../../../../proxy/policies/testing/test-run.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { LIBRARY, opaPath } from '../../../rego/library.js'
import { SMALL_FILES, folderWith } from './small-policy.js'
import { WRONG_POLICIES } from './wrong-policies.js'

const FUEL = 5_000_000
const silent = { write: () => true }
const io = { stdout: silent, stderr: silent, env: process.env, cwd: process.cwd() }

async function reportOn(
  root: string,
  more: { readonly only?: RegExp; readonly count?: number } = {},
): Promise<TestReport> {
  const folder = await policyFolder(root)
  const { policy, bytes } = await policyAt(folder, io)
  return testRun({
    ...more,
    opa: await opaPath(),
    folder,
    bytes,
    policy,
    fuel: FUEL,
    catalogue: (target) => catalogueFor(folder, target, policy, io),
  })
}

t.test('each wrong policy is noticed', { skip: missingPostgres('embedded') }, async (t) => {
  for (const { name, file, change, caught, verdict, says } of WRONG_POLICIES) {
    const root = mkdtempSync(join(tmpdir(), 'sallyport-wrong-'))
    try {
      for (const part of [
        'policies',
        'data',
        'catalogue',
        'sallyport-policy.yaml',
        'tests/commands',
      ])
        cpSync(join(LIBRARY, part), join(root, part), { recursive: true })
      let text = readFileSync(join(root, file), 'utf8')
      for (const [from, to] of change) {
        if (!text.includes(from)) t.fail(`${name}: ${file} has changed`)
        text = text.replace(from, to)
      }
      writeFileSync(join(root, file), text)
      const only = new RegExp(`${caught}$`, 'u')
      const { outcomes } = await reportOn(root, { only, count: 300 })
      const found = outcomes.find((one) => one.name === caught)
      t.equal(found?.verdict, verdict, name)
      t.match(found?.details.join('\n'), says, `${name}: it says so`)
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  }
})

t.test('what breaks a property is told as a small document', async (t) => {
  const main = SMALL_FILES['policies/sallyport/main.rego'] ?? ''
  const root = folderWith(t, {
    ...SMALL_FILES,
    'policies/sallyport/main.rego': main.replace(
      'degraded := decision',
      'degraded := {"action": "allow", "rules": [], "masks": [], "limits": {}}',
    ),
  })
  const { outcomes } = await reportOn(root, { count: 100 })
  const found = outcomes.find(({ name }) => name === 'degraded is never weaker')
  t.equal(found?.verdict, 'failed')
  const json = found?.details.find((line) => line.trim().startsWith('{')) ?? '{}'
  const small = JSON.parse(json) as { command?: { effects: unknown[]; flows: unknown[] } }
  t.ok((small.command?.effects.length ?? 0) <= 1)
  t.same(small.command?.flows ?? [], [])
  t.ok(json.length < 900, `${json.length} characters`)
})

t.test(
  'a command that OPA and Wasm decide differently is told as that',
  { skip: missingPostgres('embedded') },
  async (t) => {
    const main = SMALL_FILES['policies/sallyport/main.rego'] ?? ''
    const root = folderWith(t, {
      ...SMALL_FILES,
      'policies/sallyport/main.rego': main.replace(
        'not _covered(effect.op, at)',
        'not policies.allow[effect.op][at]',
      ),
      'sallyport-policy.yaml': `version: 1
identities: {ada: {kind: human}}
targets: {shop: {catalogue: [shop.sql]}}
`,
      'shop.sql': 'CREATE TABLE orders (id int); CREATE VIEW open AS SELECT id FROM orders;',
      'tests/views.commands.yaml': `target: shop
as: ada
cases:
  - name: nobody reads views
    sql: SELECT id FROM open
    action: deny
  - name: everybody reads tables
    sql: SELECT id FROM orders
    action: allow
`,
    })
    const { outcomes } = await reportOn(root, { count: 0 })
    t.same(
      outcomes.map(({ name, verdict }) => [name, verdict]),
      [
        ['nobody reads views', 'differs'],
        ['everybody reads tables', 'passed'],
      ],
    )
    t.match(
      outcomes[0]?.details.join('\n'),
      /in OPA, .*sallyport\/not-covered.*\ncame {6}in Wasm: allow/,
    )
  },
)

t.test('a folder without settings is tested as well', async (t) => {
  const root = folderWith(t, {
    'main.rego': SMALL_FILES['policies/sallyport/main.rego'] ?? '',
    'rules.rego': SMALL_FILES['policies/sallyport/policies/rules.rego'] ?? '',
    'words/data.yaml': 'secret: [secrets.keys]\n',
    'tests/small_test.rego':
      'package small_test\n\ntest_data if data.words.secret[0] == "secrets.keys"\n',
  })
  const { outcomes, coverage } = await reportOn(root, { count: 20 })
  t.same(
    outcomes.filter(({ verdict }) => verdict !== 'passed'),
    [],
  )
  t.equal(outcomes.length, 7)
  t.same(
    outcomes.filter(({ onlyByOpa }) => onlyByOpa !== undefined),
    [],
  )
  t.same([...(coverage?.rows.keys() ?? [])].sort(), ['main.rego', 'rules.rego'])
})

t.test('thresholds that are not reached fail the run, and name the rules', async (t) => {
  const settings = SMALL_FILES['sallyport-policy.yaml'] ?? ''
  const root = folderWith(t, {
    ...SMALL_FILES,
    'sallyport-policy.yaml': `${settings}coverage: {rules: 100, lines: 50}\n`,
    'tests/small_test.rego': `package small_test

import data.sallyport.main

test_reading if {
	facts := {"command": {"effects": [{"op": "read", "object": "x", "kind": "table"}]}}
	main.decision.action == "allow" with input as facts
}
`,
  })
  const report = await reportOn(root, { count: 20 })
  t.same(
    report.coverage?.silent.map(({ id }) => id),
    ['small/secrets'],
  )
  t.match(report.shortfalls, [/^tests reach 50 % of the rules \(1 of 2\).* wants 100 %$/])
  t.ok((report.coverage?.lines.percent ?? 0) > 50)
  t.equal(report.outcomes.filter(({ verdict }) => verdict !== 'passed').length, 0)
})

t.test('without any test nothing is reached, however much is generated', async (t) => {
  const settings = SMALL_FILES['sallyport-policy.yaml'] ?? ''
  const root = folderWith(t, {
    ...SMALL_FILES,
    'sallyport-policy.yaml': `${settings}coverage: {rules: 1, lines: 1}\n`,
  })
  const report = await reportOn(root, { count: 20 })
  t.equal(report.coverage?.lines.reached, 0)
  t.ok((report.coverage?.lines.total ?? 0) > 10)
  t.equal(report.shortfalls.length, 2)
})

t.test('a pattern that no test fits is a mistake', async (t) => {
  await t.rejects(reportOn(folderWith(t, SMALL_FILES), { only: /no such test/ }), { code: 'usage' })
})
