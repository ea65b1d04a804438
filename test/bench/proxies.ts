// The proxies that the bench compares with, started on loopback from Debian's packages: PgBouncer in
// session pooling and haproxy in TCP mode. Each gives undefined where it is not installed.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../peers/gateway-config.js'

export type Proxy = {
  readonly name: string
  readonly port: number
  readonly pid: number | undefined
  readonly stop: () => void
}

export type Upstream = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

const READY_MS = 5000

export async function startPgbouncer(upstream: Upstream): Promise<Proxy | undefined> {
  const program = installed('pgbouncer', ['/usr/sbin/pgbouncer'])
  if (program === undefined) return undefined
  const directory = scratch()
  const port = await freePort()
  writeFileSync(join(directory, 'users.txt'), `"${upstream.user}" "${upstream.password}"\n`)
  writeFileSync(
    join(directory, 'pgbouncer.ini'),
    [
      '[databases]',
      `* = host=${upstream.host} port=${upstream.port}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = scram-sha-256',
      `auth_file = ${join(directory, 'users.txt')}`,
      'pool_mode = session',
      'max_client_conn = 200',
      'default_pool_size = 100',
      'ignore_startup_parameters = extra_float_digits',
      '',
    ].join('\n'),
  )
  return started('PgBouncer', program, [join(directory, 'pgbouncer.ini')], port, directory)
}

export async function startHaproxy(upstream: Upstream): Promise<Proxy | undefined> {
  const program = installed('haproxy', ['/usr/sbin/haproxy'])
  if (program === undefined) return undefined
  const directory = scratch()
  const port = await freePort()
  writeFileSync(
    join(directory, 'haproxy.cfg'),
    [
      'defaults',
      '  mode tcp',
      '  timeout connect 5s',
      '  timeout client 1h',
      '  timeout server 1h',
      'listen postgres',
      `  bind 127.0.0.1:${port}`,
      `  server target ${upstream.host}:${upstream.port}`,
      '',
    ].join('\n'),
  )
  return started('haproxy TCP', program, ['-f', join(directory, 'haproxy.cfg')], port, directory)
}

function installed(name: string, paths: readonly string[]): string | undefined {
  return [name, ...paths].find(
    (path) => spawnSync(path, ['-v'], { stdio: 'ignore' }).error === undefined,
  )
}

// Both refuse to run as root or are better not run so: root starts them as nobody.
async function started(
  name: string,
  program: string,
  args: readonly string[],
  port: number,
  directory: string,
): Promise<Proxy> {
  const asRoot = process.getuid?.() === 0
  const child = spawn(program, [...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(asRoot ? { uid: 65534, gid: 65534 } : {}),
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)))
  await reachable(port, child, () => said)
  const stop = (): void => {
    child.kill('SIGTERM')
    rmSync(directory, { recursive: true, force: true })
  }
  return { name, port, pid: child.pid, stop }
}

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  chmodSync(directory, 0o755)
  return directory
}

async function reachable(port: number, child: ChildProcess, said: () => string): Promise<void> {
  const end = Date.now() + READY_MS
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ host: '127.0.0.1', port }, () => resolve(true))
      socket.on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (open) return
    if (child.exitCode !== null || Date.now() > end) throw new Error(`did not start: ${said()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
