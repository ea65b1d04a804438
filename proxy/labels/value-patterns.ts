// Whether a value is what it looks like: checksums and rules of the issuers, not shapes alone. Each takes time
// linear in the text, which it looks at only as far as such a value can be long. Nothing is kept.
import { isIban } from './iban.js'
import { isSecret } from './secret-patterns.js'

// Kinds that values can show by themselves.
export const VALUE_KINDS = ['card', 'ssn', 'iban', 'email', 'phone', 'secret'] as const
export type ValueKind = (typeof VALUE_KINDS)[number]

// RFC 5321, 4.5.3.1: 64 characters, @, 255.
const VALUE_LENGTH_MAX = 320

// What a whole value is; a card number may be a secret of nobody's, so kinds exclude each other in this order.
export function kindOfValue(value: string): ValueKind | undefined {
  if (isSecret(value)) return 'secret'
  if (value.length > VALUE_LENGTH_MAX) return undefined
  const text = value.trim()
  if (text === '') return undefined
  if (isEmail(text)) return 'email'
  if (isIban(text)) return 'iban'
  if (isSsn(text)) return 'ssn'
  if (isCard(text)) return 'card'
  if (isPhone(text)) return 'phone'
  return undefined
}

// Length and first digits as the networks issue them, and Luhn (ISO/IEC 7812-1, annex B).
export function isCard(text: string): boolean {
  if (!mayBeCard(text)) return false
  const digits = text.replaceAll(/[ -]/g, '')
  return isIssued(digits) && passesLuhn(digits)
}

// Prefixes from … to, and lengths.
const ISSUERS: readonly (readonly [from: number, to: number, lengths: readonly number[]])[] = [
  [4, 4, [13, 16, 19]],
  [51, 55, [16]],
  [2221, 2720, [16]],
  [34, 34, [15]],
  [37, 37, [15]],
  [6011, 6011, [16, 19]],
  [644, 649, [16, 19]],
  [65, 65, [16, 19]],
  [3528, 3589, [16, 17, 18, 19]],
  [300, 305, [14, 16]],
  [3095, 3095, [14, 16]],
  [36, 36, [14, 16]],
  [38, 39, [14, 16]],
  [62, 62, [16, 17, 18, 19]],
  [5018, 5018, [12, 13, 14, 15, 16, 17, 18, 19]],
  [5020, 5020, [12, 13, 14, 15, 16, 17, 18, 19]],
  [6759, 6759, [12, 13, 14, 15, 16, 17, 18, 19]],
  [6761, 6763, [12, 13, 14, 15, 16, 17, 18, 19]],
  [2200, 2204, [16]],
]

function isIssued(digits: string): boolean {
  return ISSUERS.some(([from, to, lengths]) => {
    const prefix = Number(digits.slice(0, String(from).length))
    return prefix >= from && prefix <= to && lengths.includes(digits.length)
  })
}

export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at])
    const doubled = digit * 2
    sum += at % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled
  }
  // Zeros pass, and are what columns are filled with.
  return sum > 0 && sum % 10 === 0
}

// Area 001 to 899 without 666, group 01 to 99, serial 0001 to 9999 (SSA, POMS RM 10201.030). Nine digits
// without hyphens are anything.
export function isSsn(text: string): boolean {
  return /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/.test(text)
}

export function isEmail(text: string): boolean {
  const at = text.indexOf('@')
  if (at < 1 || at > 64 || at !== text.lastIndexOf('@') || text.length > VALUE_LENGTH_MAX) {
    return false
  }
  const [local, domain] = [text.slice(0, at), text.slice(at + 1)]
  if (!/^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]+$/u.test(local) || /^\.|\.\.|\.$/.test(local)) {
    return false
  }
  const parts = domain.split('.')
  const top = parts.at(-1) ?? ''
  return (
    parts.length > 1 &&
    parts.every((part) => /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?$/u.test(part)) &&
    /^(?:\p{L}{2,}|xn--[a-z0-9-]{2,})$/iu.test(top)
  )
}

// E.164 with its plus, or the North American way of grouping. Digits alone are anything.
export function isPhone(text: string): boolean {
  if (text.length > 32) return false
  const plain = text.replace(/ ?(?:x|ext\.?) ?\d{1,6}$/i, '')
  if (/^(?:\+?1[ .-]?)?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[ .-])[2-9]\d{2}[ .-]\d{4}$/.test(plain)) {
    return true
  }
  if (!/^\+[1-9][\d ()./-]*\d$/.test(plain)) return false
  const digits = plain.replaceAll(/\D/g, '').length
  return digits >= 7 && digits <= 15
}

// What a phone number may look like where the column's name says that it is one.
export function mayBePhone(text: string): boolean {
  if (text.length > 32 || !/^[+(]?\d[\d ()./-]*\d$/.test(text)) return false
  const digits = text.replaceAll(/\D/g, '').length
  return digits >= 6 && digits <= 15
}

// The same for numbers of social security, written without hyphens or as numbers.
export function mayBeSsn(text: string): boolean {
  return /^(?:\d{9}|\d{3}[ -]\d{2}[ -]\d{4})$/.test(text)
}

// And for card numbers: those of a test system may be made up.
export function mayBeCard(text: string): boolean {
  return text.length <= 37 && /^\d(?:[ -]?\d){11,18}$/.test(text)
}
