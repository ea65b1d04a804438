// pgbench, the load that everybody knows: point selects over a prepared database.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

export type Mode = 'simple' | 'extended' | 'prepared'

export type Endpoint = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

const PLACES = ['pgbench', ...[18, 17, 16, 15].map((v) => `/usr/lib/postgresql/${v}/bin/pgbench`)]

export function pgbenchProgram(): string | undefined {
  return PLACES.find((path) =>
    path.startsWith('/')
      ? existsSync(path)
      : spawnSync(path, ['--version'], { stdio: 'ignore' }).status === 0,
  )
}

export async function filled(program: string, at: Endpoint, scale: number): Promise<void> {
  await run(program, ['-i', '-q', '-s', String(scale), at.database], at)
}

// Transactions per second, without the time it took to connect.
export async function selectRate(
  program: string,
  at: Endpoint,
  load: { readonly mode: Mode; readonly clients: number; readonly seconds: number },
): Promise<number> {
  const said = await run(
    program,
    [
      '-S',
      '-n',
      '-M',
      load.mode,
      '-c',
      String(load.clients),
      '-j',
      '1',
      '-T',
      String(load.seconds),
      at.database,
    ],
    at,
  )
  const rate = /tps = ([\d.]+)/.exec(said)?.[1]
  if (rate === undefined) throw new Error(`pgbench gave no rate: ${said}`)
  return Number(rate)
}

function run(program: string, args: readonly string[], at: Endpoint): Promise<string> {
  const child = spawn(program, ['-h', at.host, '-p', String(at.port), '-U', at.user, ...args], {
    env: { ...process.env, PGPASSWORD: at.password, PGSSLMODE: 'disable' },
  })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(out.slice(-2000)))))
  })
}
