// Texts: `sprintf`, `strings.*` and `indexof_n`, with Go's meaning; lengths and places count characters.
import { goFormat, type GoArgument } from '../go-format.js'
import { isNumber, numberOf, printed, type RegoValue } from '../rego-value.js'
import {
  arrayOf,
  integerOf,
  membersOf,
  NoAnswer,
  perCharacter,
  product,
  textOf,
  type Builtin,
  type BuiltinEntry,
} from './builtin.js'

export const STRINGS: readonly BuiltinEntry[] = [
  ['sprintf', { apply: sprintf, cost: perCharacter(40) }],
  [
    'strings.any_prefix_match',
    { apply: anyMatch((text, part) => text.startsWith(part)), cost: product },
  ],
  [
    'strings.any_suffix_match',
    { apply: anyMatch((text, part) => text.endsWith(part)), cost: product },
  ],
  ['strings.split_n', { apply: splitN }],
  ['strings.count', { apply: count }],
  ['indexof_n', { apply: indexofN, cost: product }],
]

function sprintf(format: RegoValue = null, args: RegoValue = null): RegoValue {
  return goFormat(textOf(format), arrayOf(args).map(goArgument))
}

function goArgument(value: RegoValue): GoArgument {
  if (typeof value === 'string') return value
  if (!isNumber(value)) return printed(value)
  if (/^-?\d+$/.test(value.number)) return BigInt(value.number)
  const float = Number(value.number)
  return Number.isFinite(float) ? float : value.number
}

function textsOf(value: RegoValue): readonly string[] {
  if (typeof value === 'string') return [value]
  return membersOf(value).map(textOf)
}

function anyMatch(matches: (text: string, part: string) => boolean): Builtin['apply'] {
  return (texts = null, parts = null) => {
    const [some, wanted] = [textsOf(texts), textsOf(parts)]
    return some.some((text) => wanted.some((part) => matches(text, part)))
  }
}

// The first parts, or the last where the count is negative. Nothing between them splits every character.
function splitN(
  text: RegoValue = null,
  delimiter: RegoValue = null,
  most: RegoValue = null,
): RegoValue {
  const [whole, between, wanted] = [textOf(text), textOf(delimiter), Number(integerOf(most))]
  const parts = between === '' ? [...whole] : whole.split(between)
  return wanted < 0 ? parts.slice(wanted) : parts.slice(0, wanted)
}

// Occurrences that do not overlap; Go finds an empty text around each character.
function count(text: RegoValue = null, part: RegoValue = null): RegoValue {
  const [whole, wanted] = [textOf(text), textOf(part)]
  if (wanted === '') return numberOf([...whole].length + 1)
  return numberOf(whole.split(wanted).length - 1)
}

// Places in characters, overlapping ones too.
function indexofN(text: RegoValue = null, part: RegoValue = null): RegoValue {
  const [characters, wanted] = [[...textOf(text)], [...textOf(part)]]
  if (wanted.length === 0) throw new NoAnswer('an empty text is everywhere')
  return characters.flatMap((_, at) =>
    wanted.every((one, offset) => characters[at + offset] === one) ? [numberOf(at)] : [],
  )
}
