// npm test: checks the formatting, runs every compiled test under tap two at a time, says how far it is,
// runs what failed once more alone, tells each failure whole (steady or not), and closes on
// `N passed, N failed, N skipped`, counted over the assertions.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { findOpa } from '../proxy/policies/opa.js'
import { TOOL_CACHE } from './peers/gateway-config.js'
import { tapResults, type FileResult } from './tap-results.js'

const root = new URL('../', import.meta.url).pathname.replace(/\/build\/$/, '/')

// Real servers on a shared machine: slow now and then, never for this long.
const FILE_TIMEOUT_SECONDS = 1200
const JOBS = 2
const PROGRESS_MS = 20_000
// More failing files than this are no accident of a busy machine.
const RUN_AGAIN_AT_MOST = 8

async function main(only: readonly string[]): Promise<number> {
  // Once, before tests that need it wait for it side by side.
  const say = (text: string): void => void process.stdout.write(`${text}\n`)
  await findOpa({ env: process.env, cache: TOOL_CACHE, progress: say }).then(
    ({ path, version, origin }) =>
      say(`policies are built with OPA ${version} (${origin}: ${path})`),
    (problem: unknown) => say(String(problem)),
  )
  const written = await run('prettier', ['--check', '--log-level', 'warn', '.'])
  const files = readdirSync(join(root, 'build/test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .filter((name) => only.length === 0 || only.some((word) => name.includes(word)))
    .sort()
    .map((name) => join('build/test', name))
  mkdirSync(join(root, '.tap'), { recursive: true })
  // Without the plugin that compiles TypeScript a second time; once for each clone.
  await run('tap', ['build'])
  const coverage = only.length === 0 ? '--coverage-report=text-summary' : '--disable-coverage'
  const together = await tested(files, [`--jobs=${JOBS}`, coverage])
  // Real servers, clocks and two cores: what fails beside others is run again alone, and told either way.
  const failing = together.filter(({ failures }) => failures.length > 0)
  const failingFiles = failing.map(({ file }) => file).filter((file) => files.includes(file))
  const again =
    failingFiles.length === 0 || failingFiles.length > RUN_AGAIN_AT_MOST
      ? []
      : await tested(failingFiles, ['--jobs=1', '--disable-coverage'])
  const alone = new Map(again.map((result) => [result.file, result]))
  for (const { file, failures } of failing)
    for (const failure of failures)
      say(
        `\n${alone.get(file)?.failures.length === 0 ? 'UNSTEADY (passed alone)' : 'FAILED'} ${failure}`,
      )
  const results = together.map((result) => alone.get(result.file) ?? result)
  const missing = files.filter((file) => !results.some((result) => result.file === file))
  for (const file of missing) say(`\nFAILED ${file}: it was not run to its end`)
  if (written !== 0) say('\nFAILED formatting: npm run format')
  const sum = (of: (result: FileResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0)
  const wrong = sum(({ failures }) => failures.length) + missing.length + (written === 0 ? 0 : 1)
  const passed = sum((result) => result.passed)
  say(`\n${passed} passed, ${wrong} failed, ${sum(({ skipped }) => skipped)} skipped`)
  return wrong === 0 && passed > 0 ? 0 : 1
}

async function tested(
  files: readonly string[],
  options: readonly string[],
): Promise<readonly FileResult[]> {
  const output = '.tap/output.tap'
  rmSync(join(root, output), { force: true })
  const soFar = (): string =>
    existsSync(join(root, output)) ? readFileSync(join(root, output), 'utf8') : ''
  const progress = setInterval(() => {
    const ended = soFar().match(/^(not )?ok \d+/gm) ?? []
    const failed = ended.filter((line) => line.startsWith('not')).length
    process.stdout.write(`${ended.length} of ${files.length} files, ${failed} failed\n`)
  }, PROGRESS_MS)
  // tap's own reporters draw each difference whole, which takes minutes where it is large.
  const status = await run('tap', [
    'run',
    `--timeout=${FILE_TIMEOUT_SECONDS}`,
    '--reporter=silent',
    `--output-file=${output}`,
    ...options,
    ...files,
  ])
  clearInterval(progress)
  const results = tapResults(soFar())
  const isTold = status === 0 || results.some(({ failures }) => failures.length > 0)
  return isTold ? results : [...results, { ...NO_FILE, failures: [`tap ended with ${status}`] }]
}

// What no file's failure explains.
const NO_FILE = { file: 'tap', passed: 0, skipped: 0 }

// The program from node_modules; everything it says goes on to the screen.
function run(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(join(root, 'node_modules/.bin', program), [...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
  })
  return new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('close', (code) => resolve(code ?? 1))
  })
}

process.exitCode = await main(process.argv.slice(2))
