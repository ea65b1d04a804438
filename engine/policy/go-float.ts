// Go's strconv.FormatFloat: the digits of a float64 by each of its formats, exact and rounded to even, where
// JavaScript's own would round halves up.

export type FloatFormat = 'e' | 'E' | 'f' | 'g' | 'G' | 'b' | 'x' | 'X'

// Without its sign. A precision of -1 is the fewest digits that mean this number.
export function floatDigits(value: number, format: FloatFormat, precision: number): string {
  switch (format) {
    case 'e':
    case 'E':
      return cased(exponential(value, precision), format)
    case 'f':
      return precision < 0 ? plain(shortest(value)) : fixed(value, precision)
    case 'g':
    case 'G':
      return cased(general(value, precision), format)
    case 'b':
      return binary(value)
    case 'x':
    case 'X':
      return cased(hexadecimal(value, precision), format)
  }
}

function cased(text: string, format: string): string {
  return format === format.toUpperCase() ? text.toUpperCase() : text
}

// d.ddd × 10^exponent.
type Decimal = { readonly digits: string; readonly exponent: number }

function shortest(value: number): Decimal {
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) }
}

type Binary = { readonly mantissa: bigint; readonly exponent: number }

// mantissa × 2^exponent, as IEEE 754 has it.
function binaryParts(value: number): Binary {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const exponent = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & ((1n << 52n) - 1n)
  if (exponent === 0) return { mantissa: fraction, exponent: -1074 }
  return { mantissa: fraction | (1n << 52n), exponent: exponent - 1075 }
}

// value × 10^places, to the nearest, halves to even.
function scaled(value: number, places: number): bigint {
  const { mantissa, exponent } = binaryParts(value)
  let [over, under] = [mantissa, 1n]
  if (exponent > 0) over <<= BigInt(exponent)
  else under <<= BigInt(-exponent)
  if (places > 0) over *= 10n ** BigInt(places)
  else under *= 10n ** BigInt(-places)
  return divided(over, under)
}

function divided(over: bigint, under: bigint): bigint {
  const quotient = over / under
  const rest = (over % under) * 2n
  const up = rest > under || (rest === under && quotient % 2n === 1n)
  return up ? quotient + 1n : quotient
}

function fixed(value: number, precision: number): string {
  const digits = scaled(value, precision)
    .toString()
    .padStart(precision + 1, '0')
  if (precision === 0) return digits
  return `${digits.slice(0, -precision)}.${digits.slice(-precision)}`
}

// With this many digits behind the first.
function rounded(value: number, behind: number): Decimal {
  if (value === 0) return { digits: '0'.repeat(behind + 1), exponent: 0 }
  let { exponent } = shortest(value)
  let digits = scaled(value, behind - exponent).toString()
  // The rounding may have carried into another digit.
  if (digits.length > behind + 1) digits = scaled(value, behind - ++exponent).toString()
  return { digits, exponent }
}

function exponential(value: number, precision: number): string {
  return withExponent(precision < 0 ? shortest(value) : rounded(value, precision))
}

function withExponent({ digits, exponent }: Decimal): string {
  const rest = digits.slice(1)
  const sign = exponent < 0 ? '-' : '+'
  const power = String(Math.abs(exponent)).padStart(2, '0')
  return `${digits.slice(0, 1)}${rest === '' ? '' : `.${rest}`}e${sign}${power}`
}

function plain({ digits, exponent }: Decimal): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  if (digits.length <= exponent + 1) return digits.padEnd(exponent + 1, '0')
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}

// An exponent below -4 and from the precision on; without one, from the seventh digit.
function general(value: number, precision: number): string {
  const found = precision < 0 ? shortest(value) : rounded(value, Math.max(1, precision) - 1)
  const digits = found.digits.replace(/0+$/, '') || '0'
  const decimal = { digits, exponent: found.exponent }
  let limit = precision < 0 ? 6 : Math.max(1, precision)
  if (precision >= 0 && limit > digits.length && digits.length >= found.exponent + 1)
    limit = digits.length
  return found.exponent < -4 || found.exponent >= limit ? withExponent(decimal) : plain(decimal)
}

function binary(value: number): string {
  const { mantissa, exponent } = binaryParts(value)
  return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`
}

// 0x1.yyyp±dd.
function hexadecimal(value: number, precision: number): string {
  let { mantissa, exponent } = binaryParts(value)
  if (mantissa === 0n) exponent = 0
  else {
    while (mantissa < 1n << 52n) {
      mantissa <<= 1n
      exponent--
    }
    exponent += 52
  }
  let digits = mantissa.toString(16).padStart(14, '0')
  if (precision >= 0 && precision < 13) {
    const cut = divided(mantissa, 1n << BigInt(52 - 4 * precision))
    digits = cut.toString(16).padStart(precision + 1, '0')
    if (cut >= 2n << BigInt(4 * precision)) {
      exponent++
      digits = (cut >> 1n).toString(16)
    }
  }
  const rest =
    precision < 0 ? digits.slice(1).replace(/0+$/, '') : digits.slice(1).padEnd(precision, '0')
  const power = String(Math.abs(exponent)).padStart(2, '0')
  return `0x${digits.slice(0, 1)}${rest === '' ? '' : `.${rest}`}p${exponent < 0 ? '-' : '+'}${power}`
}
