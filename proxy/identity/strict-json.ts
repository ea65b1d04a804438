// Reads a JSON object as RFC 8725 §2.4 and RFC 7515 §4 want it: valid UTF-8, no member twice, bounded
// depth and size. JSON.parse takes the last of two equal members where another reader takes the first,
// so that two parties can read two different identities from one signature.
import { GatewayError } from '../errors.js'
import { IDENTITY_LIMITS } from './limits.js'

export type JsonObject = Readonly<Record<string, unknown>>

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// `what` names the document in the error; the error never holds a part of it.
export function strictObject(bytes: Uint8Array, what: string): JsonObject {
  let text: string
  let value: unknown
  try {
    text = utf8.decode(bytes)
    value = JSON.parse(text)
  } catch {
    throw new GatewayError('token_invalid', `${what} is not JSON in UTF-8`)
  }
  if (!isObject(value)) throw new GatewayError('token_invalid', `${what} is not a JSON object`)
  const fault = structureFault(text)
  if (fault !== undefined) throw new GatewayError('token_invalid', `${what} ${fault}`)
  return value
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

type Frame = { readonly members: Set<string> | undefined; name: boolean }

// JSON.parse has accepted the text, so that the grammar (RFC 8259) holds and quotes, brackets and
// commas outside strings can be taken at their word.
function structureFault(text: string): string | undefined {
  const frames: Frame[] = []
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const top = frames.at(-1)
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = stringEnd(text, at)
        if (top?.name === true && top.members !== undefined) {
          // Decoded, since "sub" and "s\u0075b" are one name.
          const name: unknown = JSON.parse(text.slice(at, end + 1))
          if (typeof name !== 'string' || top.members.has(name)) return 'names a member twice'
          top.members.add(name)
        }
        at = end
        break
      }
      case 0x7b:
        frames.push({ members: new Set(), name: true })
        break
      case 0x5b:
        frames.push({ members: undefined, name: false })
        break
      case 0x7d:
      case 0x5d:
        frames.pop()
        break
      case 0x3a:
        if (top !== undefined) top.name = false
        values++
        break
      case 0x2c:
        if (top?.members === undefined) values++
        else top.name = true
        break
    }
    if (frames.length > IDENTITY_LIMITS.jsonDepth) return 'is nested too deeply'
    if (values > IDENTITY_LIMITS.jsonValues) return 'has too many members'
  }
  return undefined
}

function stringEnd(text: string, start: number): number {
  let at = start + 1
  while (text.charCodeAt(at) !== 0x22) at += text.charCodeAt(at) === 0x5c ? 2 : 1
  return at
}
