// `sallyport policy explain`, from arguments to output and exit status.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { help, run } from '../../../../proxy/commands/policy/explain.js'
import { GatewayError } from '../../../../proxy/errors.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { cases, LIBRARY } from '../../../rego/library.js'

async function explain(...argv: string[]) {
  let stdout = ''
  const status = await run(argv, {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: () => undefined },
    env: process.env,
    cwd: LIBRARY,
  })
  return { status, stdout }
}

t.test('facts from a file are explained, as text and as JSON', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-explain-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'facts.json')
  const found = cases().find(({ name }) => name.includes('leaves no view behind'))
  writeFileSync(file, JSON.stringify(found?.facts))
  const { status, stdout } = await explain('--facts', file)
  t.equal(status, 0)
  t.match(stdout, /^deny {2}bundle sha256:/)
  t.match(stdout, /definitions\/lasting-by-program {2}denies {2}low {2}policies\/[\w/]+\.rego:\d+/)
  t.match(stdout, /What would pass\n {2}create public\.orders as TEMPORARY {2}→ mask-fields/)
  const json: unknown = JSON.parse((await explain('--facts', file, '--format', 'json')).stdout)
  t.match(json, { explanation: { decision: { action: 'deny' }, spoke: Array, nearly: Array } })

  await t.test('a line of an exported record is facts as well; other JSON is not', async (t) => {
    writeFileSync(file, JSON.stringify({ kind: 'command', facts: found?.facts, decision: {} }))
    t.equal((await explain('--facts', file)).status, 0)
    writeFileSync(file, JSON.stringify({ ...found?.facts, target: { name: 'shop' } }))
    await t.rejects(explain('--facts', file), { code: 'usage', message: /\/target must have/ })
    writeFileSync(file, '{')
    await t.rejects(explain('--facts', file), { code: 'usage', message: /is not JSON/ })
    await t.rejects(explain('--facts', join(folder, 'none')), { code: 'not_found' })
  })
})

t.test(
  'a command is explained with texts that would pass',
  { skip: missingPostgres('embedded') },
  async (t) => {
    const sql = "UPDATE orders SET status = 'x'; SELECT 1"
    const { status, stdout } = await explain('--sql', sql, '--as', 'agent', '--target', 'shop')
    t.equal(status, 0)
    t.match(stdout, /UPDATE orders SET status = 'x' WHERE id = \$1 {2}→ mask-fields/)
    t.match(stdout, /SELECT 1\nmask-fields/)
  },
)

t.test('what is asked for wrongly is said', async (t) => {
  for (const [argv, what] of [
    [[], /name one of --sql, --facts and --records/],
    [['--sql', 'SELECT 1'], /--sql needs --as and --target/],
    [['--sql', 'SELECT 1', '--as', 'nobody', '--target', 'shop'], /no identity nobody.*agent/],
    [['--records', 'x', '--seq', 'y'], /--seq is a number/],
    [['--records', 'x', '--session', 's'], /--session S and --command N/],
    [['--facts', 'x', '--format', 'xml'], /--format is one of/],
    [['--what'], /--what/],
  ] as const) {
    const problem: unknown = await explain(...argv).catch((thrown: unknown) => thrown)
    t.ok(problem instanceof GatewayError && problem.code === 'usage', argv.join(' '))
    t.match(problem, { message: what })
  }
})

t.test('help names every option that there is', async (t) => {
  const source = readFileSync('proxy/commands/policy/explain.ts', 'utf8')
  const options = /const OPTIONS = \{([\s\S]*?)\n\} as const/.exec(source)?.[1] ?? ''
  for (const [, name] of options.matchAll(/^ {2}'?([\w-]+)'?: \{/gm)) t.match(help, `--${name}`)
})
