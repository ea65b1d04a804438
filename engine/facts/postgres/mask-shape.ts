// What the values look like that masks put in place of others. Who was shown one may write it back as if it were
// the value; that it looks so is all that a reading can tell.
import { MASK_SHAPES } from '../../schemas/facts.js'

export type MaskShape = (typeof MASK_SHAPES)[number]

// Masks are short; in longer texts they stand among other words, or in a document.
const SHORT = 64
const LONG = 1 << 20

// redact, cut to what a column takes and filled up to what it wants; partial and generalise, which leave at
// most eight characters on one side.
const ASTERISKS = /^(?:\*{1,4} *|\*{4}[^]{1,8}|[^]{1,8}\*{4})$/u
const HASH = /^h_[0-9a-f]{6,32}$/
const TOKEN = /^tok_[0-9a-f]{4,24}$/
// As PostgreSQL shows four asterisks that are bytes.
const BYTES = /^\\x2a2a2a2a/i
const WITHIN = /\*{4}|\btok_[0-9a-f]{24}\b|\bh_[0-9a-f]{32}\b/

export function maskShape(text: string): MaskShape | undefined {
  if (text.length <= SHORT) {
    if (ASTERISKS.test(text) || BYTES.test(text)) return 'asterisks'
    if (TOKEN.test(text)) return 'token'
    if (HASH.test(text)) return 'hash'
  }
  return text.length <= LONG && WITHIN.test(text) ? 'within' : undefined
}

// A value of Bind in either format: of what masks are made of, both are the same bytes, but for the version in
// front of a binary jsonb.
export function maskShapeOf(bytes: Uint8Array): MaskShape | undefined {
  if (bytes.length === 0 || bytes.length > LONG) return undefined
  const at = bytes[0] === 1 ? 1 : 0
  return maskShape(
    Buffer.from(bytes.buffer, bytes.byteOffset + at, bytes.length - at).toString('utf8'),
  )
}
