// Values that look protected wherever they stand: the last net under the masks. Finds them in text bytes
// and overwrites them in place, so that lengths stay; only values that lie within one field or one piece
// of a copy are found.
import type { ExitMasks, Pattern } from '../../../engine/facts/postgres/exit-masks.js'

const STAR = 0x2a

const SHAPES: Readonly<Record<Pattern, RegExp>> = {
  ssn: /(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)/g,
  card: /(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)/g,
  email: /[\w.%+-]+@[\w-]+(?:\.[\w-]+)+/g,
  iban: /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])/g,
}

// How many values were overwritten in these bytes.
export function caught(
  bytes: Buffer,
  start: number,
  end: number,
  patterns: ExitMasks['patterns'],
): number {
  if (!isSuspect(bytes, start, end)) return 0
  const text = bytes.toString('latin1', start, end)
  let hits = 0
  for (const { pattern, mask } of patterns) {
    const keep = mask.method === 'partial' ? (mask.keep ?? 0) : 0
    for (const match of text.matchAll(SHAPES[pattern])) {
      const found = match[0]
      if (!isReal(pattern, found)) continue
      hits++
      const from = start + match.index
      bytes.fill(STAR, from, from + Math.max(0, found.length - keep))
    }
  }
  return hits
}

// Whether any pattern may match.
function isSuspect(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < ADDRESS_BYTES_MIN) return false
  return hasAtSign(bytes, start, end) || hasSuspectRun(bytes, start, end)
}

/**
 * Whether another than that of an address may. All others are at least eleven bytes of digits, capitals,
 * blanks and hyphens in a row, so that looking at each eleventh byte finds a part of them; most texts need
 * no more.
 */
export function hasSuspectRun(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start + RUN_BYTES_MIN - 1; i < end; i += RUN_BYTES_MIN) {
    if (IN_RUN[bytes[i] ?? 0] === 0) continue
    let from = i
    while (from > start && IN_RUN[bytes[from - 1] ?? 0] === 1) from--
    let to = i + 1
    while (to < end && IN_RUN[bytes[to] ?? 0] === 1) to++
    if (to - from >= RUN_BYTES_MIN && isSuspectRun(bytes, from, to)) return true
    i = to
  }
  return false
}

// a@b.c; 123-45-6789, the shortest of the others.
const ADDRESS_BYTES_MIN = 5
export const RUN_BYTES_MIN = 11
const IN_RUN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === 0x20 || byte === 0x2d || isDigit(byte) || isCapital(byte) ? 1 : 0,
)

// A short text is looked through faster than a view of it is made.
const SHORT_BYTES = 128

function hasAtSign(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > SHORT_BYTES) {
    return bytes.subarray(start, end).includes(AT_SIGN)
  }
  for (let i = start; i < end; i++) if (bytes[i] === AT_SIGN) return true
  return false
}

/** Without it a text is no address. */
export const AT_SIGN = 0x40

// Thirteen digits with nothing but single blanks or hyphens between them, three and two digits before
// hyphens, two capitals before two digits.
function isSuspectRun(bytes: Buffer, start: number, end: number): boolean {
  let digits = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (isDigit(byte)) {
      digits++
      if (digits >= 13) return true
      if (digits === 2 && i - start >= 3 && isCapital(bytes[i - 2]) && isCapital(bytes[i - 3])) {
        return true
      }
    } else if (byte === 0x2d || byte === 0x20) {
      if (i === start || !isDigit(bytes[i - 1])) digits = 0
      else if (byte === 0x2d && isAfterSsn(bytes, start, i)) return true
    } else digits = 0
  }
  return false
}

// `ddd-dd` before the hyphen at `at`; dates have four digits before their first.
function isAfterSsn(bytes: Buffer, start: number, at: number): boolean {
  return (
    at - start >= 6 &&
    isDigit(bytes[at - 2]) &&
    bytes[at - 3] === 0x2d &&
    isDigit(bytes[at - 4]) &&
    isDigit(bytes[at - 5]) &&
    isDigit(bytes[at - 6]) &&
    !(at - start >= 7 && isDigit(bytes[at - 7]))
  )
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function isCapital(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a
}

function isReal(pattern: Pattern, found: string): boolean {
  switch (pattern) {
    case 'ssn':
    case 'email':
      return true
    case 'card':
      return passesLuhn(found)
    case 'iban':
      return passesMod97(found.replaceAll(' ', ''))
  }
}

// ISO/IEC 7812-1, annex B. Zeros alone pass its sum, and are nobody's number.
function passesLuhn(text: string): boolean {
  let sum = 0
  let double = false
  for (let i = text.length - 1; i >= 0; i--) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) continue
    const value = double ? digit * 2 : digit
    sum += value > 9 ? value - 9 : value
    double = !double
  }
  return sum > 0 && sum % 10 === 0
}

// ISO 13616: the check digits make the number 1 modulo 97.
function passesMod97(iban: string): boolean {
  let rest = 0
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97
  }
  return rest === 1
}
