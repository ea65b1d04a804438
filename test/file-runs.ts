// Runs test files, each in a process of its own, so many at a time, and gathers what they say into one TAP
// stream. tap is what the tests are written with; its runner is not used, since it loads a module loader
// into every process, also those that tests start, which took a second of each.
import { spawn } from 'node:child_process'
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

export type Runs = {
  /** The folder that the tests run in, with `build/` below it. */
  readonly root: string
  /** Where the stream is written, relative to it; what each file writes stands beside it meanwhile. */
  readonly output: string
  readonly jobs: number
  readonly timeoutSeconds: number
  readonly env: NodeJS.ProcessEnv
  readonly ended: (file: string, ms: number) => void
}

/** What a process that is ended has to say where it hangs. */
const LAST_WORDS_MS = 10_000
const ERROR_LINES = 20

export async function runFiles(files: readonly string[], runs: Runs): Promise<void> {
  const output = join(runs.root, runs.output)
  mkdirSync(`${output}.files`, { recursive: true })
  appendFileSync(output, 'TAP version 14\n')
  const waiting = files.map((file, at) => ({ file, number: at + 1 }))
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { text, ms } = await runFile(next.file, next.number, runs)
      appendFileSync(output, text)
      runs.ended(next.file, ms)
    }
  }
  await Promise.all(Array.from({ length: runs.jobs }, worker))
  appendFileSync(output, `1..${files.length}\n`)
}

async function runFile(
  file: string,
  number: number,
  { root, output, timeoutSeconds, env }: Runs,
): Promise<{ text: string; ms: number }> {
  const from = performance.now()
  const [said, errors] = ['tap', 'errors'].map((kind) =>
    join(root, `${output}.files`, `${number}.${kind}`),
  ) as [string, string]
  // Files and no pipes: what a test leaves running keeps nobody waiting.
  const [out, err] = [openSync(said, 'w'), openSync(errors, 'w')]
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    cwd: root,
    stdio: ['ignore', out, err],
    env: { ...env, TAP: '1', TAP_TIMEOUT: String(timeoutSeconds) },
  })
  closeSync(out)
  closeSync(err)
  const endWithUs = (): void => void child.kill('SIGTERM')
  process.once('exit', endWithUs)
  let isLate = false
  const limits = [
    setTimeout(() => {
      isLate = true
      child.kill('SIGTERM')
    }, timeoutSeconds * 1000),
    setTimeout(() => child.kill('SIGKILL'), timeoutSeconds * 1000 + LAST_WORDS_MS),
  ]
  const end = await new Promise<string>((resolve) => {
    child.on('error', (problem) => resolve(problem.message))
    child.on('exit', (code, signal) => resolve(signal ?? (code === 0 ? '' : `exit ${code}`)))
  })
  for (const limit of limits) clearTimeout(limit)
  process.off('exit', endWithUs)
  const ms = performance.now() - from
  const tap = readFileSync(said, 'utf8')
  const isRight = end === '' && !isLate && /^1\.\.\d+/m.test(tap)
  const why = isLate ? `still running after ${timeoutSeconds} s` : end === '' ? 'no plan' : end
  const stderr = readFileSync(errors, 'utf8').trimEnd().split('\n').slice(-ERROR_LINES)
  for (const path of [said, errors]) rmSync(path, { force: true })
  const text = [
    `# Subtest: ${file}`,
    ...tap
      .split('\n')
      .filter((line) => line !== '' && line !== 'TAP version 14')
      .map((line) => `    ${line}`),
    `${isRight ? '' : 'not '}ok ${number} - ${file} # time=${ms.toFixed(0)}ms`,
    ...(isRight
      ? []
      : [
          '  ---',
          `  ended: ${why}`,
          '  stderr: |',
          ...stderr.map((line) => `    ${line}`),
          '  ...',
        ]),
  ]
  return { text: `${text.join('\n')}\n`, ms }
}
