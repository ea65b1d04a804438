// `units.parse` and `units.parse_bytes`: amounts with a unit, as Kubernetes writes them. Exact fractions
// where Go has them, 64 bits of mantissa where Go rounds.
import { numberOf, type RegoValue } from '../rego-value.js'
import { NoAnswer, textOf, type BuiltinEntry } from './builtin.js'
import { fractionOf, type Fraction } from './fraction.js'

export const UNITS: readonly BuiltinEntry[] = [
  ['units.parse', { apply: (text) => parsed(textOf(text)) }],
  ['units.parse_bytes', { apply: (text) => parsedBytes(textOf(text)) }],
]

const MANTISSA_BITS = 64n
const POWERS: Readonly<Record<string, number>> = { k: 1, m: 2, g: 3, t: 4, p: 5, e: 6 }
// Go multiplies by the float64 nearest to a thousandth.
const MILLI: Fraction = { over: 1152921504606847n, under: 1n << 60n }

function parsed(text: string): RegoValue {
  const { number, unit } = split(text.replaceAll('"', ''))
  const factor = factorOf(unit.slice(0, 1) + unit.slice(1).toLowerCase())
  const over = number.over * factor.over
  const under = number.under * factor.under
  if (over % under === 0n) return numberOf(over / under)
  return { number: decimal({ over, under }) }
}

function factorOf(unit: string): Fraction {
  if (unit === '') return { over: 1n, under: 1n }
  if (unit === 'm') return MILLI
  const power = BigInt(POWERS[unit.slice(0, 1).toLowerCase()] ?? -1)
  if (power < 0n || !['', 'i'].includes(unit.slice(1))) throw new NoAnswer('no such unit')
  return { over: (unit.endsWith('i') ? 1024n : 1000n) ** power, under: 1n }
}

// With ten places, halves away from zero.
function decimal({ over, under }: Fraction): string {
  const negative = over < 0n
  const magnitude = negative ? -over : over
  const scaled = (magnitude * 10n ** 10n * 2n + under) / (under * 2n)
  const digits = scaled.toString().padStart(11, '0')
  return `${negative ? '-' : ''}${digits.slice(0, -10)}.${digits.slice(-10)}`
}

function parsedBytes(text: string): RegoValue {
  const { number, unit } = split(text.toLowerCase().replaceAll('"', ''))
  const found = /^(?:([kmgtpe])(i?)b?)?$/.exec(unit)
  if (found === null) throw new NoAnswer('no such unit')
  const [, letter, binary] = found
  const base = binary === 'i' ? 1024n : 1000n
  const factor = base ** BigInt(letter === undefined ? 0 : (POWERS[letter] ?? 0))
  const exact = rounded(number)
  const { over, under } = rounded({ over: exact.over * factor, under: exact.under })
  return numberOf(over / under)
}

// To the nearest with 64 bits of mantissa, as a big.Float.
function rounded({ over, under }: Fraction): Fraction {
  if (over === 0n) return { over, under: 1n }
  const magnitude = over < 0n ? -over : over
  let shift = BigInt(magnitude.toString(2).length - under.toString(2).length) - MANTISSA_BITS
  let mantissa = divided(magnitude, under, shift)
  if (mantissa >= 1n << MANTISSA_BITS) mantissa = divided(magnitude, under, ++shift)
  const signed = over < 0n ? -mantissa : mantissa
  return shift >= 0n ? { over: signed << shift, under: 1n } : { over: signed, under: 1n << -shift }
}

// magnitude / (under · 2^shift), halves to even.
function divided(magnitude: bigint, under: bigint, shift: bigint): bigint {
  const top = shift < 0n ? magnitude << -shift : magnitude
  const bottom = shift > 0n ? under << shift : under
  const quotient = top / bottom
  const rest = (top % bottom) * 2n
  const up = rest > bottom || (rest === bottom && quotient % 2n === 1n)
  return up ? quotient + 1n : quotient
}

// Up to where the unit begins. An `e` is an exponent where a digit or a sign follows.
function split(text: string): { readonly number: Fraction; readonly unit: string } {
  if (text.includes(' ')) throw new NoAnswer('spaces')
  const [digits = ''] = /^(?:[\d.+-]|[eE][+-]|[eE](?=\d))*/.exec(text) ?? []
  if (digits === '') throw new NoAnswer('no amount')
  return { number: fractionOf(digits), unit: text.slice(digits.length) }
}
