// Regular expressions of a policy that OPA's compiler leaves to the host (`regex.match` it does not):
// RE2's syntax and linear time, with Go's rules for what comes after an empty match.
import { RE2JS } from 're2js'
import type { RegoValue } from '../rego-value.js'
import { integerOf, NoAnswer, product, textOf, type BuiltinEntry } from './builtin.js'
import { globsIntersect } from './globs.js'

export const REGEX: readonly BuiltinEntry[] = [
  ['regex.replace', { apply: replace, cost }],
  ['regex.split', { apply: split, cost }],
  ['regex.find_n', { apply: findN, cost }],
  ['regex.template_match', { apply: templateMatch, cost }],
  [
    'regex.globs_match',
    { apply: (one, other) => globsIntersect(textOf(one), textOf(other)), cost: product },
  ],
  [
    'glob.quote_meta',
    { apply: (text) => textOf(text).replace(/[\\*?[\]{}]/g, (character) => `\\${character}`) },
  ],
]

type Match = { readonly start: number; readonly end: number; readonly groups: readonly string[] }

const PATTERN_MAX = 1000
const KEPT_MAX = 200
const kept = new Map<string, RE2JS | undefined>()

// Matching takes steps for each character in each state of the pattern; a repetition multiplies states.
function cost(texts: readonly string[]): number {
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

function compiled(pattern: string): RE2JS {
  if (pattern.length > PATTERN_MAX) throw new RangeError('a regular expression is too long')
  let found = kept.get(pattern)
  if (found === undefined && !kept.has(pattern)) {
    try {
      found = RE2JS.compile(pattern)
    } catch {
      found = undefined
    }
    if (kept.size >= KEPT_MAX) kept.clear()
    kept.set(pattern, found)
  }
  if (found === undefined) throw new NoAnswer('no regular expression')
  return found
}

// At most `most`, all where it is negative. An empty match right behind another is none.
function matchesIn(regex: RE2JS, text: string, most: number): readonly Match[] {
  const matcher = regex.matcher(text)
  const found: Match[] = []
  let at = 0
  let previousEnd = -1
  while (at <= text.length && found.length !== most && matcher.find(at)) {
    const [start, end] = [matcher.start(), matcher.end()]
    if (end > start || start !== previousEnd) {
      const groups = Array.from(
        { length: matcher.groupCount() + 1 },
        (_, n) => matcher.group(n) ?? '',
      )
      found.push({ start, end, groups })
    }
    previousEnd = end
    at = end > start ? end : end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1)
  }
  return found
}

function findN(
  pattern: RegoValue = null,
  text: RegoValue = null,
  most: RegoValue = null,
): RegoValue {
  const [source, whole, count] = [textOf(pattern), textOf(text), Number(integerOf(most))]
  return matchesIn(compiled(source), whole, count).map(({ groups }) => groups[0] ?? '')
}

// Go's Regexp.Split: an empty match at the beginning splits nothing off.
function split(pattern: RegoValue = null, text: RegoValue = null): RegoValue {
  const [source, whole] = [textOf(pattern), textOf(text)]
  const regex = compiled(source)
  if (source !== '' && whole === '') return ['']
  const parts: string[] = []
  let begin = 0
  let end = 0
  for (const match of matchesIn(regex, whole, -1)) {
    end = match.start
    if (match.end !== 0) parts.push(whole.slice(begin, end))
    begin = match.end
  }
  if (end !== whole.length) parts.push(whole.slice(begin))
  return parts
}

function replace(
  text: RegoValue = null,
  pattern: RegoValue = null,
  value: RegoValue = null,
): RegoValue {
  const [whole, source, template] = [textOf(text), textOf(pattern), textOf(value)]
  const regex = compiled(source)
  const names = regex.namedGroups() as Readonly<Record<string, number>>
  let out = ''
  let last = 0
  for (const match of matchesIn(regex, whole, -1)) {
    out += whole.slice(last, match.start) + expanded(template, match, names)
    last = match.end
  }
  return out + whole.slice(last)
}

// Go's Regexp.Expand: $1, $name (as long as word characters last), ${name}, $$. What is not there is
// empty; a `$` that begins none of these stays.
function expanded(template: string, match: Match, names: Readonly<Record<string, number>>): string {
  return template.replace(
    /\$(?:(\$)|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu,
    (_, dollar: string | undefined, braced: string | undefined, bare: string | undefined) => {
      if (dollar !== undefined) return '$'
      const name = braced ?? bare ?? ''
      const number = /^\d+$/.test(name) ? Number(name) : names[name]
      return number === undefined ? '' : (match.groups[number] ?? '')
    },
  )
}

// A text with expressions between two delimiters; what is between must balance.
function templateMatch(
  template: RegoValue = null,
  text: RegoValue = null,
  start: RegoValue = null,
  end: RegoValue = null,
): RegoValue {
  const [source, whole] = [textOf(template), textOf(text)]
  const [open, close] = [textOf(start), textOf(end)]
  if (Buffer.byteLength(open) !== 1 || Buffer.byteLength(close) !== 1)
    throw new NoAnswer('a delimiter is one character')
  let [pattern, level, from, raw] = ['^', 0, 0, '']
  for (const [at, character] of [...source].entries()) {
    if (character === open && level++ === 0) {
      from = at + 1
    } else if (character === close && --level <= 0) {
      if (level < 0) throw new NoAnswer('unbalanced delimiters')
      const inner = [...source].slice(from, at).join('')
      compiled(`^${inner}$`)
      pattern += `${RE2JS.quote(raw)}(${inner})`
      raw = ''
    } else if (level === 0) {
      raw += character
    }
  }
  if (level !== 0) throw new NoAnswer('unbalanced delimiters')
  return compiled(`${pattern}${RE2JS.quote(raw)}$`)
    .matcher(whole)
    .find()
}
