// What the command line keeps for a person between two calls, under $XDG_CONFIG_HOME/sallyport (else
// ~/.config/sallyport), readable by its owner alone: `client.json` (which issuer, which gateway) and
// `token.json`. Both are plain JSON; `client.json` may be written by hand or handed out by a team.
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../errors.js'
import type { Io } from './io.js'

export type ClientFile = {
  readonly issuer?: string
  readonly client_id?: string
  readonly scope?: string
  // RFC 8707, for issuers that want to be told what the token is for.
  readonly resource?: string
  // Which of the issuer's tokens the gateway takes; `access` where nothing is said.
  readonly token_type?: 'access' | 'id'
  // host:port of the gateway's PostgreSQL listener.
  readonly gateway?: string
  readonly user?: string
  // As libpq knows them; verify-full where nothing is said and the gateway is not on loopback.
  readonly sslmode?: string
  readonly sslrootcert?: string
}

export type TokenFile = {
  readonly issuer: string
  readonly client_id: string
  readonly access_token: string
  readonly id_token?: string
  readonly refresh_token?: string
  readonly expires_at_ms: number
}

const FILE_BYTES_MAX = 131_072
const LOCK_STALE_MS = 30_000

export function clientDirectory(io: Io): string {
  const { XDG_CONFIG_HOME: xdg, HOME: home } = io.env
  // XDG Base Directory Specification: a path that is not absolute is to be ignored.
  if (xdg?.startsWith('/') === true) return join(xdg, 'sallyport')
  if (home === undefined || home === '') {
    throw new GatewayError('usage', 'neither XDG_CONFIG_HOME nor HOME is set')
  }
  return join(home, '.config', 'sallyport')
}

export function readClientFile(io: Io): ClientFile {
  return readMembers(join(clientDirectory(io), 'client.json')) ?? {}
}

export function readTokenFile(io: Io): TokenFile | undefined {
  const stored = readMembers(join(clientDirectory(io), 'token.json'))
  if (stored === undefined) return undefined
  const { issuer, client_id, access_token, id_token, refresh_token } = stored
  const expires_at_ms = Number(stored['expires_at_ms'])
  if (!issuer || !client_id || !access_token || !Number.isFinite(expires_at_ms)) return undefined
  return {
    issuer,
    client_id,
    access_token,
    expires_at_ms,
    ...(id_token === undefined ? {} : { id_token }),
    ...(refresh_token === undefined ? {} : { refresh_token }),
  }
}

export function writeClientFile(io: Io, client: ClientFile): void {
  writePrivate(io, 'client.json', client)
}

export function writeTokenFile(io: Io, token: TokenFile): void {
  writePrivate(io, 'token.json', token)
}

// Two calls at once must not both use one refresh token: an issuer that rotates them takes the second
// use for theft and ends the login.
export async function locked<Value>(io: Io, work: () => Promise<Value>): Promise<Value> {
  const file = join(madeDirectory(io), 'lock')
  while (!isTaken(file)) {
    if (ageMs(file) > LOCK_STALE_MS) rmSync(file, { force: true })
    await pause(50)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function isTaken(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx', 0o600))
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false
    throw new GatewayError('usage', `${file} cannot be written`, { cause })
  }
}

function ageMs(file: string): number {
  try {
    return Date.now() - statSync(file).mtimeMs
  } catch {
    return 0
  }
}

function madeDirectory(io: Io): string {
  const directory = clientDirectory(io)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return directory
}

function writePrivate(io: Io, name: string, value: unknown): void {
  const file = join(madeDirectory(io), name)
  const next = `${file}.next`
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  // A file that was there keeps its mode.
  chmodSync(next, 0o600)
  renameSync(next, file)
}

// Only texts and numbers; what else somebody wrote there is left out.
function readMembers(file: string): Record<string, string> | undefined {
  let value: unknown
  try {
    if (statSync(file).size > FILE_BYTES_MAX) return undefined
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new GatewayError('usage', `${file} is not JSON`)
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const members = Object.entries(value).flatMap(([name, one]: [string, unknown]) =>
    typeof one === 'string' || typeof one === 'number' ? [[name, String(one)] as const] : [],
  )
  return Object.fromEntries(members)
}
