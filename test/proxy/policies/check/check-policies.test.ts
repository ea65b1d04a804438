// Every bad policy under fixtures/bad-policies, put on top of the shipped ones, is found where it is, in words
// that say what to do; and the shipped ones have nothing to find.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  checkPolicies,
  type ParsedBefore,
} from '../../../../proxy/policies/check/check-policies.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { LIBRARY, opaPath } from '../../../rego/library.js'

t.setTimeout(300_000)

const BAD = 'fixtures/bad-policies'

type Expected = {
  readonly rule: string
  readonly severity: string
  readonly file: string
  // What stands in its line.
  readonly at: string
  readonly says: readonly string[]
  readonly edits?: readonly {
    readonly file: string
    readonly from: string
    readonly to: string
  }[]
}

t.test('the shipped policies have nothing to find', async (t) => {
  const report = await checkPolicies(await opaPath(), await policyFolder(LIBRARY))
  t.same(report.findings, [])
  t.ok(report.files > 10)
  const { plain = 0, large = 0, budget = 0 } = report.fuel ?? {}
  t.ok(plain > 1_000 && plain < 100_000, `a plain decision takes ${plain}`)
  t.ok(large > plain && large < budget, `a large one takes ${large}`)
})

t.test('what is only unusual is not found', async (t) => {
  const root = libraryCopy(t)
  const unusual = 'fixtures/good-policies/unusual.rego'
  cpSync(unusual, join(root, 'policies/sallyport/policies/unusual.rego'))
  const report = await checkPolicies(await opaPath(), await policyFolder(root))
  t.same(report.findings, [])
})

t.test('a folder without settings is checked as well', async (t) => {
  const root = libraryCopy(t)
  const plain = mkdtempSync(join(tmpdir(), 'sallyport-plain-'))
  t.teardown(() => rmSync(plain, { recursive: true, force: true }))
  cpSync(join(root, 'policies'), plain, { recursive: true })
  cpSync(join(root, 'data'), plain, { recursive: true })
  const report = await checkPolicies(await opaPath(), await policyFolder(plain))
  t.same(report.findings, [])
})

t.test('an empty folder is said to hold no rules', async (t) => {
  const empty = mkdtempSync(join(tmpdir(), 'sallyport-empty-'))
  t.teardown(() => rmSync(empty, { recursive: true, force: true }))
  const { findings } = await checkPolicies(await opaPath(), await policyFolder(empty))
  t.match(findings, [
    { rule: 'undefined-entrypoint', message: /^there are no rules/, fix: /policy init DIR/ },
  ])
})

t.test('data that is no YAML is found at its line', async (t) => {
  const root = libraryCopy(t)
  writeFileSync(join(root, 'data/teams/data.yaml'), 'approvers: [approvers]\nreaders: [a, b\n')
  const { findings } = await checkPolicies(await opaPath(), await policyFolder(root))
  t.match(findings[0], { rule: 'broken-data', file: 'data/teams/data.yaml' })
  t.ok((findings[0]?.line ?? 0) >= 2)
})

function libraryCopy(t: Test): string {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-bad-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  cpSync(LIBRARY, root, { recursive: true })
  return root
}

const names = readdirSync(BAD).sort()
const before: ParsedBefore = new Map()

t.test('there are bad policies of every kind', async (t) => {
  t.ok(names.length >= 30)
})

for (const name of names) {
  t.test(`found: ${name.slice(3).replaceAll('-', ' ')}`, async (t) => {
    const expected = JSON.parse(readFileSync(join(BAD, name, 'expect.json'), 'utf8')) as Expected
    const root = libraryCopy(t)
    cpSync(join(BAD, name), root, { recursive: true })
    for (const { file, from, to } of expected.edits ?? []) {
      const text = readFileSync(join(root, file), 'utf8')
      t.ok(text.includes(from), `${file} holds what is to be changed`)
      writeFileSync(join(root, file), text.replace(from, to))
    }
    const { findings } = await checkPolicies(await opaPath(), await policyFolder(root), before)
    const lines = readFileSync(join(root, expected.file), 'utf8').split('\n')
    const line = lines.findIndex((text) => text.includes(expected.at)) + 1
    t.ok(line > 0, 'the place is in the file')
    const found = findings.find(
      (one) => one.rule === expected.rule && one.file === expected.file && one.line === line,
    )
    if (found === undefined) {
      t.fail(`not found at ${expected.file}:${line}`, { findings })
      return
    }
    t.equal(found.severity, expected.severity)
    for (const words of expected.says) t.match(`${found.message}\n${found.fix}`, words)
    // One mistake is not ten findings.
    t.same(
      findings
        .filter((one) => one !== found)
        .map(({ rule, file, line, message }) => ({ rule, file, line, message })),
      [],
    )
  })
}
