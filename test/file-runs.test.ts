// Runs small test files, good and bad, as npm test does.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { runFiles } from './file-runs.js'
import { tapResults } from './tap-results.js'

const GOOD = `console.log('TAP version 14\\nok 1 - fine\\n1..1')`
const FAILING = `console.log('TAP version 14\\nnot ok 1 - broken\\n1..1'); process.exitCode = 1`
const CRASHING = `console.log('TAP version 14\\nok 1 - before'); throw new Error('last words')`
const HANGING = `console.log('TAP version 14\\n1..0'); setInterval(() => undefined, 1000)`
const SILENT = ''
// What a test leaves running keeps nobody waiting.
const LEAVING = `import { spawn } from 'node:child_process'
spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 20_000)'], { stdio: 'inherit' }).unref()
${GOOD}`

t.test('each file is told by how it ended, whatever it did', { timeout: 120_000 }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-runs-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const files = Object.entries({ GOOD, FAILING, CRASHING, HANGING, SILENT, LEAVING })
  for (const [name, text] of files) writeFileSync(join(root, `${name}.mjs`), text)
  const ended: string[] = []
  const run = (timeoutSeconds: number, ...names: readonly string[]): Promise<void> =>
    runFiles(
      names.map((name) => `${name}.mjs`),
      {
        ...{ root, output: 'output.tap', jobs: 2, timeoutSeconds, env: process.env },
        ended: (file) => void ended.push(file),
      },
    )
  await run(60, ...files.map(([name]) => name).filter((name) => name !== 'HANGING'))
  // Long enough to start on a busy machine, and to say its plan.
  await run(5, 'HANGING')
  const results = tapResults(readFileSync(join(root, 'output.tap'), 'utf8'))
  const of = (name: string) => results.find(({ file }) => file === `${name}.mjs`)
  t.equal(ended.length, files.length)
  t.strictSame(of('GOOD'), { file: 'GOOD.mjs', passed: 1, skipped: 0, failures: [] })
  t.strictSame(of('FAILING')?.failures, ['FAILING.mjs › broken'])
  t.match(of('CRASHING')?.failures.join(), /ended: exit 1[^]*last words/)
  t.match(of('HANGING')?.failures.join(), /ended: still running after 5 s/)
  t.match(of('SILENT')?.failures.join(), /ended: no plan/)
  t.strictSame(of('LEAVING')?.failures, [])
})
