// `semver.*`: Semantic Versioning 2.0.0, read as OPA's internal/semver does, a leading `v` included.
import { numberOf, type RegoValue } from '../rego-value.js'
import { NoAnswer, textOf, type BuiltinEntry } from './builtin.js'

export const SEMVER: readonly BuiltinEntry[] = [
  [
    'semver.is_valid',
    { apply: (text) => typeof text === 'string' && versionOf(text) !== undefined },
  ],
  ['semver.compare', { apply: compare }],
]

type Version = { readonly numbers: readonly bigint[]; readonly before: readonly string[] }

const INT64_MAX = 2n ** 63n - 1n
const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*'
const NUMBER = '(0|[1-9]\\d*)'
const VERSION = new RegExp(
  `^v?${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`,
)

// §2, §9 and §10.
function versionOf(text: string): Version | undefined {
  const found = VERSION.exec(text)
  if (found === null) return undefined
  const [, major = '', minor = '', patch = '', release] = found
  const before = release === undefined ? [] : release.split('.')
  if (before.some((part) => /^0\d+$/.test(part))) return undefined
  const numbers = [major, minor, patch].map(BigInt)
  return numbers.some((number) => number > INT64_MAX) ? undefined : { numbers, before }
}

// §11: what comes before a release is less than it.
function compare(one: RegoValue = null, other: RegoValue = null): RegoValue {
  const [left, right] = [versionOf(textOf(one)), versionOf(textOf(other))]
  if (left === undefined || right === undefined) throw new NoAnswer('no version')
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
    if (leftNumber !== rightNumber) return leftNumber ? -1 : 1
    const less = leftNumber ? BigInt(left) < BigInt(right) : left < right
    return less ? -1 : 1
  }
  return one.length < other.length ? -1 : 0
}
