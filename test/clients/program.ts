// Running other languages' programs and package tools for the tests of stock clients.
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export function missingProgram(program: string, args: readonly string[]): string | false {
  const { status } = spawnSync(program, args, { stdio: 'ignore' })
  return status === 0 ? false : `skipped: no ${program} here`
}

export type Ran = { readonly status: number; readonly out: string; readonly err: string }

// Runs a program to its end without holding up the gateway, which lives in this process.
export function ran(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      { env, timeout: 120_000, maxBuffer: 16_777_216 },
      (problem, out, err) => {
        const status = problem === null ? 0 : typeof problem.code === 'number' ? problem.code : -1
        resolve({ status, out, err })
      },
    )
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}

// Downloads and builds of clients, kept between runs and never in the repository.
export function cacheFolder(name: string): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sallyport/clients', name)
}

// Makes what a client needs by these commands, once; false where one fails, as without a network.
export async function made(
  folder: string,
  commands: readonly (readonly [string, ...(readonly string[])])[],
  env: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  const done = join(folder, '.made')
  const wanted = JSON.stringify(commands)
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return true
  mkdirSync(folder, { recursive: true })
  for (const [program, ...args] of commands) {
    const { status, err } = await ran(program, args, { ...ownEnvironment(), ...env })
    if (status !== 0) {
      process.stderr.write(`${program}: ${err}\n`)
      return false
    }
  }
  writeFileSync(done, wanted)
  return true
}

function ownEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )
}

export type Steps = Readonly<Record<string, Readonly<Record<string, unknown>>>>

// What a program said, one JSON object on each line, by the step that it names.
export async function stepsOf(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Steps> {
  const { status, out, err } = await ran(program, args, env)
  if (status !== 0) throw new Error(err)
  const lines = out.split('\n').filter((line) => line !== '')
  return Object.fromEntries(
    lines.map((line) => {
      const { step, ...rest } = JSON.parse(line) as { readonly step: string }
      return [step, rest]
    }),
  )
}

export function digestOf(parts: readonly Uint8Array[]): string {
  return parts
    .reduce((hash, part) => hash.update(part), createHash('sha256'))
    .digest('hex')
    .slice(0, 16)
}
