// The shipped policies pass `sallyport policy test`, as any user would run it: Rego tests by OPA and on the
// Wasm, command tests, properties on generated facts, and the thresholds that their settings name.
import t from 'tap'
import { run } from '../../proxy/commands/policy.js'
import { missingPostgres } from '../peers/postgres.js'
import { LIBRARY, opaPath } from './library.js'

t.test(
  'the shipped policies pass their own tests, by OPA and in Wasm',
  { skip: missingPostgres('embedded') },
  async (t) => {
    const said = { out: '', error: '' }
    const io = {
      stdout: { write: (text: string) => (said.out += text) },
      stderr: { write: (text: string) => (said.error += text) },
      env: { ...process.env, SALLYPORT_OPA: await opaPath() },
      cwd: process.cwd(),
    }
    const args = ['test', LIBRARY, '--data', 'fixtures/decisions', '--format', 'json']
    t.equal(await run(args, io), 0, said.error)
    const found = JSON.parse(said.out) as {
      readonly counts: Readonly<Record<string, number>>
      readonly tests: readonly { kind: string; name: string; verdict: string; onlyByOpa?: string }[]
      readonly shortfalls: readonly string[]
    }
    const bad = found.tests.filter(({ verdict }) => verdict === 'failed' || verdict === 'differs')
    t.same(bad, [])
    t.same(found.shortfalls, [])
    const count = (kind: string): number => found.tests.filter((one) => one.kind === kind).length
    t.ok(count('rego') > 15)
    t.ok(count('command') > 40)
    t.equal(count('property'), 6)
    t.same(
      found.tests.filter(({ onlyByOpa }) => onlyByOpa !== undefined),
      [],
      'every Rego test runs on the Wasm',
    )
  },
)
