// `sallyport policy check` as it is called: exit codes, formats, and files named as the caller sees them.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { run as check, help } from '../../../../proxy/commands/policy/check.js'
import { CHECK_RULES } from '../../../../proxy/policies/check/checks.js'
import { opaPath } from '../../../rego/library.js'

t.setTimeout(120_000)

type Called = { readonly code: number; readonly out: string; readonly err: string }

async function called(cwd: string, argv: readonly string[]): Promise<Called> {
  const [out, err]: [string[], string[]] = [[], []]
  const code = await check(argv, {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    env: { ...process.env, SALLYPORT_OPA: await opaPath() },
    cwd,
  })
  return { code, out: out.join(''), err: err.join('') }
}

function overlaid(t: Test, bad: string): string {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-check-command-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  cpSync('rego', join(home, 'rules'), { recursive: true })
  cpSync(join('fixtures/bad-policies', bad), join(home, 'rules'), { recursive: true })
  return home
}

t.test('good policies end with 0, and it is said what decisions cost', async (t) => {
  const { code, out } = await called(resolve('.'), ['rego'])
  t.equal(code, 0)
  t.match(out, 'nothing found')
  t.match(out, /takes \d+ units of fuel/)
})

t.test('a finding ends with 1, and its file is named as the caller sees it', async (t) => {
  const home = overlaid(t, '08-misspelled-word')
  const { code, out } = await called(home, ['rules'])
  t.equal(code, 1)
  t.match(out, /^rules\/policies\/sallyport\/policies\/ledger\.rego:\d+:\d+ {2}error/m)
  const here = await called(join(home, 'rules'), [])
  t.match(here.out, /^policies\/sallyport\/policies\/ledger\.rego:\d+/m)
})

t.test('a warning ends with 0, unless warnings count', async (t) => {
  const home = overlaid(t, '51-asked-for-every-command')
  t.equal((await called(home, ['rules'])).code, 0)
  t.equal((await called(home, ['rules', '--warnings'])).code, 1)
})

t.test('each format is whole, also where there is a finding', async (t) => {
  const home = overlaid(t, '34-misspelled-operation')
  const json = await called(home, ['rules', '--format', 'json'])
  t.equal(json.code, 1)
  t.match(JSON.parse(json.out), [{ rule: 'unknown-operation', severity: 'error' }])
  const sarif = await called(home, ['rules', '--format', 'sarif'])
  t.match(JSON.parse(sarif.out), { version: '2.1.0', runs: [{ results: [{ level: 'error' }] }] })
  const github = await called(home, ['rules', '--format', 'github'])
  t.match(github.out, /^::error file=rules\/.*,line=\d+,col=\d+,title=unknown-operation::/)
})

t.test('another format, and no folder, are said to be wrong', async (t) => {
  await t.rejects(called(resolve('.'), ['rego', '--format', 'xml']), { code: 'usage' })
  await t.rejects(called(resolve('.'), ['rego', 'rego']), { code: 'usage' })
  await t.rejects(called(resolve('.'), ['nowhere']), { code: 'bundle_invalid' })
})

t.test('the help names every rule and every exit status', async (t) => {
  for (const rule of Object.keys(CHECK_RULES)) t.match(help, `  ${rule} `)
  t.match(help, /Exit status: 0 .* 1 .* 2 /)
})
