// Values of Rego as functions of the host see them: with sets, keys of any kind, and numbers as they
// were written, since times in nanoseconds are longer than JavaScript's numbers. Reads what
// `opa_value_dump` writes, and writes as OPA prints.
import { quoted } from './go-quote.js'

export type RegoValue =
  null | boolean | string | RegoNumber | readonly RegoValue[] | RegoSet | RegoObject

export type RegoNumber = { readonly number: string }
export type RegoSet = { readonly set: readonly RegoValue[] }
export type RegoObject = { readonly object: readonly (readonly [RegoValue, RegoValue])[] }

// Values of a policy are nested as deep as its input; more is a mistake.
const DEPTH_MAX = 200

export function isArray(value: RegoValue): value is readonly RegoValue[] {
  return Array.isArray(value)
}

export function isNumber(value: RegoValue | undefined): value is RegoNumber {
  return typeof value === 'object' && value !== null && 'number' in value
}

export function isSet(value: RegoValue): value is RegoSet {
  return typeof value === 'object' && value !== null && 'set' in value
}

export function isObject(value: RegoValue): value is RegoObject {
  return typeof value === 'object' && value !== null && 'object' in value
}

export function numberOf(value: number | bigint): RegoNumber {
  return { number: String(value) }
}

// Throws a SyntaxError where the text is no value.
export function parsedValue(text: string): RegoValue {
  const reading = { text, at: 0 }
  const value = read(reading, 0)
  if (reading.at !== text.length) throw new SyntaxError('more behind a value')
  return value
}

type Reading = { readonly text: string; at: number }

function read(reading: Reading, depth: number): RegoValue {
  if (depth > DEPTH_MAX) throw new SyntaxError('a value is nested too deeply')
  while (reading.text[reading.at] === ' ') reading.at++
  const { text, at } = reading
  switch (text[at]) {
    case '"':
      return readString(reading)
    case '[':
      reading.at++
      return items(reading, ']', depth)
    case '{':
      reading.at++
      return readBraces(reading, depth)
  }
  for (const [word, value] of WORDS) {
    if (text.startsWith(word, at)) {
      reading.at += word.length
      return value
    }
  }
  const number = /-?[0-9.][0-9.eE+-]*/y
  number.lastIndex = at
  const found = number.exec(text)
  if (found === null) throw new SyntaxError('no value')
  reading.at += found[0].length
  return { number: found[0] }
}

const WORDS: readonly (readonly [string, RegoValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['set()', { set: [] }],
]

function readString(reading: Reading): string {
  const string = /"(?:[^"\\]|\\.)*"/sy
  string.lastIndex = reading.at
  const found = string.exec(reading.text)
  if (found === null) throw new SyntaxError('a text without its end')
  reading.at += found[0].length
  return JSON.parse(found[0]) as string
}

function items(reading: Reading, end: string, depth: number): RegoValue[] {
  const found: RegoValue[] = []
  while (reading.text[reading.at] !== end) {
    if (found.length > 0) expect(reading, ',')
    found.push(read(reading, depth + 1))
  }
  reading.at++
  return found
}

// `{}` is an object; a set without members is written `set()`.
function readBraces(reading: Reading, depth: number): RegoValue {
  if (reading.text[reading.at] === '}') {
    reading.at++
    return { object: [] }
  }
  const first = read(reading, depth + 1)
  if (reading.text[reading.at] !== ':') {
    if (reading.text[reading.at] === ',') reading.at++
    return { set: [first, ...items(reading, '}', depth)] }
  }
  reading.at++
  const members: (readonly [RegoValue, RegoValue])[] = [[first, read(reading, depth + 1)]]
  while (reading.text[reading.at] !== '}') {
    expect(reading, ',')
    const key = read(reading, depth + 1)
    expect(reading, ':')
    members.push([key, read(reading, depth + 1)])
  }
  reading.at++
  return { object: members }
}

function expect(reading: Reading, character: string): void {
  if (reading.text[reading.at] !== character) throw new SyntaxError(`no ${character}`)
  reading.at++
}

// As OPA prints a value, which is also a text that it reads.
export function printed(value: RegoValue): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'string') return quoted(value)
  if (isNumber(value)) return value.number
  if (isArray(value)) return `[${value.map(printed).join(', ')}]`
  if (isSet(value)) {
    return value.set.length === 0
      ? 'set()'
      : `{${[...value.set].sort(order).map(printed).join(', ')}}`
  }
  const members = [...value.object].sort(([one], [other]) => order(one, other))
  return `{${members.map(([key, inner]) => `${printed(key)}: ${printed(inner)}`).join(', ')}}`
}

// OPA's order of all values: null, false, true, numbers, texts, arrays, objects, sets.
export function order(one: RegoValue, other: RegoValue): number {
  const rank = rankOf(one) - rankOf(other)
  if (rank !== 0) return rank
  if (typeof one === 'boolean' || one === null) return Number(one) - Number(other)
  if (typeof one === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(String(other)))
  if (isNumber(one) && isNumber(other)) return numeric(one.number, other.number)
  return orderOfParts(partsOf(one), partsOf(other))
}

function rankOf(value: RegoValue): number {
  if (value === null) return 0
  if (typeof value === 'boolean') return 1
  if (isNumber(value)) return 2
  if (typeof value === 'string') return 3
  if (isArray(value)) return 4
  return isObject(value) ? 5 : 6
}

// Of an object its sorted keys, then the values; Go's order is the same.
function partsOf(value: RegoValue): readonly RegoValue[] {
  if (value === null || typeof value !== 'object' || isNumber(value)) return []
  if (isArray(value)) return value
  if (isSet(value)) return [...value.set].sort(order)
  return [...value.object].sort(([a], [b]) => order(a, b)).flatMap((member) => [...member])
}

function orderOfParts(one: readonly RegoValue[], other: readonly RegoValue[]): number {
  for (const [at, part] of one.entries()) {
    const opposite = other[at]
    if (opposite === undefined) return 1
    const found = order(part, opposite)
    if (found !== 0) return found
  }
  return one.length - other.length
}

function numeric(one: string, other: string): number {
  const whole = /^-?\d+$/
  if (whole.test(one) && whole.test(other)) {
    const difference = BigInt(one) - BigInt(other)
    return difference < 0n ? -1 : difference > 0n ? 1 : 0
  }
  return Number(one) - Number(other)
}
