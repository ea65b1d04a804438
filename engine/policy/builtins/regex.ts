// Regular expressions of a policy that OPA's compiler leaves to the host (`regex.match` it does not):
// RE2's syntax and linear time, with Go's rules for what comes after an empty match.
import { RE2JS } from 're2js'
import { isNumber, type RegoValue } from '../rego-value.js'

type Match = { readonly start: number; readonly end: number; readonly groups: readonly string[] }

const PATTERN_MAX = 1000
const KEPT_MAX = 200
const kept = new Map<string, RE2JS | undefined>()

// A pattern that is none, or is too long, has no matches to speak of: undefined, as in OPA.
function compiled(pattern: string): RE2JS | undefined {
  if (pattern.length > PATTERN_MAX) return undefined
  if (kept.has(pattern)) return kept.get(pattern)
  let found: RE2JS | undefined
  try {
    found = RE2JS.compile(pattern)
  } catch {
    found = undefined
  }
  if (kept.size >= KEPT_MAX) kept.clear()
  kept.set(pattern, found)
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

export function regexFindN(
  pattern: RegoValue = null,
  text: RegoValue = null,
  most: RegoValue = null,
): RegoValue | undefined {
  if (typeof pattern !== 'string' || typeof text !== 'string' || !isNumber(most)) return undefined
  const regex = compiled(pattern)
  const count = Number(most.number)
  if (regex === undefined || !Number.isInteger(count)) return undefined
  return matchesIn(regex, text, count).map(({ groups }) => groups[0] ?? '')
}

// Go's Regexp.Split: an empty match at the beginning splits nothing off.
export function regexSplit(
  pattern: RegoValue = null,
  text: RegoValue = null,
): RegoValue | undefined {
  if (typeof pattern !== 'string' || typeof text !== 'string') return undefined
  const regex = compiled(pattern)
  if (regex === undefined) return undefined
  if (pattern !== '' && text === '') return ['']
  const parts: string[] = []
  let begin = 0
  let end = 0
  for (const match of matchesIn(regex, text, -1)) {
    end = match.start
    if (match.end !== 0) parts.push(text.slice(begin, end))
    begin = match.end
  }
  if (end !== text.length) parts.push(text.slice(begin))
  return parts
}

export function regexReplace(
  text: RegoValue = null,
  pattern: RegoValue = null,
  value: RegoValue = null,
): RegoValue | undefined {
  if (typeof text !== 'string' || typeof pattern !== 'string' || typeof value !== 'string')
    return undefined
  const regex = compiled(pattern)
  if (regex === undefined) return undefined
  const names = regex.namedGroups() as Readonly<Record<string, number>>
  let out = ''
  let last = 0
  for (const match of matchesIn(regex, text, -1)) {
    out += text.slice(last, match.start) + expanded(value, match, names)
    last = match.end
  }
  return out + text.slice(last)
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
