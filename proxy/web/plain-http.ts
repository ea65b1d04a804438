// Refuses what two readers could understand in two ways. Node's parser takes a second Host, other transfer
// codings beside chunked, and drops headers beyond a number; a proxy in front may see another request than
// we do. RFC 9110, RFC 9112.
import type { IncomingMessage } from 'node:http'
import { WEB_LIMITS } from './limits.js'

// Headers that decide what a request is: once, or not at all.
const SINGLE = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
  'authorization',
  'connection',
  'upgrade',
  'expect',
  'cookie',
  'origin',
  'sec-fetch-site',
  'x-csrf-token',
])

// Only the paths that we serve look like this: nothing to decode, to collapse or to cut. Queries hold words
// that people search for and what identity providers send, so they may be any that RFC 3986 §3.4 knows.
const WORD = '[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*'
const QUERY = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*"
const TARGET = new RegExp(`^/(?:${WORD}(?:/${WORD})*)?(?:\\?${QUERY})?$`)

// undefined: the request reads in one way only.
export function whyNotPlain(request: IncomingMessage): string | undefined {
  const { rawHeaders, url = '' } = request
  if (rawHeaders.length / 2 > WEB_LIMITS.headers) return 'too many headers'
  if (!TARGET.test(url)) return 'the path is none that is served here'
  const values = new Map<string, string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    if (!SINGLE.has(name)) continue
    if (values.has(name)) return `the header ${name} comes twice`
    values.set(name, rawHeaders[i + 1] ?? '')
  }
  return whyNotFramed(values)
}

function whyNotFramed(values: ReadonlyMap<string, string>): string | undefined {
  const host = values.get('host')
  // RFC 9112 §3.2: exactly one, also where HTTP/1.0 would do without.
  if (host === undefined || !/^[A-Za-z0-9.:[\]_-]+$/.test(host)) return 'the header host is odd'
  const coding = values.get('transfer-encoding')
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    return 'only the transfer coding chunked is taken'
  }
  const length = values.get('content-length')
  if (length !== undefined && coding !== undefined) return 'the body has two lengths'
  if (length !== undefined && !/^\d{1,10}$/.test(length)) return 'the content length is odd'
  if (values.has('content-encoding')) return 'encoded bodies are not taken'
  if (values.has('upgrade')) return 'there is nothing to upgrade to'
  return undefined
}
