// The shipped policies pass `sallyport policy test`, as any user would run it: Rego tests by OPA and on the
// Wasm, command tests, properties on generated facts, and the thresholds that their settings name.
import t from 'tap'
import { run } from '../../proxy/commands/policy.js'
import { missingPostgres } from '../peers/postgres.js'
import { LIBRARY, opaPath } from './library.js'

type Report = {
  readonly tests: readonly { kind: string; name: string; verdict: string; onlyByOpa?: string }[]
  readonly shortfalls: readonly string[]
}

async function reportOf(...args: readonly string[]): Promise<Report & { readonly code: number }> {
  const said = { out: '', error: '' }
  const io = {
    stdout: { write: (text: string) => (said.out += text) },
    stderr: { write: (text: string) => (said.error += text) },
    env: { ...process.env, SALLYPORT_OPA: await opaPath() },
    cwd: process.cwd(),
  }
  const all = ['test', LIBRARY, '--data', 'fixtures/decisions', '--format', 'json', ...args]
  const code = await run(all, io)
  return { ...(JSON.parse(said.out) as Report), code }
}

t.test(
  'the shipped policies pass their own tests, by OPA and in Wasm',
  { skip: missingPostgres('embedded') },
  async (t) => {
    const { code, tests, shortfalls } = await reportOf()
    t.equal(code, 0)
    t.same(
      tests.filter(({ verdict }) => verdict !== 'passed'),
      [],
    )
    t.same(shortfalls, [])
    const count = (kind: string): number => tests.filter((one) => one.kind === kind).length
    t.ok(count('rego') > 15)
    t.ok(count('command') > 40)
    t.equal(count('property'), 6)
    t.same(
      tests.filter(({ onlyByOpa }) => onlyByOpa !== undefined),
      [],
      'every Rego test runs on the Wasm',
    )
  },
)
