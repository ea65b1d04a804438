// Exact fractions of decimal numbers, as Go's math/big reads them.
import { NoAnswer } from './builtin.js'

export type Fraction = { readonly over: bigint; readonly under: bigint }

// A thousand digits are no amount; more would be work without bound.
const EXPONENT_MAX = 1000

export function fractionOf(text: string): Fraction {
  const found = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  const [, sign = '', whole = '', part = '', exponent = '0'] = found ?? []
  if (found === null || whole + part === '') throw new NoAnswer('no number')
  if (exponent.replace(/^[+-]/, '').length > 6) throw new NoAnswer('the exponent is too large')
  const power = Number(exponent) - part.length
  if (Math.abs(power) > EXPONENT_MAX || text.length > EXPONENT_MAX)
    throw new RangeError('an amount has too many digits')
  const digits = BigInt(sign === '-' ? `-${whole}${part}` : whole + part)
  return power >= 0
    ? { over: digits * 10n ** BigInt(power), under: 1n }
    : { over: digits, under: 10n ** BigInt(-power) }
}

export function compareFractions(one: Fraction, other: Fraction): number {
  const difference = one.over * other.under - other.over * one.under
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

export function isWhole({ over, under }: Fraction): boolean {
  return over % under === 0n
}
