// npm test: checks the formatting, runs every compiled test under tap two at a time, says how far it is,
// and closes on `N passed, N failed, N skipped`, counted over the tests' assertions.
import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findOpa } from '../proxy/policies/opa.js'
import { TOOL_CACHE } from './peers/gateway-config.js'

const root = new URL('../', import.meta.url).pathname.replace(/\/build\/$/, '/')

// Real servers on a shared machine: slow now and then, never for this long.
const FILE_TIMEOUT_SECONDS = 600
const JOBS = 2

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
  const output = '.tap/output.tap'
  // Without the plugin that compiles TypeScript a second time; once for each clone.
  await run('tap', ['build'])
  const tested = await run('tap', [
    'run',
    `--jobs=${JOBS}`,
    `--timeout=${FILE_TIMEOUT_SECONDS}`,
    '--reporter=terse',
    `--output-file=${output}`,
    ...(only.length === 0 ? [] : ['--disable-coverage']),
    ...files,
  ])
  const { passed, failed, skipped } = counted(readFileSync(join(root, output), 'utf8'))
  const wrong = failed + (tested === 0 || failed > 0 ? 0 : 1) + (written === 0 ? 0 : 1)
  process.stdout.write(`\n${passed} passed, ${wrong} failed, ${skipped} skipped\n`)
  return wrong === 0 && passed > 0 ? 0 : 1
}

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

// Leaves of the TAP tree: lines that no subtest stands behind.
function counted(tap: string): { passed: number; failed: number; skipped: number } {
  const lines = tap.split('\n').filter((line) => /^\s*(ok|not ok) \d+/.test(line))
  const count = { passed: 0, failed: 0, skipped: 0 }
  lines.forEach((line, at) => {
    // A subtest's own line comes after its deeper lines.
    const before = lines[at - 1]
    if (before !== undefined && depth(before) > depth(line)) return
    if (/# (SKIP|TODO)/i.test(line)) count.skipped++
    else if (line.trimStart().startsWith('not ok')) count.failed++
    else count.passed++
  })
  return count
}

function depth(line: string): number {
  return line.length - line.trimStart().length
}

process.exitCode = await main(process.argv.slice(2))
