// Digests, authentication codes and encodings: `crypto.md5` and its like, `hex.*`, `base64url.*`.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { type RegoValue } from '../rego-value.js'
import { NoAnswer, textOf, type Builtin, type BuiltinEntry } from './builtin.js'
import { goText } from './go-text.js'

export const DIGESTS: readonly BuiltinEntry[] = [
  ['crypto.md5', digest('md5')],
  ['crypto.sha1', digest('sha1')],
  ['crypto.sha256', digest('sha256')],
  ['crypto.hmac.md5', code('md5')],
  ['crypto.hmac.sha1', code('sha1')],
  ['crypto.hmac.sha256', code('sha256')],
  ['crypto.hmac.sha512', code('sha512')],
  ['crypto.hmac.equal', { apply: (one, other) => sameBytes(textOf(one), textOf(other)) }],
  ['hex.encode', { apply: (text) => Buffer.from(textOf(text)).toString('hex') }],
  ['hex.decode', { apply: (text) => hexDecoded(textOf(text)) }],
  ['base64url.encode_no_pad', { apply: (text) => Buffer.from(textOf(text)).toString('base64url') }],
]

function digest(algorithm: string): Builtin {
  return { apply: (text) => createHash(algorithm).update(textOf(text)).digest('hex') }
}

function code(algorithm: string): Builtin {
  return {
    apply: (text, key) => createHmac(algorithm, textOf(key)).update(textOf(text)).digest('hex'),
  }
}

function sameBytes(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function hexDecoded(text: string): RegoValue {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text)) throw new NoAnswer('no hexadecimal')
  return goText(Buffer.from(text, 'hex'))
}
