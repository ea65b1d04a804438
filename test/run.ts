// npm test: checks the formatting, runs every compiled test, a few at a time (SALLYPORT_TEST_JOBS), says how
// far it is, runs what failed once more alone, tells each failure (steady or not), the slowest files, then all
// that failed once more in few lines, and closes on `N passed, N failed, N skipped`, counted over the assertions.
// --coverage tells how much of the sources their own tests reach instead.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { buildBundle } from '../proxy/policies/build.js'
import { findOpa } from '../proxy/policies/opa.js'
import { closingLines, slowestLines, totalOf, type Ended } from './closing.js'
import { runFiles } from './file-runs.js'
import { TOOL_CACHE } from './peers/gateway-config.js'
import { quickFolder } from './quick-folder.js'
import { tapResults, type FileResult } from './tap-results.js'

const root = new URL('../', import.meta.url).pathname.replace(/\/build\/$/, '/')

// Real servers on a shared machine: slow now and then, never for this long.
const FILE_TIMEOUT_SECONDS = 1200
// One more than there are processors: many tests wait for servers most of the time.
const JOBS = Number(process.env['SALLYPORT_TEST_JOBS'] ?? Math.max(2, availableParallelism()) + 1)
const PROGRESS_MS = 20_000
// More failing files than this are no accident of a busy machine.
const RUN_AGAIN_AT_MOST = 8
const SLOWEST = 10

async function main(words: readonly string[]): Promise<number> {
  const only = words.filter((word) => !word.startsWith('--'))
  // Once, before tests that need it wait for it side by side.
  const library = await builtLibrary().catch((problem: unknown) => void say(String(problem)))
  // Half a minute of one processor: beside the tests.
  const formatting = run('prettier', ['--check', '--log-level', 'warn', '.'])
  const files = readdirSync(join(root, 'build/test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    // What was built of a test that is gone is nobody's promise.
    .filter((name) => existsSync(join(root, 'test', name.replace(/js$/, 'ts'))))
    .filter((name) => only.length === 0 || only.some((word) => name.includes(word)))
    .sort((left, right) => rankOf(left) - rankOf(right) || (left < right ? -1 : 1))
    .map((name) => join('build/test', name))
  const times = new Map<string, number>()
  const quick = quickFolder()
  process.once('exit', () => quick && rmSync(quick, { recursive: true, force: true }))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const env = {
    ...process.env,
    SALLYPORT_TEST_LIBRARY: library,
    ...(quick === undefined ? {} : { TMPDIR: quick }),
  }
  if (words.includes('--coverage')) return covered(files, env)
  const together = await tested(files, JOBS, times, env)
  // Real servers, clocks and two cores: what fails beside others is run again alone, and told either way.
  const failing = together.filter(({ failures }) => failures.length > 0)
  const isMany = failing.length > RUN_AGAIN_AT_MOST
  if (failing.length > 0) say(`failed: ${failing.map(({ file }) => file).join(' ')}`)
  const again = isMany
    ? []
    : await tested(
        failing.map(({ file }) => file),
        1,
        new Map(),
        env,
      )
  const alone = new Map(again.map((result) => [result.file, result]))
  const ended = failing.flatMap(({ file, failures }) => {
    const verdict = alone.get(file)?.failures.length === 0 ? 'UNSTEADY' : 'FAILED'
    return failures.map((failure): Ended => ({ file, verdict, failure }))
  })
  for (const { verdict, failure } of ended) say(`\n${verdict} ${failure}`)
  const written = await formatting
  const results = together.map((result) => alone.get(result.file) ?? result)
  const missing = files.filter((file) => !results.some((result) => result.file === file))
  for (const file of missing)
    ended.push({ file, verdict: 'FAILED', failure: `${file}: it was not run to its end` })
  if (written !== 0)
    ended.push({ file: '', verdict: 'FAILED', failure: 'formatting: npm run format' })
  say(`\nslowest of ${files.length} files:`)
  for (const line of slowestLines(times, SLOWEST)) say(line)
  if (ended.length > 0) say(`\nUNSTEADY passed when it was run again alone; FAILED did not:`)
  for (const line of closingLines(ended)) say(line)
  const wrong =
    totalOf(results, ({ failures }) => failures.length) + missing.length + (written === 0 ? 0 : 1)
  const passed = totalOf(results, (result) => result.passed)
  say(`\n${passed} passed, ${wrong} failed, ${totalOf(results, ({ skipped }) => skipped)} skipped`)
  return wrong === 0 && passed > 0 ? 0 : 1
}

// The shipped policies, for all tests that run them and do not build them.
async function builtLibrary(): Promise<string> {
  const opa = await findOpa({ env: process.env, cache: TOOL_CACHE, progress: say })
  say(`policies are built with OPA ${opa.version} (${opa.origin}: ${opa.path})`)
  const file = join(root, '.tap/library.tar.gz')
  mkdirSync(join(root, '.tap'), { recursive: true })
  writeFileSync(file, await buildBundle({ opa: opa.path, folder: join(root, 'rego') }))
  return file
}

// Stories against real servers take longest, and nothing long may come last.
function rankOf(name: string): number {
  return /^(engine|proxy)\//.test(name) ? 1 : 0
}

async function tested(
  files: readonly string[],
  jobs: number,
  times: Map<string, number>,
  env: NodeJS.ProcessEnv,
): Promise<readonly FileResult[]> {
  if (files.length === 0) return []
  // Beside the first, which says what went wrong there.
  const output = jobs === 1 ? '.tap/again.tap' : '.tap/output.tap'
  mkdirSync(join(root, '.tap'), { recursive: true })
  rmSync(join(root, output), { force: true })
  const soFar = (): FileResult[] => tapResults(readFileSync(join(root, output), 'utf8'))
  const progress = setInterval(() => {
    const failed = soFar().filter(({ failures }) => failures.length > 0).length
    say(`${times.size} of ${files.length} files, ${failed} failed`)
  }, PROGRESS_MS)
  await runFiles(files, {
    root,
    output,
    jobs,
    timeoutSeconds: FILE_TIMEOUT_SECONDS,
    env,
    ended: (file, ms) => times.set(file, ms),
  })
  clearInterval(progress)
  return soFar()
}

// How much of each source its own test reaches: by tap's runner, which takes twice as long.
async function covered(files: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  await run('tap', ['build'])
  const limits = [`--timeout=${FILE_TIMEOUT_SECONDS}`, `--jobs=${JOBS}`]
  const report = ['--reporter=silent', '--coverage-report=text-summary']
  return run('tap', ['run', ...limits, ...report, ...files], env)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

// The program from node_modules; everything it says goes on to the screen.
function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<number> {
  const child = spawn(join(root, 'node_modules/.bin', program), [...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0' },
  })
  return new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('close', (code) => resolve(code ?? 1))
  })
}

process.exitCode = await main(process.argv.slice(2))
