// `regex.globs_match`: is there a text that both patterns match. Patterns of characters, `.`, sets, `+` and
// `*`; the same steps as github.com/yashtewari/glob-intersection, so that its answers, right or not, agree.
import { NoAnswer } from './builtin.js'

type Flag = '' | '+' | '*'
type Token = {
  readonly kind: 'character' | 'dot' | 'set'
  readonly characters: ReadonlySet<string>
  readonly flag: Flag
}
type Glob = readonly Token[]

// Tokens, characters of a set, and steps in all; a pattern with more is an attack.
const LENGTH_MAX = 1000
const RANGE_MAX = 10_000
const STEPS_MAX = 100_000

export function globsIntersect(one: string, other: string): boolean {
  const trimmed = withoutEnds(simplified(tokens(one)), simplified(tokens(other)))
  return trimmed !== undefined && normal(trimmed[0], trimmed[1], { left: STEPS_MAX })
}

function tokens(text: string): Glob {
  const input = [...text]
  if (input.length > LENGTH_MAX) throw new RangeError('a glob is too long')
  const found: Token[] = []
  let at = 0
  const next = (): { readonly character: string; readonly escaped: boolean } => {
    const character = input[at++]
    if (character === undefined) throw new NoAnswer('a set without its end')
    if (character !== '\\') return { character, escaped: false }
    const behind = input[at++]
    if (behind === undefined) throw new NoAnswer('an escape of nothing')
    return { character: behind, escaped: true }
  }
  const set = (): ReadonlySet<string> => {
    const characters = new Set<string>()
    let previous: string | undefined
    for (;;) {
      const { character, escaped } = next()
      if (escaped || (character !== '-' && character !== ']')) {
        characters.add(character)
        previous = character
        continue
      }
      if (character === ']') return characters
      if (previous === undefined || at >= input.length - 1) throw new NoAnswer('no range')
      const last = next()
      if (!last.escaped && (last.character === ']' || last.character === '-'))
        throw new NoAnswer('no range')
      addRange(characters, previous, last.character)
      previous = undefined
    }
  }
  while (at < input.length) {
    const { character, escaped } = next()
    if (!escaped && (character === ']' || character === '+' || character === '*'))
      throw new NoAnswer('a sign where none may stand')
    const kind = escaped || (character !== '.' && character !== '[') ? 'character' : 'dot'
    const isSet = !escaped && character === '['
    const characters = isSet ? set() : new Set([character])
    const behind = input[at]
    const flag: Flag = behind === '+' || behind === '*' ? behind : ''
    if (flag !== '') at++
    found.push({ kind: isSet ? 'set' : kind, characters, flag })
  }
  return found
}

function addRange(characters: Set<string>, first: string, last: string): void {
  const [from, to] = [first.codePointAt(0) ?? 0, last.codePointAt(0) ?? 0]
  if (to < from) throw new NoAnswer('a range that is out of order')
  if (to - from > RANGE_MAX) throw new RangeError('a range is too long')
  for (let code = from; code <= to; code++) characters.add(String.fromCodePoint(code))
}

// a+a* is a+, a*a* is a*.
function simplified(glob: Glob): Glob {
  const simple: Token[] = []
  for (const token of glob) {
    const last = simple.at(-1)
    if (last !== undefined && last.flag !== '' && token.flag !== '' && same(last, token)) {
      simple[simple.length - 1] = {
        ...last,
        flag: last.flag === '+' || token.flag === '+' ? '+' : '*',
      }
    } else {
      simple.push(token)
    }
  }
  return simple
}

function same(one: Token, other: Token): boolean {
  if (one.kind !== other.kind) return false
  return one.kind === 'dot' || [...one.characters].join('') === [...other.characters].join('')
}

function matches(one: Token, other: Token): boolean {
  if (one.kind === 'dot' || other.kind === 'dot') return true
  return [...one.characters].some((character) => other.characters.has(character))
}

// Tokens without a sign at both ends must match one by one; one is left at each end.
function withoutEnds(one: Glob, other: Glob): readonly [Glob, Glob] | undefined {
  const plain = (token: Token | undefined): token is Token => token?.flag === ''
  let left = 0
  for (; plain(one[left]) && plain(other[left]); left++) {
    if (!matchesAt(one, left, other, left)) return undefined
  }
  if (left > 0) left--
  let [right, opposite] = [one.length - 1, other.length - 1]
  while (right >= left && opposite >= left && plain(one[right]) && plain(other[opposite])) {
    if (!matchesAt(one, right, other, opposite)) return undefined
    right--
    opposite--
  }
  if (right < one.length - 1) {
    right++
    opposite++
  }
  return [one.slice(left, right + 1), other.slice(left, opposite + 1)]
}

function matchesAt(one: Glob, at: number, other: Glob, place: number): boolean {
  const [left, right] = [one[at], other[place]]
  return left !== undefined && right !== undefined && matches(left, right)
}

type Steps = { left: number }

function normal(one: Glob, other: Glob, steps: Steps): boolean {
  let at = 0
  for (; at < one.length && at < other.length; at++) {
    if (--steps.left < 0) throw new RangeError('globs take too many steps to compare')
    if (one[at]?.flag !== '' || other[at]?.flag !== '')
      return special(one.slice(at), other.slice(at), steps)
    if (!matchesAt(one, at, other, at)) return false
  }
  return at === one.length && at === other.length
}

function special(one: Glob, other: Glob, steps: Steps): boolean {
  const [signed, plain] = one[0]?.flag !== '' ? [one, other] : [other, one]
  if (signed[0]?.flag === '*') return starred(signed, plain, steps)
  if (!matchesAt(signed, 0, plain, 0)) return false
  if (starred(signed, plain.slice(1), steps)) return true
  return plain[0]?.flag !== '' && normal(signed.slice(1), plain, steps)
}

function starred(glob: Glob, other: Glob, steps: Steps): boolean {
  const [star, next] = glob
  if (star === undefined) return false
  for (const [at, token] of other.entries()) {
    if (--steps.left < 0) throw new RangeError('globs take too many steps to compare')
    if (next !== undefined && matches(token, next)) {
      if (normal(glob.slice(1), other.slice(at), steps)) return true
    }
    if (!matches(token, star)) return false
  }
  return next === undefined
}
