// What the development issuer keeps in its folder, readable by its owner alone: signing keys, the
// client secret, grants and refresh tokens, revoked token ids. A token of yesterday so still verifies
// after a restart, and one that was revoked stays so.
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import type { Adapter, Stored } from 'oidc-provider'

type Entry = { payload: Stored; expiresAtMs: number }

export type IssuerState = {
  readonly keys: readonly JWK[]
  readonly clientSecret: string
  readonly adapter: (model: string) => Adapter
  readonly revoke: (jti: string, expiresAtMs: number) => void
  readonly isRevoked: (jti: string) => boolean
}

const FILES = {
  keys: 'keys.json',
  secret: 'client-secret',
  url: 'url',
  state: 'state.json',
} as const
// Sessions and logins in flight need not outlive the process.
const KEPT = new Set(['Grant', 'RefreshToken', 'Revoked'])
const ENTRIES_MAX = 10_000

export async function issuerState(directory: string): Promise<IssuerState> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const keysFile = join(directory, FILES.keys)
  if (!existsSync(keysFile)) writePrivate(keysFile, JSON.stringify([await signingKey()]))
  const secretFile = join(directory, FILES.secret)
  if (!existsSync(secretFile)) writePrivate(secretFile, randomBytes(24).toString('base64url'))
  const file = join(directory, FILES.state)
  const entries = new Map<string, Entry>(existsSync(file) ? parsed(file) : [])
  const save = (): void => {
    for (const [id, entry] of entries) if (entry.expiresAtMs < Date.now()) entries.delete(id)
    const kept = [...entries].filter(([id]) => KEPT.has(id.slice(0, id.indexOf(':'))))
    writePrivate(file, JSON.stringify(kept))
  }
  return {
    keys: parsed(keysFile),
    clientSecret: readFileSync(secretFile, 'utf8'),
    adapter: (model) => adapterOf(model, entries, save),
    revoke: (jti, expiresAtMs) => {
      entries.set(`Revoked:${jti}`, { payload: {}, expiresAtMs })
      save()
    },
    isRevoked: (jti) => entries.has(`Revoked:${jti}`),
  }
}

// Written for `devToken`, which runs in another process.
export function announceIssuer(directory: string, url: string): void {
  writePrivate(join(directory, FILES.url), url)
}

export type AnnouncedIssuer = { readonly url: string; readonly clientSecret: string }

export function announcedIssuer(directory: string): AnnouncedIssuer | undefined {
  const file = join(directory, FILES.url)
  if (!existsSync(file)) return undefined
  const clientSecret = readFileSync(join(directory, FILES.secret), 'utf8')
  return { url: readFileSync(file, 'utf8'), clientSecret }
}

export function clientSecretFile(directory: string): string {
  return join(directory, FILES.secret)
}

async function signingKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const kid = randomBytes(8).toString('base64url')
  return { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' }
}

function parsed<Value>(file: string): Value {
  return JSON.parse(readFileSync(file, 'utf8')) as Value
}

function writePrivate(file: string, text: string): void {
  const next = `${file}.next`
  writeFileSync(next, text, { mode: 0o600 })
  chmodSync(next, 0o600)
  renameSync(next, file)
}

function adapterOf(model: string, entries: Map<string, Entry>, save: () => void): Adapter {
  const live = (id: string): Stored | undefined => {
    const entry = entries.get(id)
    return entry !== undefined && entry.expiresAtMs > Date.now() ? entry.payload : undefined
  }
  const where = (member: string, value: string): Stored | undefined => {
    for (const [id, { payload }] of entries) {
      if (id.startsWith(`${model}:`) && payload[member] === value) return live(id)
    }
    return undefined
  }
  const saveIfKept = (): void => {
    if (KEPT.has(model)) save()
  }
  return {
    upsert: async (id, payload, expiresIn) => {
      const expiresAtMs = expiresIn === undefined ? Infinity : Date.now() + expiresIn * 1000
      const oldest = entries.keys().next()
      if (entries.size >= ENTRIES_MAX && oldest.done !== true) entries.delete(oldest.value)
      entries.set(`${model}:${id}`, { payload, expiresAtMs })
      saveIfKept()
    },
    find: async (id) => live(`${model}:${id}`),
    findByUid: async (uid) => where('uid', uid),
    findByUserCode: async (userCode) => where('userCode', userCode),
    consume: async (id) => {
      const entry = entries.get(`${model}:${id}`)
      if (entry === undefined) return
      entry.payload = { ...entry.payload, consumed: Math.floor(Date.now() / 1000) }
      saveIfKept()
    },
    destroy: async (id) => {
      entries.delete(`${model}:${id}`)
      saveIfKept()
    },
    revokeByGrantId: async (grantId) => {
      for (const [id, { payload }] of entries) {
        if (payload['grantId'] === grantId) entries.delete(id)
      }
      saveIfKept()
    },
  }
}
