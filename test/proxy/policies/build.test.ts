// A folder of Rego becomes a bundle: all of it, nothing besides, the same bytes wherever it stands; and
// what is wrong with it is told in the words that its author needs.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { policyOf } from '../../../engine/policy/bundle.js'
import { FACTS_VERSION } from '../../../engine/schemas/facts.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { SMOKE_FACTS } from '../../../engine/policy/smoke-facts.js'
import { buildBundle } from '../../../proxy/policies/build.js'
import { unpacked } from '../../engine/policy/opa-lab.js'
import { LIBRARY, opaPath } from '../../rego/library.js'

// Each test compiles policies, some of them several times.
t.setTimeout(240_000)

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

// A clone as somebody else would have it: elsewhere, with other times, modes and order of files.
function cloned(test: Test, from: string, mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-elsewhere-'))
  test.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const copy = join(folder, 'a', 'longer', `path-${mode}`)
  mkdirSync(copy, { recursive: true })
  const names = (readdirSync(from, { recursive: true }) as string[]).sort()
  if (mode === 0o600) names.reverse()
  for (const name of names) {
    if (statSync(join(from, name)).isDirectory()) continue
    mkdirSync(dirname(join(copy, name)), { recursive: true })
    writeFileSync(join(copy, name), readFileSync(join(from, name)))
    chmodSync(join(copy, name), mode)
    utimesSync(join(copy, name), mode, mode)
  }
  return copy
}

t.test(
  'the same sources are the same bytes, whatever the place, times, modes and language',
  async (t) => {
    const copies = [cloned(t, LIBRARY, 0o600), cloned(t, LIBRARY, 0o644)]
    const umask = process.umask(0o077)
    t.teardown(() => process.umask(umask))
    const [one, other] = [await bytesOf(copies[0] ?? ''), await bytesOf(copies[1] ?? '')]
    t.ok(one.equals(other), 'all bytes of the archive')
    process.umask(0o022)
    const before = process.env['LC_ALL']
    process.env['LC_ALL'] = 'tr_TR.UTF-8'
    process.env['TZ'] = 'Asia/Kathmandu'
    t.teardown(() => {
      process.env['LC_ALL'] = before ?? 'C'
      delete process.env['TZ']
    })
    t.ok(one.equals(await bytesOf(copies[0] ?? '')), 'and again')
  },
)

t.test('two clones of one commit are the same bytes, with the commit inside', async (t) => {
  const origin = cloned(t, LIBRARY, 0o644)
  const git = (folder: string, ...args: readonly string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      encoding: 'utf8',
    }).trim()
  git(origin, 'init', '-q')
  git(origin, 'add', '.')
  git(origin, 'commit', '-q', '-m', 'Policies')
  const elsewhere = join(mkdtempSync(join(tmpdir(), 'sallyport-clone-')), 'z')
  t.teardown(() => rmSync(dirname(elsewhere), { recursive: true, force: true }))
  git(origin, 'clone', '-q', origin, elsewhere)
  const [one, other] = [await bytesOf(origin), await bytesOf(elsewhere)]
  t.ok(one.equals(other))
  const { revision } = await policyOf(one, { id: 1, fuel: 5_000_000 })
  t.equal(revision, git(origin, 'rev-parse', 'HEAD'))
})

t.test('a bundle says which rules it holds, where they stand, and for which facts', async (t) => {
  const policy = await builtFrom(LIBRARY)
  t.equal(policy.factsVersion, FACTS_VERSION)
  const drop = policy.rules?.find(({ id }) => id === 'destructive/drop')
  t.match(drop, { title: 'DROP', severity: 'critical', family: 'hold', operation: 'drop' })
  const { file = '', line = 0 } = drop ?? {}
  t.match(readFileSync(join(LIBRARY, file), 'utf8').split('\n')[line - 1], /^hold\.drop contains/)
})

t.test('the rules stand in it as they were written, and any OPA can use it', async (t) => {
  const files = await unpacked(await bytesOf(LIBRARY))
  const main = 'policies/sallyport/main.rego'
  t.ok(files.get(main)?.equals(readFileSync(join(LIBRARY, main))))
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bundle-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'bundle.tar.gz'), await bytesOf(LIBRARY))
  writeFileSync(join(folder, 'input.json'), JSON.stringify(SMOKE_FACTS[1]))
  const opa = await opaPath()
  const said = (args: readonly string[]): string =>
    execFileSync(opa, args, { cwd: folder, encoding: 'utf8' })
  const query = ['-f', 'raw', '-i', 'input.json', 'data.sallyport.main.decision.action']
  t.equal(said(['eval', '-b', 'bundle.tar.gz', ...query]).trim(), 'mask-fields')
  t.match(said(['inspect', '-a', 'bundle.tar.gz']), /DROP of what holds data/)
  said(['build', '-b', 'bundle.tar.gz', '-o', 'again.tar.gz'])
})

t.test('a file that Git does not know is built in, and the revision says so', async (t) => {
  const folder = folderOf(t, { '.gitignore': 'local.rego\n' })
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      encoding: 'utf8',
    }).trim()
  git('init', '-q')
  git('add', '.')
  git('commit', '-q', '-m', 'Policies')
  t.notMatch((await builtFrom(folder)).revision, /dirty/)
  writeFileSync(join(folder, 'local.rego'), RULE)
  const policy = await builtFrom(folder)
  t.match(policy.revision, /-dirty$/)
  t.equal(firstRule(policy), 'extra/rule')
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

t.test(
  'data is named as its author has it, where the folder says so in its settings',
  async (t) => {
    const folder = folderOf(t, {
      'sallyport-policy.yaml': 'version: 1\npolicies: rules\ndata: facts\n',
      'rules/main.rego': MAIN,
      'rules/none.rego': NONE,
      'facts/labels/data.yaml': 'columns: [\n',
    })
    await t.rejects(bytesOf(folder), { message: /facts\/labels\/data\.yaml/ })
    writeFileSync(join(folder, 'facts/labels/data.yaml'), 'a: 1\n')
    writeFileSync(join(folder, 'facts/labels/data.json'), '{"a": 2}')
    await t.rejects(bytesOf(folder), { message: /facts\/labels\/data/ })
    rmSync(join(folder, 'facts/labels/data.json'))
    const files = await unpacked(await bytesOf(folder))
    t.ok(files.has('rules/main.rego'), 'rules keep their place')
    t.same(JSON.parse(String(files.get('data.json'))), { labels: { a: 1 } })
  },
)
