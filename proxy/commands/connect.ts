// `sallyport connect TARGET`: psql, with everything set for the gateway. The token goes to psql in its
// environment, so that it stands in no process list and no history.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { decodeJwt } from 'jose'
import { addressOf } from '../config/address.js'
import { GatewayError } from '../errors.js'
import { isLoopbackHost } from '../loopback.js'
import { readClientFile, type ClientFile } from './client-files.js'
import { validToken } from './client-token.js'
import type { Io } from './io.js'

export const help = `sallyport connect [options] TARGET [psql arguments]

  TARGET is the name of a target, or target/database.

  --gateway HOST:PORT  default: what sallyport login was told
  --user NAME          default: the name in the token
  --sslmode MODE       default: verify-full, prefer on loopback
  --sslrootcert FILE   default: the system's authorities

Everything after TARGET goes to psql:  sallyport connect shop -c 'select 1'
`

const OPTIONS = {
  gateway: { type: 'string' },
  user: { type: 'string' },
  sslmode: { type: 'string' },
  sslrootcert: { type: 'string' },
} as const

// These would outrank what is set here, and the token would go to whoever listens there.
const ELSEWHERE = { PGSERVICE: undefined, PGSERVICEFILE: undefined, PGHOSTADDR: undefined }

type Wish = {
  readonly target: string
  readonly arguments: readonly string[]
  readonly config: ClientFile
}

export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const { target, arguments: rest, config } = wishOf(argv, readClientFile(io))
    const environment = psqlEnvironment(target, config, await validToken(io), io)
    return await psql(rest, environment, io)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    io.stderr.write(`${error.message}\n`)
    return error.code === 'usage' ? 2 : 1
  }
}

function wishOf(argv: readonly string[], before: ClientFile): Wish {
  // Ours stand before the target and all take a value; what follows is psql's own business.
  let at = 0
  while (argv[at]?.startsWith('--') === true) at += argv[at]?.includes('=') === true ? 1 : 2
  const target = argv[at]
  if (target === undefined || target.startsWith('-')) throw new GatewayError('usage', help)
  try {
    const { values } = parseArgs({ args: argv.slice(0, at), options: OPTIONS })
    return { target, arguments: argv.slice(at + 1), config: { ...before, ...values } }
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'wrong usage'
    throw new GatewayError('usage', `${message}\n\n${help}`, { cause })
  }
}

function psqlEnvironment(
  target: string,
  config: ClientFile,
  token: string,
  io: Io,
): Record<string, string> {
  if (config.gateway === undefined || !/^(\[.+\]|[^:]+):\d{1,5}$/.test(config.gateway)) {
    const message = 'say where the gateway is: --gateway HOST:PORT, here or at sallyport login'
    throw new GatewayError('usage', message)
  }
  const { host, port } = addressOf(config.gateway)
  const sslmode = config.sslmode ?? (isLoopbackHost(host) ? 'prefer' : 'verify-full')
  return {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: config.user ?? nameIn(token) ?? userInfo().username,
    PGPASSWORD: token,
    PGDATABASE: target,
    PGSSLMODE: sslmode,
    PGGSSENCMODE: 'disable',
    ...rootCertificate(config, sslmode, io),
  }
}

// Not verified: it only says how the gateway's own check will name its holder.
function nameIn(token: string): string | undefined {
  try {
    const claims = decodeJwt(token)
    const name = claims['preferred_username'] ?? claims.sub
    return typeof name === 'string' && name !== '' ? name : undefined
  } catch {
    return undefined
  }
}

// psql 16 and later can use the system's authorities; before that a file was needed.
function rootCertificate(config: ClientFile, sslmode: string, io: Io): Record<string, string> {
  if (config.sslrootcert !== undefined) return { PGSSLROOTCERT: config.sslrootcert }
  const isGiven = io.env['PGSSLROOTCERT'] !== undefined
  const isInstalled = existsSync(join(io.env['HOME'] ?? '/', '.postgresql', 'root.crt'))
  if (isGiven || isInstalled || sslmode !== 'verify-full') return {}
  const { stdout } = spawnSync('psql', ['--version'], { env: io.env, encoding: 'utf8' })
  const major = Number(/ (\d+)/.exec(stdout ?? '')?.[1] ?? 0)
  return major >= 16 ? { PGSSLROOTCERT: 'system' } : {}
}

function psql(
  rest: readonly string[],
  environment: Record<string, string>,
  io: Io,
): Promise<number> {
  return new Promise((resolve, reject) => {
    // Ctrl-C is for psql: it cancels the statement, and this process must outlive it.
    const ignore = (): void => undefined
    process.on('SIGINT', ignore)
    const env = { ...io.env, ...ELSEWHERE, ...environment }
    const child = spawn('psql', rest, { stdio: 'inherit', env })
    child.once('error', (cause) => {
      process.off('SIGINT', ignore)
      const message =
        'psql is not on PATH; install PostgreSQL’s client (postgresql-client, libpq), or connect ' +
        'with any other client: the password is what `sallyport token` prints'
      reject(new GatewayError('not_found', message, { cause }))
    })
    child.once('exit', (code, signal) => {
      process.off('SIGINT', ignore)
      resolve(code ?? (signal === null ? 1 : 130))
    })
  })
}
