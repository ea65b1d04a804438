// A value that can be erased: the line holds a salted commitment to it, and the value in a box. Box and salt
// come from one stream of bytes that the person's key gives (AES-256 in counter mode), no byte of it twice;
// without that key nobody can make them again, and what is left says nothing.
import { createCipheriv, createDecipheriv, createHash, hash, randomBytes } from 'node:crypto'
import type { Cipher } from 'node:crypto'
import type { SubjectKey } from './subject-keys.js'

export type Sealed = {
  // Of the person's key.
  readonly key: string
  // Which stream of it, and from which byte on.
  readonly nonce: string
  readonly at: number
  readonly commitment: string
  readonly box: string
}

export type Seal = (value: object) => Sealed

export const ERASED = '[erased]'

const SALT_BYTES = 32
const BLOCK_BYTES = 16
const NONCE_BYTES = 16
// A new stream long before the counter of a browser or a tool that reads with 32 bits would end.
const STREAM_BYTES_MAX = 2 ** 40

// The cipher is kept: to make one anew costs more than all else here.
export function sealOf({ id, key }: SubjectKey): Seal {
  let nonce = ''
  let at = STREAM_BYTES_MAX
  let stream: Cipher | undefined
  return (value) => {
    if (stream === undefined || at >= STREAM_BYTES_MAX) {
      nonce = randomBytes(NONCE_BYTES).toString('base64')
      at = 0
      stream = createCipheriv('aes-256-ctr', streamKey(key, nonce), Buffer.alloc(BLOCK_BYTES))
    }
    const json = JSON.stringify(value)
    const plain = Buffer.allocUnsafe(SALT_BYTES + json.length * 3)
    plain.fill(0, 0, SALT_BYTES)
    const bytes = SALT_BYTES + plain.write(json, SALT_BYTES, 'utf8')
    const out = stream.update(plain.subarray(0, bytes))
    // The salt is what the stream makes of nothing; it goes in front of the value for its commitment.
    out.copy(plain, 0, 0, SALT_BYTES)
    const commitment = hash('sha256', plain.subarray(0, bytes), 'hex')
    const from = at
    at += bytes
    return { key: id, nonce, at: from, commitment, box: out.toString('base64', SALT_BYTES) }
  }
}

// Undefined where it does not fit its commitment: whoever wrote it, or whoever changed the key, lied.
export function opened(key: Buffer, { nonce, at, commitment, box }: Sealed): object | undefined {
  if (!(at >= 0 && at < STREAM_BYTES_MAX * 2)) return undefined
  const counter = Buffer.alloc(BLOCK_BYTES)
  counter.writeBigUInt64BE(BigInt(Math.floor(at / BLOCK_BYTES)), BLOCK_BYTES - 8)
  const stream = createDecipheriv('aes-256-ctr', streamKey(key, nonce), counter)
  stream.update(Buffer.alloc(at % BLOCK_BYTES))
  const salt = stream.update(Buffer.alloc(SALT_BYTES))
  const text = stream.update(Buffer.from(box, 'base64'))
  const found = createHash('sha256').update(salt).update(text).digest('hex')
  if (found !== commitment) return undefined
  const value: unknown = JSON.parse(text.toString('utf8'))
  return typeof value === 'object' && value !== null ? value : undefined
}

function streamKey(key: Buffer, nonce: string): Buffer {
  return createHash('sha256').update(key).update(Buffer.from(nonce, 'base64')).digest()
}
