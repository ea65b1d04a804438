// The keys that wrap the keys of recordings (envelope encryption): the one in use, and those before it,
// each by reference, followed when it is needed so that a rotated file is seen. A key is known by an id
// that says nothing about it.
import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.js'

export type KeyReference = { readonly reference: string; readonly reveal: () => string }

export type WrappingKey = { readonly id: string; readonly bytes: Buffer }

export type KeyRing = {
  // What new recordings are wrapped with. Throws where it cannot be had.
  readonly current: () => WrappingKey
  readonly byId: (id: string) => WrappingKey | undefined
}

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

export function keyRing(current: KeyReference, previous: readonly KeyReference[]): KeyRing {
  return {
    current: () => keyOf(current),
    byId(id) {
      let trouble: unknown
      for (const reference of [current, ...previous]) {
        try {
          const key = keyOf(reference)
          if (key.id === id) return key
        } catch (problem) {
          trouble ??= problem
        }
      }
      if (trouble !== undefined) throw trouble
      return undefined
    },
  }
}

// 32 bytes in base64 or hexadecimal, as `openssl rand -base64 32` prints them. undefined for anything else.
export function keyBytes(text: string): Buffer | undefined {
  const word = text.trim()
  if (/^[0-9a-fA-F]{64}$/.test(word)) return Buffer.from(word, 'hex')
  if (!/^[A-Za-z0-9+/]{43}=$/.test(word)) return undefined
  const bytes = Buffer.from(word, 'base64')
  return bytes.length === KEY_BYTES ? bytes : undefined
}

function keyOf({ reference, reveal }: KeyReference): WrappingKey {
  const bytes = keyBytes(reveal())
  if (bytes === undefined) {
    throw new GatewayError(
      'secret_unavailable',
      `${reference} holds no key for recordings: 32 bytes in base64 or hexadecimal, such as openssl rand -base64 32 prints`,
    )
  }
  return { id: hash('sha256', Buffer.concat([ID_PREFIX, bytes]), 'hex').slice(0, 16), bytes }
}

const ID_PREFIX = Buffer.from('sallyport recording key\0')

export function newDataKey(): Buffer {
  return randomBytes(KEY_BYTES)
}

// `about` cannot be changed without the key any more than the wrapped key can.
export function wrapped(key: WrappingKey, dataKey: Uint8Array, about: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce)
  cipher.setAAD(Buffer.from(about))
  const body = Buffer.concat([cipher.update(dataKey), cipher.final()])
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64')
}

export function unwrapped(key: WrappingKey, text: string, about: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== NONCE_BYTES + KEY_BYTES + TAG_BYTES) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, bytes.subarray(0, NONCE_BYTES))
  decipher.setAAD(Buffer.from(about))
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES + KEY_BYTES))
  try {
    const body = bytes.subarray(NONCE_BYTES, NONCE_BYTES + KEY_BYTES)
    return Buffer.concat([decipher.update(body), decipher.final()])
  } catch {
    return undefined
  }
}
