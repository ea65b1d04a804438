// Everything that a program said, also where it ended with a failure: `opa test` tells of failed tests on
// standard output and by its exit status.
import { spawn } from 'node:child_process'

export type ProgramOutput = {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

export type ProgramRun = { readonly cwd: string; readonly timeoutMs: number }

export function programOutput(
  program: string,
  args: readonly string[],
  { cwd, timeoutMs }: ProgramRun,
): Promise<ProgramOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    const out: Buffer[] = []
    const error: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => error.push(chunk))
    child.on('error', (problem) => {
      clearTimeout(timer)
      reject(new Error(`${program} cannot be run: ${problem.message}`))
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString('utf8')
      resolve({ code, out: text(out), error: text(error) })
    })
  })
}
