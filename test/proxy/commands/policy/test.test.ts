// `sallyport policy test` as it is called: exit status, forms of output, and what it says of wrong usage.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../../../../proxy/commands/policy.js'
import { REPOSITORY } from '../../../peers/gateway-config.js'
import { opaPath } from '../../../rego/library.js'
import { folderWith, SMALL_FILES } from '../../policies/testing/small-policy.js'

type Said = { readonly code: number; readonly out: string; readonly error: string }

async function test(cwd: string, ...args: readonly string[]): Promise<Said> {
  const said = { out: '', error: '' }
  const io = {
    stdout: { write: (text: string) => (said.out += text) },
    stderr: { write: (text: string) => (said.error += text) },
    env: { ...process.env, SALLYPORT_OPA: await opaPath() },
    cwd,
  }
  const code = await run(['test', ...args], io)
  return { code, ...said }
}

const TESTS = `package small_test

import data.sallyport.main

test_reading if {
	facts := {"command": {"effects": [{"op": "read", "object": "x", "kind": "table"}]}}
	main.decision.action == "allow" with input as facts
}

test_secrets if {
	facts := {"command": {"effects": [{"op": "read", "object": "secrets.x", "kind": "table"}]}}
	main.decision.rules[_].id == "small/secrets" with input as facts
}
`
const FILES = { ...SMALL_FILES, 'tests/small_test.rego': TESTS }

t.test('all good is 0, with what was reached', async (t) => {
  const cwd = folderWith(t, FILES)
  const { code, out } = await test(cwd, '--facts', '30', '--coverage-file', 'lcov.info')
  t.equal(code, 0)
  t.match(
    out,
    /^rules 2 of 2 \(100 %\), lines \d+ of \d+ .* reached\n8 passed, 0 failed, 0 skipped/,
  )
  t.match(readFileSync(join(cwd, 'lcov.info'), 'utf8'), 'SF:policies/sallyport/main.rego\n')
})

t.test('a failed test is 1, with the place as the caller knows it', async (t) => {
  const cwd = folderWith(t, {})
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(cwd, 'own', name, '..'), { recursive: true })
    writeFileSync(join(cwd, 'own', name), text.replace('== "allow"', '== "deny"'))
  }
  const { code, out } = await test(cwd, 'own', '--facts', '0')
  t.equal(code, 1)
  t.match(out, 'own/tests/small_test.rego:5  failed  small_test: test_reading\n')
  t.match(out, /expected {2}each line of its body to hold\n {2}came {6}not so: tests/)
  const junit = await test(cwd, 'own', '--facts', '0', '--format', 'junit')
  t.equal(junit.code, 1)
  t.match(junit.out, 'tests="2" failures="1"')
})

t.test('a part of the tests is run by name, without coverage', async (t) => {
  const cwd = folderWith(t, FILES)
  const { code, out } = await test(cwd, '--only', 'test_secrets$', '--verbose')
  t.equal(code, 0)
  t.match(out, '✓ small_test: test_secrets\n')
  t.match(out, /^1 passed, 0 failed, 0 skipped/m)
  t.notMatch(out, 'reached')
})

t.test('policies that cannot be built are 1, in OPA’s words', async (t) => {
  const cwd = folderWith(t, { ...FILES, 'policies/broken.rego': 'package x\n\na if {\n' })
  const { code, error } = await test(cwd)
  t.equal(code, 1)
  t.match(error, 'policies/broken.rego:4')
})

t.test('wrong usage is 2 and says what is right', async (t) => {
  const cwd = folderWith(t, FILES)
  for (const [args, says] of [
    [['--format', 'xml'], '--format is one of pretty, json, junit, github, markdown'],
    [['--facts', 'many'], '--facts is a whole number'],
    [['--only', '('], '--only: '],
    [['--only', 'x', '--coverage-file', 'y'], '--coverage-file says nothing of a part'],
    [['one', 'two'], 'one folder at a time'],
    [['--fats', '1'], '--fats'],
  ] as const) {
    const { code, error } = await test(cwd, ...args)
    t.equal(code, 2, args.join(' '))
    t.match(error, says)
  }
  t.match((await test(cwd, '--help')).out, 'run all tests of policies')
})

t.test('watching, a change runs them again', async (t) => {
  const cwd = folderWith(t, FILES)
  const main = join(REPOSITORY, 'build/proxy/main.js')
  const child = spawn(process.execPath, [main, 'policy', 'test', '--watch', '--facts', '0'], {
    cwd,
    env: { ...process.env, SALLYPORT_OPA: await opaPath() },
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  t.teardown(() => void child.kill('SIGKILL'))
  let out = ''
  let told = (): void => undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      out += bytes.toString()
      told()
    })
  }
  const until = async (what: string): Promise<void> => {
    while (!out.includes(what)) await new Promise<void>((resolve) => (told = resolve))
    out = out.slice(out.indexOf(what) + what.length)
  }
  await until('2 passed, 0 failed')
  await until('watching')
  const file = join(cwd, 'tests/small_test.rego')
  writeFileSync(file, TESTS.replace('== "allow"', '== "deny"'))
  await until('1 passed, 1 failed')
  writeFileSync(file, 'package small_test\n\ntest_a if {')
  await until('small_test.rego:3')
  child.kill('SIGTERM')
  await ended
  t.pass('and it ends when it is told to')
})
