// What a plain scalar of YAML means to go-yaml v3: words and numbers of YAML 1.2, and some of 1.1 (resolve.go).
import { numberOf, type RegoValue } from '../rego-value.js'

const WORDS: readonly (readonly [RegoValue, RegExp])[] = [
  [true, /^(?:true|True|TRUE)$/],
  [false, /^(?:false|False|FALSE)$/],
  [null, /^(?:|~|null|Null|NULL)$/],
]

// A text where it is nothing else; timestamps are, as in OPA.
export function plainValue(text: string): RegoValue {
  for (const [value, pattern] of WORDS) if (pattern.test(text)) return value
  return numberIn(text) ?? text
}

const INT64_MIN = -(2n ** 63n)
const UINT64_MAX = 2n ** 64n - 1n

function numberIn(text: string): RegoValue | undefined {
  if (text.startsWith('.')) {
    return /^\.\d+(?:[eE][-+]?\d+)?$/.test(text) ? float(text) : undefined
  }
  if (!/^[-+\d]/.test(text)) return undefined
  const plain = text.replaceAll('_', '')
  const [, sign = '', digits = ''] = /^([-+]?)(.*)$/s.exec(plain) ?? []
  const whole = integer(digits)
  if (whole !== undefined) {
    const value = sign === '-' ? -whole : whole
    if (value >= INT64_MIN && value <= UINT64_MAX) return numberOf(value)
  }
  return /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(plain) ? float(plain) : undefined
}

// A leading zero is an octal of YAML 1.1, which go-yaml still reads.
function integer(digits: string): bigint | undefined {
  if (/^(?:0|[1-9]\d*|0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+)$/.test(digits))
    return BigInt(digits)
  return /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : undefined
}

// What is beyond a float64 stays a text.
function float(text: string): RegoValue | undefined {
  const value = Number(text)
  if (!Number.isFinite(value)) return undefined
  return { number: Object.is(value, -0) ? '-0' : String(value) }
}
