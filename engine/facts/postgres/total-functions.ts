// A closed table of what may compute with a protected value on its way to the output, where the result
// is then masked as a whole. Each of these, given a text: never raises an error that depends on it,
// gives NULL only for NULL, has no effect, and does not grow without bound.
import type { Node } from 'libpg-query'
import type { Catalogue, Oid, Routine, Type } from './catalogue.js'
import type { Arguments } from './calls.js'
import { isSystemRoutine } from './functions.js'
import { isText } from './result-types.js'
import { constantInteger, constantText } from './tree.js'
import { TYPE, isLabelled } from './value.js'
import type { Value } from './value.js'

// Texts only, each other argument a short literal or an unlabelled column.
const OF_TEXT = new Set(
  `upper lower initcap reverse length char_length character_length octet_length bit_length ascii md5
   btrim ltrim rtrim quote_literal quote_ident quote_nullable replace translate`.split(/\s+/),
)

// The same, and numbers that are written as small non-negative constants.
const OF_TEXT_AND_NUMBERS = new Set('left right substr substring overlay lpad rpad'.split(' '))

// Of these one of the others may be a text of one character. Not of substring: substring(x, '9') looks
// for a pattern and gives NULL where it is not found.
const PADDED = new Set('overlay lpad rpad'.split(' '))

// Anything: a row, a column, several.
const OF_ANYTHING = new Set(
  `to_json to_jsonb row_to_json json_build_array jsonb_build_array concat concat_ws`.split(/\s+/),
)

// Keys and values in turn; a key must not be NULL, and so must not be protected.
const OF_PAIRS = new Set(['json_build_object', 'jsonb_build_object'])

const TEXT_TYPES: ReadonlySet<Oid> = new Set([TYPE.text, TYPE.varchar, TYPE.bpchar, TYPE.name])

// A value may be doubled four times: more would reach a limit of the server's.
const STEPS_MAX = 16
const LITERAL_MAX = 256

export function isTotal(
  name: string,
  routines: readonly Routine[],
  given: Arguments,
  catalogue: Catalogue,
): boolean {
  const { values, nodes } = given
  if (routines.length === 0 || !routines.every((routine) => isSystemRoutine(routine))) return false
  if (!given.ordered || nodes.length !== values.length || !values.every(isShort)) return false
  if (!values.every((value, place) => isLabelled(value) || isPlain(value, nodes[place])))
    return false
  if (OF_ANYTHING.has(name)) return name !== 'concat_ws' || !isLabelledAt(values, 0)
  if (OF_PAIRS.has(name))
    return values.every((value, place) => place % 2 === 1 || !isLabelled(value))
  const texts = values.filter(isLabelled).every((value) => isText(value.type, catalogue))
  if (!texts) return false
  if (OF_TEXT.has(name)) return true
  return (
    OF_TEXT_AND_NUMBERS.has(name) &&
    isLabelledAt(values, 0) &&
    values.every(
      (value, place) =>
        isLabelled(value) ||
        isAmount(nodes[place]) ||
        (PADDED.has(name) && (constantText(nodes[place]) ?? '').length === 1),
    )
  )
}

// Of the operators only the joining of texts.
export function isTotalOperator(
  name: string,
  values: readonly Value[],
  catalogue: Catalogue,
): boolean {
  return (
    name === '||' &&
    values.length === 2 &&
    values.every(isShort) &&
    values.every((value) => value.type === TYPE.unknown || isText(value.type, catalogue)) &&
    values.every((value) => isLabelled(value) || value.constant === true || isColumn(value))
  )
}

// To text, by the output function of the value's type, and between text types, which cut silently.
// A domain may have checks.
export function isTotalCast(value: Value, type: Type): boolean {
  return TEXT_TYPES.has(type.oid) && isShort(value)
}

export function isShort(value: Value): boolean {
  return value.sources.every((source) => source.steps <= STEPS_MAX)
}

function isLabelledAt(values: readonly Value[], place: number): boolean {
  const value = values[place]
  return value !== undefined && isLabelled(value)
}

// What is computed can be as long as it likes, and make the server run out of memory at will.
function isPlain(value: Value, node: Node | undefined): boolean {
  if (isColumn(value)) return true
  const text = constantText(node)
  return text === undefined ? isNullConstant(node) : text.length <= LITERAL_MAX
}

function isAmount(node: Node | undefined): boolean {
  const amount = constantInteger(node)
  return amount !== undefined && amount >= 0 && amount <= LITERAL_MAX
}

function isColumn(value: Value): boolean {
  return value.origin !== undefined || value.fields !== undefined
}

function isNullConstant(node: Node | undefined): boolean {
  return node !== undefined && 'A_Const' in node && node.A_Const.isnull === true
}
