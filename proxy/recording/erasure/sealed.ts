// A value that can be erased: the line holds a salted commitment to it and the value in a box. Salt and key of
// the box are one, made from the person's key and a number used once; without the person's key nobody can
// make it again, and what is left says nothing.
import { createCipheriv, createDecipheriv, hash, randomFillSync } from 'node:crypto'
import type { SubjectKey } from './subject-keys.js'

export type Sealed = {
  // Of the person's key.
  readonly key: string
  readonly nonce: string
  readonly commitment: string
  readonly box: string
}

export const ERASED = '[erased]'

// Each value has a key of its own, so that a counter that begins at zero repeats nothing.
const ZERO = Buffer.alloc(16)
const NONCES = Buffer.alloc(16 * 256)
let nonceAt = NONCES.length

export function sealed({ id, key }: SubjectKey, value: object): Sealed {
  if (nonceAt === NONCES.length) {
    randomFillSync(NONCES)
    nonceAt = 0
  }
  const nonce = NONCES.toString('base64', nonceAt, nonceAt + 16)
  nonceAt += 16
  const salt = saltOf(key, nonce)
  const text = Buffer.from(JSON.stringify(value))
  const cipher = createCipheriv('aes-256-ctr', salt, ZERO)
  const box = cipher.update(text).toString('base64')
  return { key: id, nonce, commitment: commitmentOf(salt, text), box }
}

// Undefined where it does not fit its commitment: whoever wrote it, or whoever changed the key, lied.
export function opened(key: Buffer, { nonce, commitment, box }: Sealed): object | undefined {
  const salt = saltOf(key, nonce)
  const text = createDecipheriv('aes-256-ctr', salt, ZERO).update(Buffer.from(box, 'base64'))
  if (commitmentOf(salt, text) !== commitment) return undefined
  const value: unknown = JSON.parse(text.toString('utf8'))
  return typeof value === 'object' && value !== null ? value : undefined
}

function saltOf(key: Buffer, nonce: string): Buffer {
  return hash('sha256', Buffer.concat([key, Buffer.from(nonce, 'base64')]), 'buffer')
}

function commitmentOf(salt: Buffer, text: Buffer): string {
  return hash('sha256', Buffer.concat([salt, text]), 'hex')
}
