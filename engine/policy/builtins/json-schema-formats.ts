// Formats of JSON Schema as gojsonschema checks them. One that it does not know passes.
import { NoAnswer } from './builtin.js'
import { addressOf } from './ip-address.js'
import { isRegex } from './json-schema-check.js'
import { parsedNs } from './time-parse.js'
import { parsedUrl, type ParsedUrl } from './url.js'

const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]{0,61}[a-zA-Z0-9])'
const HOSTNAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`)
const UUID = /^[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}$/i
const POINTER = /^(?:\/(?:[^~/]|~0|~1)*)*$/
const RELATIVE = /^(?:0|[1-9][0-9]*)(?:#|(?:\/(?:[^~/]|~0|~1)*)*)$/
// The addr-spec of RFC 5322 without comments, with or without a name before it.
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\uffff.-]+"
const EMAIL = new RegExp(`^(?:[^<>@]*<${ATOM}@${ATOM}>|(?:${ATOM}|"[^"]*")@${ATOM})$`)

const TIMES: Readonly<Record<string, readonly string[]>> = {
  date: ['2006-01-02'],
  time: ['15:04:05Z07:00', '15:04:05'],
  'date-time': ['15:04:05', '15:04:05Z07:00', '2006-01-02', 'RFC3339', 'RFC3339Nano'],
}

export function isFormat(format: string, text: string): boolean {
  const layouts = TIMES[format]
  if (layouts !== undefined)
    return layouts.some((layout) => without(() => parsedNs(layout, text)) !== undefined)
  switch (format) {
    case 'hostname':
      return HOSTNAME.test(text) && text.length < 256
    case 'email':
    case 'idn-email':
      return EMAIL.test(text) && !/\.\.|^\.|\.@|@\.|\.$/.test(text)
    case 'ipv4':
      return text.includes('.') && addressOf(text) !== undefined
    case 'ipv6':
      return text.includes(':') && addressOf(text) !== undefined
    case 'uri':
    case 'iri':
      return (urlOf(text)?.scheme ?? '') !== ''
    case 'uri-reference':
    case 'iri-reference':
      return urlOf(text) !== undefined
    case 'uri-template':
      return /^(?:[^{]*(?:\{[^}]*\})?)$|^[^{}]*(?:\{[^}]*\}[^{]*)*$/.test(urlOf(text)?.path ?? '{')
    case 'uuid':
      return UUID.test(text)
    case 'regex':
      return isRegex(text)
    case 'json-pointer':
      return POINTER.test(text)
    case 'relative-json-pointer':
      return RELATIVE.test(text)
    default:
      return true
  }
}

function urlOf(text: string): ParsedUrl | undefined {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  return text.includes('\\') ? undefined : without(() => parsedUrl(bytes))
}

function without<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof NoAnswer) return undefined
    throw thrown
  }
}
