// A JSON document in the one form that OPA’s signatures are digests of (`v1/bundle/hash.go`): no spaces,
// keys in the order of their bytes, numbers as they were written, texts as Go writes them. Reads
// more strictly than JSON.parse: a key that stands twice would mean one thing here and another there.
import { GatewayError } from '../../errors.js'

const DEPTH_MAX = 500
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const TEXT = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SPACE = /[ \t\n\r]*/y
const WORD = /true|false|null/y

// Throws GatewayError('bundle_signature') where the bytes are no JSON in UTF-8.
export function structuredText(name: string, bytes: Buffer): string {
  const reader = { name, text: decoded(name, bytes), at: 0 }
  const value = valueAt(reader, 0)
  taken(reader, SPACE)
  if (reader.at !== reader.text.length) throw wrong(reader, 'something after its end')
  return value
}

type Reader = { readonly name: string; readonly text: string; at: number }

function decoded(name: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new GatewayError('bundle_signature', `${name} is no text in UTF-8`, { cause })
  }
}

function valueAt(reader: Reader, depth: number): string {
  if (depth > DEPTH_MAX) throw wrong(reader, 'deeper nesting than is allowed')
  taken(reader, SPACE)
  const next = reader.text[reader.at]
  if (next === '{') return objectAt(reader, depth)
  if (next === '[') return listAt(reader, depth)
  if (next === '"') return goText(textAt(reader))
  const found = taken(reader, WORD) ?? taken(reader, NUMBER)
  if (found === undefined) throw wrong(reader, 'no JSON')
  return found
}

function objectAt(reader: Reader, depth: number): string {
  const members = new Map<string, string>()
  for (const more of itemsAt(reader, '}')) {
    const key = textAt(reader)
    if (members.has(key)) throw wrong(reader, `the key “${key}” twice`)
    if (!more(':')) throw wrong(reader, 'no colon')
    members.set(key, valueAt(reader, depth + 1))
  }
  const keys = [...members.keys()].sort((one, other) =>
    Buffer.compare(Buffer.from(one), Buffer.from(other)),
  )
  return `{${keys.map((key) => `${goText(key)}:${members.get(key) ?? ''}`).join(',')}}`
}

function listAt(reader: Reader, depth: number): string {
  const items: string[] = []
  for (const _ of itemsAt(reader, ']')) items.push(valueAt(reader, depth + 1))
  return `[${items.join(',')}]`
}

// Stops at each item of a list or object; hands out what takes a sign that must follow.
function* itemsAt(reader: Reader, end: string): Generator<(sign: string) => boolean> {
  const took = (sign: string): boolean => {
    taken(reader, SPACE)
    if (reader.text[reader.at] !== sign) return false
    reader.at++
    taken(reader, SPACE)
    return true
  }
  reader.at++
  if (took(end)) return
  do yield took
  while (took(','))
  if (!took(end)) throw wrong(reader, `no “${end}”`)
}

function textAt(reader: Reader): string {
  const found = taken(reader, TEXT)
  if (found === undefined) throw wrong(reader, 'no text in quotes')
  // Half of a surrogate pair is no character; going through bytes puts U+FFFD in its place, as Go does.
  return Buffer.from(String(JSON.parse(found))).toString('utf8')
}

function taken(reader: Reader, pattern: RegExp): string | undefined {
  pattern.lastIndex = reader.at
  const found = pattern.exec(reader.text)?.[0]
  if (found !== undefined) reader.at += found.length
  return found
}

// As Go’s encoder writes it: besides control characters it escapes the two line separators.
function goText(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

function wrong({ name, text, at }: Reader, what: string): GatewayError {
  const line = text.slice(0, at).split('\n').length
  return new GatewayError('bundle_signature', `${name}:${line} holds ${what}`)
}
