// The functions of Go's text/template, and how values are written and taken for true (text/template/funcs.go).
import { goFormat } from '../go-format.js'
import { isArray, isNumber, isObject, order, type RegoValue } from '../rego-value.js'
import { memberAt, NoAnswer } from './builtin.js'

// Undefined is what is not there; a bigint an int of Go.
export type Value = RegoValue | bigint | undefined

export function fail(): never {
  throw new NoAnswer('a template cannot be rendered')
}

export function isTrue(value: Value): boolean {
  if (value === undefined || value === null) return false
  if (typeof value === 'bigint') return value !== 0n
  if (typeof value !== 'object') return value !== false && value !== ''
  // A number of JSON is a text, and none is empty.
  if (isNumber(value)) return true
  return isArray(value) ? value.length > 0 : isObject(value) && value.object.length > 0
}

// As fmt.Print, at the top and within what holds others.
export function written(value: Value, inner = false): string {
  if (value === undefined) return '<no value>'
  if (value === null) return inner ? '<nil>' : '<no value>'
  if (typeof value !== 'object') return String(value)
  if (isNumber(value)) return value.number
  if (isArray(value)) return `[${value.map((one) => written(one, true)).join(' ')}]`
  if (!isObject(value)) return fail()
  const members = [...value.object].sort(([a], [b]) => order(a, b))
  return `map[${members.map(([key, one]) => `${written(key, true)}:${written(one, true)}`).join(' ')}]`
}

type Late = () => Value

export function called(name: string, late: readonly Late[]): Value {
  if (name === 'and' || name === 'or') return shortCircuit(name, late)
  const args = late.map((one) => one())
  const [first, second] = args
  switch (name) {
    case 'not':
      return args.length === 1 ? !isTrue(first) : fail()
    case 'eq':
      if (args.length < 2) fail()
      return args.slice(1).some((other) => compared(first, other, true) === 0)
    case 'ne':
      return args.length === 2 ? compared(first, second, true) !== 0 : fail()
    case 'lt':
      return args.length === 2 ? compared(first, second, false) < 0 : fail()
    case 'le':
      return args.length === 2 ? compared(first, second, false) <= 0 : fail()
    case 'gt':
      return args.length === 2 ? compared(first, second, false) > 0 : fail()
    case 'ge':
      return args.length === 2 ? compared(first, second, false) >= 0 : fail()
    case 'len':
      return BigInt(lengthOf(first))
    case 'index':
      return args.slice(1).reduce<Value>(indexed, first)
    case 'print':
      return printed(args)
    case 'println':
      return `${args.map((one) => written(one, true)).join(' ')}\n`
    case 'printf':
      return formatted(args)
    default:
      throw new RangeError(`a template’s ${name} is not supported`)
  }
}

function shortCircuit(name: string, late: readonly Late[]): Value {
  if (late.length === 0) fail()
  let value: Value
  for (const one of late) {
    value = one()
    if (isTrue(value) === (name === 'or')) return value
  }
  return value
}

// Of one kind only: whole numbers, texts (numbers of JSON are), booleans.
function compared(one: Value, other: Value, equality: boolean): number {
  // What is not there equals nothing but itself.
  const missing = [one, other].filter((value) => value === undefined || value === null).length
  if (equality && missing > 0) return missing - 2
  const [left, right] = [basic(one), basic(other)]
  if (typeof left !== typeof right) return fail()
  if (typeof left === 'boolean' && !equality) return fail()
  if (typeof left === 'string' && typeof right === 'string')
    return Buffer.compare(Buffer.from(left), Buffer.from(right))
  return left === right ? 0 : left < right ? -1 : 1
}

function basic(value: Value): string | bigint | boolean {
  if (value === undefined || value === null) return fail()
  if (typeof value !== 'object') return value
  return isNumber(value) ? value.number : fail()
}

function lengthOf(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value === undefined || value === null || typeof value !== 'object') return fail()
  if (isNumber(value)) return value.number.length
  if (isArray(value)) return value.length
  return isObject(value) ? value.object.length : fail()
}

function indexed(value: Value, key: Value): Value {
  if (value === undefined || value === null || typeof value !== 'object') return fail()
  if (isArray(value)) {
    const found = typeof key === 'bigint' ? value[Number(key)] : undefined
    return found === undefined ? fail() : found
  }
  return isObject(value) && typeof key === 'string' ? memberAt(value, key) : fail()
}

// fmt.Sprint: a space between two that are no texts.
function printed(args: readonly Value[]): string {
  return args
    .map((one, at) => {
      const before = args[at - 1]
      const space = at > 0 && !isText(one) && !isText(before)
      return (space ? ' ' : '') + written(one, true)
    })
    .join('')
}

function isText(value: Value): boolean {
  return (
    typeof value === 'string' || (typeof value === 'object' && value !== null && isNumber(value))
  )
}

function formatted([format, ...args]: readonly Value[]): string {
  if (typeof format !== 'string') return fail()
  return goFormat(
    format,
    args.map((one) => {
      if (typeof one === 'string' || typeof one === 'bigint') return one
      if (typeof one === 'object' && one !== null && isNumber(one)) return one.number
      throw new RangeError('a template formats texts and whole numbers only')
    }),
  )
}
