// What each verb of Go's fmt does with a text or a whole number (fmt/format.go, math/big/intconv.go).
import { canBackquote, isPrinted, quoted, quotedAscii, quotedRune } from './go-quote.js'

export type Flags = {
  minus: boolean
  plus: boolean
  sharp: boolean
  space: boolean
  zero: boolean
  width: number | undefined
  precision: number | undefined
  // `%#v` and `%+v`, which mean another thing.
  sharpV: boolean
  plusV: boolean
}

export function padded(text: string, flags: Flags, zero = flags.zero): string {
  const missing = (flags.width ?? 0) - [...text].length
  if (missing <= 0) return text
  if (flags.minus) return text + ' '.repeat(missing)
  return (zero ? '0' : ' ').repeat(missing) + text
}

function cut(text: string, { precision }: Flags): string {
  return precision === undefined ? text : [...text].slice(0, precision).join('')
}

// Undefined where a text has no such verb.
export function textVerb(verb: string, text: string, flags: Flags): string | undefined {
  switch (verb) {
    case 'v':
      return flags.sharpV
        ? quotedText(text, { ...flags, sharp: false })
        : padded(cut(text, flags), flags)
    case 's':
      return padded(cut(text, flags), flags)
    case 'q':
      return quotedText(text, flags)
    case 'x':
    case 'X':
      return padded(hexadecimal(text, verb, flags), flags)
    default:
      return undefined
  }
}

function quotedText(text: string, flags: Flags): string {
  const short = cut(text, flags)
  if (flags.sharp && canBackquote(short)) return padded(`\`${short}\``, flags)
  return padded(flags.plus ? quotedAscii(short) : quoted(short), flags)
}

// Of the text's bytes.
function hexadecimal(text: string, verb: string, { sharp, space, precision }: Flags): string {
  const bytes = [...Buffer.from(text, 'utf8')].slice(0, precision ?? undefined)
  if (bytes.length === 0) return ''
  const pairs = bytes.map((byte) => byte.toString(16).padStart(2, '0'))
  const prefix = sharp ? '0x' : ''
  const found = space ? pairs.map((pair) => prefix + pair).join(' ') : prefix + pairs.join('')
  return verb === 'X' ? found.toUpperCase() : found
}

const RADIX: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }

// An int64. Undefined where it has no such verb.
export function integerVerb(verb: string, value: bigint, flags: Flags): string | undefined {
  const radix = RADIX[verb]
  if (radix !== undefined) return integer(verb, value, radix, flags)
  const character = runeOf(value)
  if (verb === 'c') return padded(character, flags)
  if (verb === 'q') return padded(quotedRune(character, flags.plus), flags)
  return verb === 'U' ? unicode(value, flags) : undefined
}

function runeOf(value: bigint): string {
  const code = value < 0n || value > 0x10ffffn ? 0xfffd : Number(value)
  return code >= 0xd800 && code <= 0xdfff ? '\ufffd' : String.fromCodePoint(code)
}

function signOf(negative: boolean, { plus, space }: Flags): string {
  if (negative) return '-'
  if (plus) return '+'
  return space ? ' ' : ''
}

function integer(verb: string, value: bigint, radix: number, flags: Flags): string {
  const { precision, width, zero, minus, sharp } = flags
  const magnitude = value < 0n ? -value : value
  const sign = signOf(value < 0n, flags)
  if (precision === 0 && magnitude === 0n) return padded('', flags, false)
  const filled = zero && !minus && width !== undefined ? width - sign.length : 0
  let digits = magnitude.toString(radix).padStart(precision ?? filled, '0')
  if (sharp && radix === 2) digits = `0b${digits}`
  if (sharp && radix === 8 && !digits.startsWith('0')) digits = `0${digits}`
  if (sharp && radix === 16) digits = `0x${digits}`
  if (verb === 'X') digits = digits.toUpperCase()
  return padded(sign + (verb === 'O' ? `0o${digits}` : digits), flags, false)
}

function unicode(value: bigint, flags: Flags): string {
  const bits = BigInt.asUintN(64, value)
  const digits = bits
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(4, flags.precision ?? 4), '0')
  const character = runeOf(value)
  const shown = flags.sharp && value >= 0n && value <= 0x10ffffn && isPrinted(character)
  return padded(`U+${digits}${shown ? ` '${character}'` : ''}`, flags, false)
}

const PREFIX: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' }

// A *big.Int, which writes itself: all verbs answer.
export function bigVerb(verb: string, value: bigint, flags: Flags): string {
  const radix = verb === 's' ? 10 : RADIX[verb]
  if (radix === undefined) return `%!${verb}(big.Int=${value})`
  const { precision, width = 0, minus, zero } = flags
  const sign = signOf(value < 0n, { ...flags, plus: flags.plus || flags.plusV })
  const sharp = flags.sharp || flags.sharpV
  const prefix = verb === 'O' ? '0o' : sharp ? (PREFIX[verb] ?? '') : ''
  const digits = (value < 0n ? -value : value).toString(radix).padStart(precision ?? 0, '0')
  const cased = verb === 'X' ? digits.toUpperCase() : digits
  const missing = width - sign.length - prefix.length - cased.length
  if (missing <= 0) return sign + prefix + cased
  if (minus) return sign + prefix + cased + ' '.repeat(missing)
  if (zero && precision === undefined) return sign + prefix + '0'.repeat(missing) + cased
  return ' '.repeat(missing) + sign + prefix + cased
}
