// Values as go-yaml v3 writes them, two spaces deep: which texts are plain, quoted or literal, and the order
// of keys (encode.go, sorter.go, emitterc.go).
import { floatDigits } from '../go-float.js'
import { isArray, isNumber, isObject, type RegoValue } from '../rego-value.js'
import { NoAnswer } from './builtin.js'
import { plainValue } from './yaml-scalars.js'

const SIMPLE_KEY_MAX = 128

// What JSON can hold; ends with a line end.
export function yamlText(value: RegoValue): string {
  return `${written(value, 0).text.slice(1)}\n`
}

// What stands behind a `:` or `-`, beginning with a space or a line end.
type Written = { readonly text: string; readonly inline: boolean }

function written(value: RegoValue, depth: number): Written {
  if (value !== null && typeof value === 'object' && !isNumber(value)) {
    if (isArray(value)) return value.length === 0 ? inline('[]') : sequence(value, depth)
    if (!isObject(value)) throw new NoAnswer('YAML has no sets')
    return value.object.length === 0 ? inline('{}') : mapping(value.object, depth)
  }
  return inline(scalar(value, depth))
}

function inline(text: string): Written {
  return { text: ` ${text}`, inline: true }
}

function indent(depth: number): string {
  return `\n${'  '.repeat(depth)}`
}

function sequence(items: readonly RegoValue[], depth: number): Written {
  const lines = items.map((item) => `${indent(depth)}-${nested(item, depth)}`)
  return { text: lines.join(''), inline: false }
}

// A list or map within a list begins on the line of its dash.
function nested(item: RegoValue, depth: number): string {
  const found = written(item, depth + 1)
  return found.inline ? found.text : ` ${found.text.trimStart()}`
}

function mapping(members: readonly (readonly [RegoValue, RegoValue])[], depth: number): Written {
  const lines = members
    .map(([key, inner]) => [String(key), inner] as const)
    .sort(([one], [other]) => compareKeys(one, other))
    .map(([key, inner]) => {
      const found = written(inner, depth + 1)
      if (isSimpleKey(key)) return `${indent(depth)}${text(key, depth)}:${found.text}`
      return `${indent(depth)}? ${text(key, depth + 1)}${indent(depth)}:${found.text}`
    })
  return { text: lines.join(''), inline: false }
}

// A key of one line, and not too long for one (yaml_emitter_check_simple_key).
function isSimpleKey(key: string): boolean {
  return !key.includes('\n') && Buffer.byteLength(key) <= SIMPLE_KEY_MAX
}

function scalar(value: RegoValue, depth: number): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (isNumber(value)) return numberText(value.number)
  return text(String(value), depth)
}

function numberText(number: string): string {
  if (/^-?\d+$/.test(number) && BigInt.asIntN(65, BigInt(number)) === BigInt(number)) return number
  const value = Number(number)
  // Beyond a float64 a number is a text to go-yaml.
  if (!Number.isFinite(value)) return number
  return (value < 0 ? '-' : '') + floatDigits(Math.abs(value), 'g', -1)
}

const OLD_BOOLEANS = /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/
const TIMESTAMP =
  /^\d{4}-\d{1,2}-\d{1,2}(?:$|[Tt ]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)?$)/

function text(value: string, depth: number): string {
  // OPA passes by way of JSON, in which these stand as they are and YAML reads none.
  if (/[\x7f-\x84\x86-\x9f\ufffe\uffff]/.test(value)) throw new NoAnswer('a control character')
  const found = analysed(value)
  if (value.includes('\n')) return found.literal ? literal(value, depth) : doubled(value)
  const ambiguous =
    typeof plainValue(value) !== 'string' ||
    OLD_BOOLEANS.test(value) ||
    BASE_60.test(value) ||
    TIMESTAMP.test(value) ||
    /^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/.test(value)
  if (ambiguous || !found.single) return doubled(value)
  return found.plain ? value : `'${value.replaceAll("'", "''")}'`
}

// Which ways a text may be written (yaml_emitter_analyze_scalar).
function analysed(value: string): {
  readonly plain: boolean
  readonly single: boolean
  readonly literal: boolean
} {
  const special = /[^\t\n\x20-\x7e\u0085\u00a0-\ud7ff\ue000-\ufffd]|\ufeff/u.test(value)
  const indicators =
    /^(?:[#,[\]{}&*!|>'"%@`]|[?:](?:\s|$)|-(?:\s|$)|---|\.\.\.)|:(?:\s|$)|\s#/.test(value)
  const spaces = /^\s|\s$/.test(value)
  return {
    plain: !special && !indicators && !spaces && !/[\t\n]/.test(value),
    single: !special && !/[\t]| \n|\n /.test(value),
    literal: !special && !/ \n| $/.test(value),
  }
}

function literal(value: string, depth: number): string {
  const hint = /^[ \n]/.test(value) ? '2' : ''
  const chomp = value.endsWith('\n\n') || value === '\n' ? '+' : value.endsWith('\n') ? '' : '-'
  const lines = value.replace(/\n$/, '').split('\n')
  const at = indent(Math.max(1, depth))
  return `|${hint}${chomp}${lines.map((line) => (line === '' ? '\n' : at + line)).join('')}`
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u00a0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
}

function doubled(value: string): string {
  const characters = [...value].map((character) => {
    const escape = character === '\u00a0' ? undefined : ESCAPES[character]
    if (escape !== undefined) return escape
    const code = character.codePointAt(0) ?? 0
    const printed =
      code >= 0x20 && code !== 0x7f && !(code >= 0x80 && code < 0xa0) && code !== 0xfeff
    // go-yaml knows no characters beyond the first plane.
    if (printed && code < 0x1_0000) return character
    const hex = code.toString(16).toUpperCase()
    if (code > 0xffff) return `\\U${hex.padStart(8, '0')}`
    return code <= 0xff ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`
  })
  return `"${characters.join('')}"`
}

// Digits within keys count as numbers; letters come behind what are none (keyList.Less).
function compareKeys(one: string, other: string): number {
  const [left, right] = [[...one], [...other]]
  let digits = false
  for (let at = 0; at < left.length && at < right.length; at++) {
    const [a = '', b = ''] = [left[at], right[at]]
    if (a === b) {
      digits = isDigit(a)
      continue
    }
    const [aLetter, bLetter] = [/\p{L}/u.test(a), /\p{L}/u.test(b)]
    if (aLetter && bLetter) return a < b ? -1 : 1
    if (aLetter || bLetter) return aLetter === digits ? -1 : 1
    const [first, second] = [run(left, at), run(right, at)]
    const leading = (a === '0' || b === '0') && isWithinNumber(left, at) ? '1' : ''
    const difference = BigInt(`${leading}${first}` || '0') - BigInt(`${leading}${second}` || '0')
    if (difference !== 0n) return difference < 0n ? -1 : 1
    if (first.length !== second.length) return first.length - second.length
    return a < b ? -1 : 1
  }
  return left.length - right.length
}

function isDigit(character: string): boolean {
  return /^\d$/.test(character)
}

function run(characters: readonly string[], from: number): string {
  let digits = ''
  for (let at = from; isDigit(characters[at] ?? ''); at++) digits += characters[at]
  return digits
}

function isWithinNumber(characters: readonly string[], from: number): boolean {
  for (let at = from - 1; isDigit(characters[at] ?? ''); at--)
    if (characters[at] !== '0') return true
  return false
}
