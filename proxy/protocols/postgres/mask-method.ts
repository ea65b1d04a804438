// What a mask makes of one field of an answer, by its type and format: words for text and bytea, the begin
// of its period or bucket where values are generalised, NULL otherwise. The expressions that mask at the
// source (`engine/facts/postgres/mask-expression.ts`) make the same.
import { createHmac } from 'node:crypto'
import { lengthOf } from '../../../engine/facts/postgres/declared-size.js'
import {
  HASH_CHARACTERS,
  TOKEN_CHARACTERS,
} from '../../../engine/facts/postgres/mask-expression.js'
import type { Mask } from '../../../engine/schemas/decision.js'
import { generalised } from './mask-generalise.js'
import type { ResultColumn } from './row-description.js'

// What stands in a field's place: the same for all values, or made of each (which is never NULL);
// undefined: SQL NULL.
export type Masked = 'null' | Uint8Array | ((value: Buffer) => Uint8Array | undefined)

const CHAR = 18
const BYTEA = 17
const BPCHAR = 1042
const VARCHAR = 1043
export const MASK_BYTES_MAX = 4096
const BLANK = 0x20
const STARS = Buffer.from('****')
const ONE_STAR = Buffer.from('*')
const HEX_STARS = Buffer.from('\\x2a2a2a2a')

export function maskedBy(mask: Mask, column: ResultColumn, text: boolean, key: Uint8Array): Masked {
  if (column.type === BYTEA) return maskedBytes(mask, column.format, key)
  if (!text) {
    return mask.method === 'generalise' ? (value) => generalised(mask, column, value) : 'null'
  }
  if (mask.method === 'null') return 'null'
  if (column.type === CHAR) return ONE_STAR
  switch (mask.method) {
    case 'redact':
      return declared(STARS, column)
    case 'partial':
    case 'generalise': {
      const { keep = 0 } = mask
      if (keep === 0) return declared(STARS, column)
      const kept = mask.method === 'partial' ? keptEnd : keptBegin
      return (value) => declared(kept(stored(value, column), keep), column)
    }
    case 'constant':
      return declared(Buffer.from(mask.value ?? '').subarray(0, MASK_BYTES_MAX), column)
    case 'hash':
      return (value) => declared(digest(key, 'hash', stored(value, column)), column)
    case 'token':
      return (value) => declared(digest(key, 'token', stored(value, column)), column)
  }
}

// As the target would store it: cut to the declared length, in `char(n)` filled up to it.
function declared(words: Buffer, { type, typmod }: ResultColumn): Uint8Array {
  const length = type === BPCHAR || type === VARCHAR ? lengthOf(typmod) : undefined
  if (length === undefined) return words
  const characters = [...words.toString('utf8')].slice(0, length)
  const padding = type === BPCHAR ? ' '.repeat(length - characters.length) : ''
  return Buffer.from(`${characters.join('')}${padding}`).subarray(0, MASK_BYTES_MAX)
}

// The blanks that fill up a `char(n)` are no part of its value.
function stored(value: Buffer, { type }: ResultColumn): Buffer {
  if (type !== BPCHAR) return value
  let end = value.length
  while (end > 0 && value[end - 1] === BLANK) end--
  return value.subarray(0, end)
}

function maskedBytes(mask: Mask, format: number, key: Uint8Array): Masked {
  switch (mask.method) {
    case 'redact':
    case 'partial':
      return format === 1 ? STARS : HEX_STARS
    case 'null':
    case 'constant':
    case 'token':
    case 'generalise':
      return 'null'
    case 'hash':
      return (value) => {
        const raw = format === 1 ? value : bytesOf(value)
        if (raw === undefined) return undefined
        const hashed = keyed(key, 'hash', raw)
        return format === 1 ? hashed : Buffer.from(`\\x${hashed.toString('hex')}`)
      }
  }
}

// Written with bytea_output = escape: a backslash is doubled, and begins three octal digits.
function bytesOf(value: Buffer): Buffer | undefined {
  const text = value.toString('latin1')
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex')
  if (!/^(?:[^\\]|\\\\|\\[0-3][0-7]{2})*$/.test(text)) return undefined
  const raw = text.replace(/\\(\\|\d{3})/g, (_, code: string) =>
    code === '\\' ? code : String.fromCharCode(parseInt(code, 8)),
  )
  return Buffer.from(raw, 'latin1')
}

function digest(key: Uint8Array, use: 'hash' | 'token', value: Buffer): Buffer {
  const hex = keyed(key, use, value).toString('hex')
  return Buffer.from(
    use === 'hash' ? `h_${hex.slice(0, HASH_CHARACTERS)}` : `tok_${hex.slice(0, TOKEN_CHARACTERS)}`,
  )
}

function keyed(key: Uint8Array, use: string, value: Uint8Array): Buffer {
  return createHmac('sha256', key).update(use).update('\0').update(value).digest()
}

// The last characters stay, where at least as many again are hidden.
function keptEnd(value: Buffer, keep: number): Buffer {
  let begin = value.length
  let characters = 0
  for (let at = value.length; at > 0 && characters < 2 * keep; characters++) {
    at--
    while (at > 0 && isWithinCharacter(value[at])) at--
    if (characters < keep) begin = at
  }
  return characters < 2 * keep ? STARS : Buffer.concat([STARS, value.subarray(begin)])
}

// The first characters stay, where there are more.
function keptBegin(value: Buffer, keep: number): Buffer {
  let end = 0
  for (let characters = 0; characters < keep && end < value.length; characters++) {
    end++
    while (end < value.length && isWithinCharacter(value[end])) end++
  }
  return end === value.length ? STARS : Buffer.concat([value.subarray(0, end), STARS])
}

// UTF-8 (RFC 3629): what follows the first byte.
function isWithinCharacter(byte = 0): boolean {
  return (byte & 0xc0) === 0x80
}
