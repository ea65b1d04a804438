// A folder of Rego becomes a bundle: all of it, nothing besides, the same bytes wherever it stands; and
// what is wrong with it is told in the words that its author needs.
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { policyOf } from '../../../engine/policy/bundle.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { SMOKE_FACTS } from '../../../engine/policy/smoke-facts.js'
import { buildBundle } from '../../../proxy/policies/build.js'
import { unpacked } from '../../engine/policy/opa-lab.js'
import { LIBRARY, opaPath } from '../../rego/library.js'

const MAIN = `package sallyport.main

decision := {"action": "allow", "rules": [], "masks": [], "limits": {}} if count(data.rules.denied) == 0

decision := {"action": "deny", "rules": [{"id": id, "message": id} | some id in data.rules.denied], "masks": [], "limits": {}} if {
	count(data.rules.denied) > 0
}

degraded := decision

approval := {"allow": false, "reason": "nobody"}
`
const RULE = 'package rules\n\ndenied contains "extra/rule" if input.version == 1\n'
const NONE = 'package rules\n\ndenied contains "none" if input.version == 2\n'

function folderOf(test: Test, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries({ 'main.rego': MAIN, 'none.rego': NONE, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

async function bytesOf(folder: string): Promise<Buffer> {
  return buildBundle({ opa: await opaPath(), folder })
}

async function builtFrom(folder: string): Promise<Policy> {
  return policyOf(await bytesOf(folder), { id: 1, fuel: 5_000_000 })
}

function firstRule(policy: Policy): string {
  const [facts] = SMOKE_FACTS
  if (facts === undefined) throw new Error('there are no smoke cases')
  return policy.decide(facts, 'decision').rules[0]?.id ?? 'allowed'
}

t.test('the shipped policies build to the same bytes wherever they stand', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-elsewhere-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const copy = join(folder, 'a', 'longer', 'path')
  cpSync(LIBRARY, copy, { recursive: true })
  utimesSync(join(copy, 'policies', 'sallyport', 'main.rego'), 0, 0)
  const [one, other] = [await unpacked(await bytesOf(LIBRARY)), await unpacked(await bytesOf(copy))]
  t.same([...one.keys()], [...other.keys()])
  for (const [name, content] of one) {
    // The revision is Git's.
    if (name.endsWith('.manifest')) continue
    t.ok(content.equals(other.get(name) ?? Buffer.alloc(0)), name)
  }
  t.ok((await bytesOf(copy)).equals(await bytesOf(copy)), 'and twice the same, packed')
})

t.test('no policy is left out, whatever its folder is called', async (t) => {
  for (const name of [
    'extra.rego',
    'team.v2/extra.rego',
    'a/b/c/d/extra.rego',
    'lib/tests/extra.rego',
  ]) {
    t.equal(firstRule(await builtFrom(folderOf(t, { [name]: RULE }))), 'extra/rule', name)
  }
})

t.test('links are followed, as mounted configuration needs', async (t) => {
  const folder = folderOf(t, {})
  const elsewhere = folderOf(t, { 'real/extra.rego': RULE })
  symlinkSync(join(elsewhere, 'real', 'extra.rego'), join(folder, 'linked.rego'))
  t.equal(firstRule(await builtFrom(folder)), 'extra/rule')
  symlinkSync(folder, join(folder, 'round'))
  await t.rejects(bytesOf(folder), /nested too deeply|ELOOP/)
})

t.test('tests and documents are left out', async (t) => {
  const wrong = 'package wrong\n\nthis is no Rego\n'
  const folder = folderOf(t, {
    'tests/a.rego': wrong,
    'area/a_test.rego': wrong,
    '.hidden/a.rego': wrong,
    'README.md': '# About',
    'notes.json': '{"a": 1}',
  })
  const files = await unpacked(await bytesOf(folder))
  t.notOk([...files.keys()].some((name) => /wrong|test|hidden|README|notes/.test(name)))
})

t.test('data of all folders becomes one document', async (t) => {
  const folder = folderOf(t, {
    'labels/data.yaml': 'columns:\n  - column: ssn\n    labels: [pii]\n',
    'more/data.json': '{"x": 1}',
  })
  const policy = await builtFrom(folder)
  t.same(policy.labels, [{ column: 'ssn', labels: ['pii'] }])
})

t.test('what cannot be right is refused, with the place and the reason', async (t) => {
  const schema = '# METADATA\n# schemas:\n#   - input: schema.input\n'
  for (const [text, ...parts] of [
    [
      `${schema}package x\n\ny if input.identity.knd == "agent"\n`,
      'x.rego:6',
      'undefined ref',
      'knd',
    ],
    ['package x\n\ny if\n', 'x.rego'],
    ['package x\n\ny := http.send({"method": "get", "url": "http://a"})\n', 'http.send'],
    ['package x\n\ny := time.now_ns()\n', 'time.now_ns'],
    ['package x\n\ny := rand.intn("a", 3)\n', 'rand.intn'],
    ['package x\n\ny := opa.runtime()\n', 'opa.runtime'],
    ['package x\n\nimport data.unused\n\ny := 1\n', 'x.rego'],
  ] as const) {
    const folder = folderOf(t, { 'x.rego': text })
    const problem: unknown = await bytesOf(folder).catch((thrown: unknown) => thrown)
    t.match(problem, { code: 'bundle_invalid' })
    for (const part of parts) t.ok(String(problem).includes(part), `${part} in ${String(problem)}`)
    t.notOk(String(problem).includes(tmpdir()), 'no path of ours')
  }
})

t.test('the revision is the commit, and says where the folder differs from it', async (t) => {
  const folder = folderOf(t, {})
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      encoding: 'utf8',
    }).trim()
  t.equal((await builtFrom(folder)).revision, '')
  git('init', '-q')
  git('add', '.')
  git('commit', '-q', '-m', 'Policies')
  const commit = git('rev-parse', 'HEAD')
  t.equal((await builtFrom(folder)).revision, commit)
  writeFileSync(join(folder, 'extra.rego'), RULE)
  t.equal((await builtFrom(folder)).revision, `${commit}-dirty`)
})

t.test('a folder without the entrypoints is refused', async (t) => {
  const folder = folderOf(t, { 'main.rego': 'package sallyport.main\n\nother := 1\n' })
  await t.rejects(bytesOf(folder), { code: 'bundle_invalid' })
})
