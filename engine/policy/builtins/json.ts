// Values as Go's encoding/json writes them, and `json.marshal_with_options` with it: keys in order, what
// HTML would read escaped.
import { isArray, isNumber, isObject, isSet, order, type RegoValue } from '../rego-value.js'
import { NoAnswer, objectOf, perCharacter, textOf, type BuiltinEntry } from './builtin.js'

export const JSON_TEXT: readonly BuiltinEntry[] = [
  ['json.marshal_with_options', { apply: marshalled, cost: perCharacter(150) }],
]

type Indentation = { readonly prefix: string; readonly indent: string }

function marshalled(value: RegoValue = null, options: RegoValue = null): RegoValue {
  let [prefix, indent, implied] = ['', '\t', false]
  let explicit: boolean | undefined
  for (const [key, option] of objectOf(options).object) {
    if (key === 'prefix') [prefix, implied] = [textOf(option), true]
    else if (key === 'indent') [indent, implied] = [textOf(option), true]
    else if (key === 'pretty' && typeof option === 'boolean') explicit = option
    else throw new NoAnswer('an option that is none')
  }
  const plain = asJson(value)
  if (!(explicit ?? implied)) return jsonText(plain)
  return prefix + indented(plain, { prefix, indent }, 0)
}

// As OPA makes JSON of a value: sets become arrays in order, keys become texts.
export function asJson(value: RegoValue): RegoValue {
  if (value === null || typeof value !== 'object' || isNumber(value)) return value
  if (isArray(value)) return value.map(asJson)
  if (isSet(value)) return [...value.set].sort(order).map(asJson)
  return {
    object: value.object.map(
      ([key, inner]) =>
        [typeof key === 'string' ? key : jsonText(asJson(key)), asJson(inner)] as const,
    ),
  }
}

// json.Marshal.
export function jsonText(value: RegoValue): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return quotedJson(value)
  if (isNumber(value)) return value.number
  if (isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (!isObject(value)) throw new NoAnswer('JSON has no sets')
  const members = sortedMembers(value.object)
  return `{${members.map(([key, inner]) => `${jsonText(key)}:${jsonText(inner)}`).join(',')}}`
}

function sortedMembers(
  members: readonly (readonly [RegoValue, RegoValue])[],
): readonly (readonly [RegoValue, RegoValue])[] {
  return [...members].sort(([one], [other]) => order(one, other))
}

// json.MarshalIndent: what is empty stays on its line.
function indented(value: RegoValue, how: Indentation, depth: number): string {
  const line = (level: number): string => `\n${how.prefix}${how.indent.repeat(level)}`
  const wrapped = (open: string, parts: readonly string[], close: string): string =>
    parts.length === 0
      ? open + close
      : `${open}${parts.map((part) => line(depth + 1) + part).join(',')}${line(depth)}${close}`
  if (value === null || typeof value !== 'object' || isNumber(value)) return jsonText(value)
  if (isArray(value)) {
    return wrapped(
      '[',
      value.map((one) => indented(one, how, depth + 1)),
      ']',
    )
  }
  if (!isObject(value)) throw new NoAnswer('JSON has no sets')
  const members = sortedMembers(value.object).map(
    ([key, inner]) => `${jsonText(key)}: ${indented(inner, how, depth + 1)}`,
  )
  return wrapped('{', members, '}')
}

function quotedJson(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
