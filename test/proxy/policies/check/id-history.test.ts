// An id that was committed once is missed when it goes, until it is retired; and then it never comes back.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkPolicies } from '../../../../proxy/policies/check/check-policies.js'
import { policyFolder } from '../../../../proxy/policies/folder.js'
import { LIBRARY, opaPath } from '../../../rego/library.js'

t.setTimeout(120_000)

const READING = 'policies/sallyport/policies/reading.rego'
const SETTINGS = 'sallyport-policy.yaml'

function repository(t: Test): string {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-ids-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  for (const part of ['policies', 'data', SETTINGS]) {
    cpSync(join(LIBRARY, part), join(root, part), { recursive: true })
  }
  const who = [
    '-c',
    'user.name=ada',
    '-c',
    'user.email=ada@example.org',
    '-c',
    'commit.gpgsign=false',
  ]
  const git = (...args: string[]): void =>
    void execFileSync('git', ['-C', root, ...who, ...args], { stdio: 'ignore' })
  git('init')
  git('add', '.')
  git('commit', '-m', 'as they were')
  return root
}

async function found(root: string): Promise<readonly string[]> {
  const { findings } = await checkPolicies(await opaPath(), await policyFolder(root))
  return findings.map(
    ({ rule, severity, message, fix }) => `${severity} ${rule}: ${message} ${fix}`,
  )
}

function changed(root: string, file: string, from: string, to: string): void {
  const text = readFileSync(join(root, file), 'utf8')
  if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`)
  writeFileSync(join(root, file), text.replace(from, to))
}

t.test('an id that goes is missed, and may go once it is retired', async (t) => {
  const root = repository(t)
  t.same(await found(root), [])
  changed(root, READING, 'id: reading/plans', 'id: reading/plans-made')
  const [missed, ...others] = await found(root)
  t.same(others, [])
  t.match(missed, /^warning rule-id-lost: reading\/plans: .*retired: \[reading\/plans\]/)
  changed(root, SETTINGS, 'version: 1\n', 'version: 1\nretired: [reading/plans]\n')
  t.same(await found(root), [])
})

t.test('a retired id does not come back', async (t) => {
  const root = repository(t)
  changed(root, SETTINGS, 'version: 1\n', 'version: 1\nretired: [reading/plans]\n')
  const [back, ...others] = await found(root)
  t.same(others, [])
  t.match(back, /^error rule-id-retired: “reading\/plans” is retired/)
})
