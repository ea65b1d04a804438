// The builtins that OPA's compiler leaves to the host, and that a decision may use: pure, the same on
// every machine, with OPA's own meaning. Whatever is not in this table refuses the bundle; clocks,
// chance and networks never will be. A function answers undefined where OPA's would fail: to a policy
// that is the same.
import { createHash } from 'node:crypto'
import { goFormat, type GoArgument } from '../go-format.js'
import { regexFindN, regexReplace, regexSplit } from './regex.js'
import {
  isArray,
  isNumber,
  isObject,
  isSet,
  numberOf,
  order,
  printed,
  type RegoValue,
} from '../rego-value.js'
import { TIME_BUILTINS } from './time.js'

export type Builtin = {
  readonly apply: (...args: readonly RegoValue[]) => RegoValue | undefined
  // Fuel beside that for reading the arguments; their texts are at hand.
  readonly cost?: (texts: readonly string[]) => number
}

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ['sprintf', { apply: sprintf }],
  ['regex.replace', { apply: regexReplace, cost: regexCost }],
  ['regex.split', { apply: regexSplit, cost: regexCost }],
  ['regex.find_n', { apply: regexFindN, cost: regexCost }],
  [
    'strings.any_prefix_match',
    { apply: anyMatch((text, part) => text.startsWith(part)), cost: product },
  ],
  [
    'strings.any_suffix_match',
    { apply: anyMatch((text, part) => text.endsWith(part)), cost: product },
  ],
  ['strings.split_n', { apply: splitN }],
  ['strings.count', { apply: stringsCount }],
  ['indexof_n', { apply: indexofN }],
  ['object.subset', { apply: (one, other) => subset(one, other), cost: product }],
  ['crypto.sha256', { apply: sha256 }],
  ['hex.encode', { apply: hexEncode }],
  ['hex.decode', { apply: hexDecode }],
  [
    'semver.is_valid',
    { apply: (text) => typeof text === 'string' && versionOf(text) !== undefined },
  ],
  ['semver.compare', { apply: semverCompare }],
  ...TIME_BUILTINS.map(([name, apply]) => [name, { apply }] as const),
])

// Matching takes steps for each character in each state of the pattern; a repetition multiplies states.
function regexCost(texts: readonly string[]): number {
  return 4 * texts.reduce((steps, text) => steps * Math.max(1, text.length) * statesFactor(text), 1)
}

function statesFactor(text: string): number {
  const counts = [...text.matchAll(/\{(\d+)(?:,(\d*))?\}/g)]
  return Math.min(
    1000,
    counts.reduce(
      (factor, [, least, most]) => factor * Math.max(1, Number(least), Number(most ?? 0)),
      1,
    ),
  )
}

function product(texts: readonly string[]): number {
  return texts.reduce((size, text) => size * Math.max(1, text.length), 1)
}

function sprintf(format: RegoValue = null, args: RegoValue = null): RegoValue | undefined {
  if (typeof format !== 'string' || !isArray(args)) return undefined
  return goFormat(format, args.map(goArgument))
}

function goArgument(value: RegoValue): GoArgument {
  if (typeof value === 'string') return value
  if (!isNumber(value)) return printed(value)
  if (/^-?\d+$/.test(value.number)) return BigInt(value.number)
  const float = Number(value.number)
  return Number.isFinite(float) ? float : value.number
}

function textsOf(value: RegoValue | undefined): readonly string[] | undefined {
  if (typeof value === 'string') return [value]
  const list = value === undefined ? undefined : listOf(value)
  return list?.every((one) => typeof one === 'string') === true ? list : undefined
}

function listOf(value: RegoValue): readonly RegoValue[] | undefined {
  if (value === null || typeof value !== 'object') return undefined
  if (isArray(value)) return value
  return isSet(value) ? value.set : undefined
}

function anyMatch(matches: (text: string, part: string) => boolean): Builtin['apply'] {
  return (texts, parts) => {
    const [some, wanted] = [textsOf(texts), textsOf(parts)]
    if (some === undefined || wanted === undefined) return undefined
    return some.some((text) => wanted.some((part) => matches(text, part)))
  }
}

// The first parts, or the last where the count is negative. Nothing between them splits every character.
function splitN(
  text: RegoValue = null,
  delimiter: RegoValue = null,
  most: RegoValue = null,
): RegoValue | undefined {
  if (typeof text !== 'string' || typeof delimiter !== 'string' || !isNumber(most)) return undefined
  const count = Number(most.number)
  if (!Number.isInteger(count)) return undefined
  const parts = delimiter === '' ? [...text] : text.split(delimiter)
  return count < 0 ? parts.slice(count) : parts.slice(0, count)
}

// Occurrences that do not overlap; Go finds an empty text around each character.
function stringsCount(text: RegoValue = null, part: RegoValue = null): RegoValue | undefined {
  if (typeof text !== 'string' || typeof part !== 'string') return undefined
  if (part === '') return numberOf([...text].length + 1)
  return numberOf(text.split(part).length - 1)
}

// Places in characters, overlapping ones too.
function indexofN(text: RegoValue = null, part: RegoValue = null): RegoValue | undefined {
  if (typeof text !== 'string' || typeof part !== 'string' || part === '') return undefined
  const [characters, wanted] = [[...text], [...part]]
  return characters.flatMap((_, at) =>
    wanted.every((one, offset) => characters[at + offset] === one) ? [numberOf(at)] : [],
  )
}

// Is the second within the first: members of an object at any depth, of a set, or a run of an array.
function subset(one: RegoValue = null, other: RegoValue = null): boolean | undefined {
  if (one === null || other === null || typeof one !== 'object' || typeof other !== 'object')
    return undefined
  if (isObject(one) && isObject(other)) return withinObject(one, other)
  if (isSet(one) && isSet(other))
    return other.set.every((item) => one.set.some((x) => order(x, item) === 0))
  if (isArray(one) && isSet(other))
    return other.set.every((item) => one.some((x) => order(x, item) === 0))
  if (isArray(one) && isArray(other)) {
    return (
      one.some((_, at) => other.every((item, n) => equals(one[at + n], item))) || other.length === 0
    )
  }
  return undefined
}

function withinObject(
  one: Extract<RegoValue, { object: unknown }>,
  other: Extract<RegoValue, { object: unknown }>,
): boolean {
  return other.object.every(([key, wanted]) => {
    const found = one.object.find(([name]) => order(name, key) === 0)
    if (found === undefined) return false
    return equals(found[1], wanted) || subset(found[1], wanted) === true
  })
}

function equals(one: RegoValue | undefined, other: RegoValue): boolean {
  return one !== undefined && order(one, other) === 0
}

function sha256(text: RegoValue = null): RegoValue | undefined {
  return typeof text === 'string' ? createHash('sha256').update(text).digest('hex') : undefined
}

function hexEncode(text: RegoValue = null): RegoValue | undefined {
  return typeof text === 'string' ? Buffer.from(text).toString('hex') : undefined
}

function hexDecode(text: RegoValue = null): RegoValue | undefined {
  if (typeof text !== 'string' || !/^(?:[0-9a-fA-F]{2})*$/.test(text)) return undefined
  return Buffer.from(text, 'hex').toString('utf8')
}

type Version = { readonly numbers: readonly bigint[]; readonly before: readonly string[] }

// Semantic Versioning 2.0.0, §2, §9 and §10.
function versionOf(text: string): Version | undefined {
  const found =
    /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(
      text,
    )
  if (found === null) return undefined
  const [, major = '', minor = '', patch = '', before] = found
  if (before?.split('.').some((part) => part === '' || /^0\d+$/.test(part)) === true)
    return undefined
  return {
    numbers: [major, minor, patch].map(BigInt),
    before: before === undefined ? [] : before.split('.'),
  }
}

// §11: what comes before a release is less than it.
function semverCompare(one: RegoValue = null, other: RegoValue = null): RegoValue | undefined {
  if (typeof one !== 'string' || typeof other !== 'string') return undefined
  const [left, right] = [versionOf(one), versionOf(other)]
  if (left === undefined || right === undefined) return undefined
  for (const [at, number] of left.numbers.entries()) {
    const opposite = right.numbers[at] ?? 0n
    if (number !== opposite) return numberOf(number < opposite ? -1 : 1)
  }
  if (left.before.length === 0 || right.before.length === 0) {
    return numberOf(Math.sign(right.before.length - left.before.length))
  }
  return numberOf(beforeRelease(left.before, right.before))
}

function beforeRelease(one: readonly string[], other: readonly string[]): number {
  for (const [at, left] of one.entries()) {
    const right = other[at]
    if (right === undefined) return 1
    if (left === right) continue
    const [leftNumber, rightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)]
    if (leftNumber && rightNumber) return BigInt(left) < BigInt(right) ? -1 : 1
    if (leftNumber !== rightNumber) return leftNumber ? -1 : 1
    return left < right ? -1 : 1
  }
  return one.length < other.length ? -1 : 0
}
