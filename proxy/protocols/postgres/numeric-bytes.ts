// `numeric` as it travels (numeric_send): four numbers of two bytes, then digits to the base 10,000. The whole
// number at or below one is read, and decimal text is written.

const NAN = 0xc000
// Both have this bit beside; only NaN has it alone.
const SPECIAL = 0xc000
const NEGATIVE = 0x4000
const GROUP = 4

/** The infinities count as NaN; undefined for what is no numeric. */
export function wholeNumeric(value: Buffer, format: number): bigint | 'NaN' | undefined {
  return format === 0 ? wholeOfText(value.toString('latin1')) : wholeOfBytes(value)
}

function wholeOfText(text: string): bigint | 'NaN' | undefined {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return 'NaN'
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  return parts === null ? undefined : below(parts[1] === '-', parts[2] ?? '0', parts[3] ?? '')
}

function wholeOfBytes(value: Buffer): bigint | 'NaN' | undefined {
  if (value.length < 8) return undefined
  const count = value.readUInt16BE(0)
  const weight = value.readInt16BE(2)
  const sign = value.readUInt16BE(4)
  if ((sign & SPECIAL) === SPECIAL) return 'NaN'
  if (value.length !== 8 + 2 * count) return undefined
  const groups: string[] = []
  for (let at = 0; at < count; at++) {
    groups.push(String(value.readUInt16BE(8 + 2 * at)).padStart(GROUP, '0'))
  }
  // The first group stands for 10,000 to the power of `weight`.
  const digits = groups.join('')
  const point = GROUP * (weight + 1)
  const whole = point <= 0 ? '0' : digits.slice(0, point).padEnd(point, '0')
  return below(sign === NEGATIVE, whole, point <= 0 ? digits : digits.slice(point))
}

function below(isNegative: boolean, whole: string, fraction: string): bigint {
  const number = BigInt(whole)
  if (!isNegative) return number
  return /[1-9]/.test(fraction) ? -number - 1n : -number
}

/** Of decimal text, or NaN. */
export function numericBytes(text: string): Buffer {
  if (text === 'NaN') return bytesOf([0, 0, NAN, 0])
  const isNegative = text.startsWith('-')
  const [whole = '', fraction = ''] = text.slice(isNegative ? 1 : 0).split('.')
  const left = whole.padStart(Math.ceil(whole.length / GROUP) * GROUP, '0')
  const right = fraction.padEnd(Math.ceil(fraction.length / GROUP) * GROUP, '0')
  const groups = (left + right).match(/.{4}/g)?.map(Number) ?? []
  let weight = left.length / GROUP - 1
  // Neither begins nor ends with zeros; nothing at all is zero, which has no sign.
  while (groups[0] === 0) {
    groups.shift()
    weight--
  }
  while (groups.at(-1) === 0) groups.pop()
  const head = groups.length === 0 ? [0, 0, 0] : [groups.length, weight, isNegative ? NEGATIVE : 0]
  return bytesOf([...head, fraction.length, ...groups])
}

function bytesOf(numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * numbers.length)
  numbers.forEach((number, at) => bytes.writeUInt16BE(number & 0xffff, 2 * at))
  return bytes
}
