// `sallyport policy predict`, from arguments to output and exit status.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { run } from '../../../../proxy/commands/policy/predict.js'
import { missingPostgres } from '../../../peers/postgres.js'
import { LIBRARY } from '../../../rego/library.js'

t.test('predictions on the command line', { skip: missingPostgres('embedded') }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-predict-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const predict = async (script: string, ...more: string[]) => {
    const file = join(folder, 'm.sql')
    writeFileSync(file, script)
    let stdout = ''
    const status = await run([file, '--as', 'agent', '--target', 'shop', ...more], {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: () => undefined },
      env: process.env,
      cwd: LIBRARY,
    })
    return { status, stdout }
  }
  const DENIED = 'SELECT 1;\nUPDATE orders SET total = 0;\nTRUNCATE orders;'

  await t.test('the exit status is what --fail-on asks for', async (t) => {
    t.equal((await predict('SELECT 1;')).status, 0)
    t.equal((await predict(DENIED)).status, 1)
    t.equal((await predict(DENIED, '--fail-on', 'none')).status, 0)
    t.equal((await predict('TRUNCATE orders;')).status, 0)
    t.equal((await predict('TRUNCATE orders;', '--fail-on', 'approval')).status, 1)
    t.equal((await predict('SELEKT', '--fail-on', 'none')).status, 1)
    await t.rejects(predict('SELECT 1', '--fail-on', 'much'), { code: 'usage' })
  })

  await t.test('every format tells what is denied and where', async (t) => {
    const told = async (format: string): Promise<string> =>
      (await predict(DENIED, '--format', format)).stdout
    t.match(await told('pretty'), /deny {3}2 {2}UPDATE orders[\s\S]*WHERE id = \$1/)
    t.match(await told('markdown'), /\| 2 \| deny \| `UPDATE orders SET total = 0` \|/)
    t.match(await told('github'), /^::error file=.*m\.sql,line=2,col=1,title=destructive/m)
    t.match(JSON.parse(await told('json')), { statements: [{}, { line: 2, action: 'deny' }, {}] })
    const sarif: unknown = JSON.parse(await told('sarif'))
    t.match(sarif, { runs: [{ results: [{ ruleId: 'destructive/update-without-where' }, {}] }] })
  })
})
