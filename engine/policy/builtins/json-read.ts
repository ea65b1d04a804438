// JSON as `json.unmarshal` reads it: numbers keep their digits, the last of equal keys counts.
import type { RegoValue } from '../rego-value.js'
import { NoAnswer } from './builtin.js'

const DEPTH_MAX = 200

export function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

// Throws NoAnswer where the text is no JSON.
export function jsonValue(text: string): RegoValue {
  if (!isJson(text)) throw new NoAnswer('no JSON')
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g)
  const next = (): string => tokens.next().value?.[0] ?? ''
  return value(next, next(), 0)
}

// The text was parsed before, so that nothing needs to be checked again.
function value(next: () => string, token: string, depth: number): RegoValue {
  if (depth > DEPTH_MAX) throw new RangeError('JSON is nested too deeply')
  if (token === '{') return members(next, depth)
  if (token === '[') {
    const items: RegoValue[] = []
    for (let one = next(); one !== ']'; one = next()) {
      if (one !== ',') items.push(value(next, one, depth + 1))
    }
    return items
  }
  if (token.startsWith('"')) return JSON.parse(token) as string
  if (token === 'null') return null
  return token === 'true' || token === 'false' ? token === 'true' : { number: token }
}

function members(next: () => string, depth: number): RegoValue {
  const found = new Map<string, RegoValue>()
  for (let token = next(); token !== '}'; token = next()) {
    if (token === ',') continue
    next()
    found.set(JSON.parse(token) as string, value(next, next(), depth + 1))
  }
  return { object: [...found] }
}
