// `urlquery.*` and `uri.*`, by the rules of Go's net/url. Texts are handled as bytes, one character each.
import { isArray, isObject, type RegoValue } from '../rego-value.js'
import { addressOf } from './ip-address.js'
import { NoAnswer, objectWith, perCharacter, textOf, type BuiltinEntry } from './builtin.js'
import { goText } from './go-text.js'
import { asJson } from './json.js'

export const URLS: readonly BuiltinEntry[] = [
  ['urlquery.encode', { apply: (text) => escape(bytes(textOf(text)), 'query') }],
  ['urlquery.decode', { apply: (text) => characters(unescape(bytes(textOf(text)), 'query')) }],
  ['urlquery.encode_object', { apply: encodeObject }],
  [
    'urlquery.decode_object',
    { apply: (text) => decodeObject(bytes(textOf(text))), cost: perCharacter(100) },
  ],
  ['uri.parse', { apply: (text) => parts(bytes(textOf(text))), cost: perCharacter(100, 5_000) }],
  ['uri.is_valid', { apply: isValid, cost: perCharacter(100, 5_000) }],
]

type Mode = 'path' | 'host' | 'zone' | 'user' | 'query' | 'fragment'

// What stays as it is, beside letters, digits and -_.~
const KEPT: Readonly<Record<Mode, string>> = {
  path: '$&+,/:;=@',
  host: '!$&\'()*+,;=:[]<>"',
  zone: '!$&\'()*+,;=:[]<>"',
  user: '$&+,;=',
  query: '',
  fragment: '$&+,/:;=?@!()*',
}
const PARAMETERS_MAX = 10_000

function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

function characters(text: string): string {
  return goText(Buffer.from(text, 'latin1'))
}

function isKept(character: string, mode: Mode): boolean {
  return /[A-Za-z0-9\-_.~]/.test(character) || KEPT[mode].includes(character)
}

function escape(text: string, mode: Mode): string {
  return [...text]
    .map((character) => {
      if (character === ' ' && mode === 'query') return '+'
      if (isKept(character, mode)) return character
      return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

function unescape(text: string, mode: Mode): string {
  const host = mode === 'host' || mode === 'zone'
  return text.replace(/%(.{0,2})|\+|[^%+]/gs, (all: string, hex: string | undefined) => {
    if (all === '+') return mode === 'query' ? ' ' : '+'
    if (hex === undefined) {
      if (host && all < '\u0080' && !isKept(all, mode)) throw new NoAnswer('a host is no such')
      return all
    }
    if (!/^[0-9a-fA-F]{2}$/.test(hex)) throw new NoAnswer('an escape is no such')
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    if (mode === 'host' && character < '\u0080' && hex !== '25')
      throw new NoAnswer('a host escapes ASCII')
    if (mode === 'zone' && hex !== '25' && character !== ' ' && !isKept(character, 'host'))
      throw new NoAnswer('a zone is no such')
    return character
  })
}

function encodeObject(object: RegoValue = null): RegoValue {
  const plain = asJson(object)
  if (plain === null || !isObject(plain)) throw new NoAnswer('no object')
  return plain.object
    .map(([key, value]) => [bytes(textOf(key)), isArray(value) ? value : [value]] as const)
    .sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0))
    .flatMap(([key, values]) =>
      values.map((value) => `${escape(key, 'query')}=${escape(bytes(textOf(value)), 'query')}`),
    )
    .join('&')
}

function decodeObject(query: string): RegoValue {
  const pairs = query.split('&')
  if (pairs.length > PARAMETERS_MAX) throw new NoAnswer('too many parameters')
  const found = new Map<string, string[]>()
  for (const pair of pairs) {
    if (pair.includes(';')) throw new NoAnswer('a semicolon')
    if (pair === '') continue
    const [key, value] = cut(pair, '=')
    const name = characters(unescape(key, 'query'))
    found.set(name, [...(found.get(name) ?? []), characters(unescape(value, 'query'))])
  }
  return { object: [...found] }
}

function cut(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

function isValid(text: RegoValue = null): boolean {
  if (typeof text !== 'string' || text === '') return false
  try {
    parts(bytes(text))
    return true
  } catch (thrown) {
    if (thrown instanceof NoAnswer) return false
    throw thrown
  }
}

// What Go's url.URL holds, as bytes.
export type ParsedUrl = {
  readonly scheme: string
  readonly opaque: string
  readonly host: string
  readonly path: string
  // The path as written, where it does not follow from the path itself.
  readonly rawPath: string
  readonly query: string
  readonly forceQuery: boolean
  readonly omitHost: boolean
  readonly fragment: string
  readonly rawFragment: string
}

export function parsedUrl(text: string): ParsedUrl {
  const [before, rawFragment] = cut(text, '#')
  if (/[\u0000-\u001f\u007f]/.test(before)) throw new NoAnswer('a control character')
  const fragment = unescape(rawFragment, 'fragment')
  const url: ParsedUrl = {
    scheme: '',
    opaque: '',
    host: '',
    path: '',
    rawPath: '',
    query: '',
    forceQuery: false,
    omitHost: false,
    fragment,
    rawFragment: escape(fragment, 'fragment') === rawFragment ? '' : rawFragment,
  }
  if (before === '*') return { ...url, path: '*' }
  const { scheme, rest: behind } = schemeOf(before)
  const forceQuery = /^[^?]*\?$/.test(behind)
  const [rest, query] = cut(behind, '?')
  const found = { ...url, scheme, query, forceQuery }
  if (!rest.startsWith('/')) {
    if (scheme !== '') return { ...found, opaque: rest }
    if ((rest.split('/')[0] ?? '').includes(':')) throw new NoAnswer('a colon in a path')
  }
  if (!rest.startsWith('//') || (scheme === '' && rest.startsWith('///'))) {
    const omitHost = scheme !== '' && rest.startsWith('/')
    return { ...found, ...pathOf(rest), omitHost }
  }
  const slash = rest.indexOf('/', 2)
  const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash)
  const host = hostOf(scheme, authority)
  return { ...found, host, ...pathOf(slash < 0 ? '' : rest.slice(slash)) }
}

function pathOf(raw: string): { readonly path: string; readonly rawPath: string } {
  const path = unescape(raw, 'path')
  return { path, rawPath: escape(path, 'path') === raw ? '' : raw }
}

// URL.EscapedPath: as written, where that may be written.
export function escapedPath({ path, rawPath }: ParsedUrl): string {
  const allowed = (character: string): boolean =>
    "!$&'()*+,;=:@[]%".includes(character) || isKept(character, 'path')
  if (rawPath !== '' && [...rawPath].every(allowed)) return rawPath
  return path === '*' ? path : escape(path, 'path')
}

function schemeOf(text: string): { readonly scheme: string; readonly rest: string } {
  const [, scheme] = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text) ?? []
  if (scheme === undefined) {
    if (text.startsWith(':')) throw new NoAnswer('no scheme')
    return { scheme: '', rest: text }
  }
  return { scheme: scheme.toLowerCase(), rest: text.slice(scheme.length + 1) }
}

function hostOf(scheme: string, authority: string): string {
  const at = authority.lastIndexOf('@')
  const host = checkedHost(scheme, authority.slice(at + 1))
  if (at < 0) return host
  const user = authority.slice(0, at)
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw new NoAnswer('no user')
  unescape(user, 'user')
  return host
}

function checkedHost(scheme: string, host: string): string {
  const bracket = host.lastIndexOf('[')
  if (bracket > 0) throw new NoAnswer('no IP literal')
  if (bracket === 0) return ipLiteral(host)
  const first = host.indexOf(':')
  if (first >= 0) {
    const strict = scheme === 'http' || scheme === 'https'
    const port = host.slice(strict ? first : host.lastIndexOf(':'))
    if (!/^:\d*$/.test(port)) throw new NoAnswer('no port')
  }
  return unescape(host, 'host')
}

function ipLiteral(host: string): string {
  const close = host.lastIndexOf(']')
  const port = host.slice(close + 1)
  if (close < 0 || !/^(?::\d*)?$/.test(port)) throw new NoAnswer('no IP literal')
  const inner = host.slice(1, close)
  const zone = inner.indexOf('%25')
  const address = unescape(zone < 0 ? inner : inner.slice(0, zone), 'host')
  const name = zone < 0 ? '' : unescape(inner.slice(zone), 'zone')
  const found = addressOf(address)
  if (found === undefined || !address.includes(':') || name === '%')
    throw new NoAnswer('no address')
  return `[${address}${name}]${port}`
}

function parts(text: string): RegoValue {
  const { scheme, host, path, rawPath, query, fragment } = parsedUrl(text)
  const some = (bytes: string): RegoValue | undefined =>
    bytes === '' ? undefined : characters(bytes)
  const [, name = host, port = ''] = /^(.*):(\d*)$/s.exec(host) ?? []
  return objectWith({
    scheme: some(scheme),
    hostname: some(/^\[.*\]$/s.test(name) ? name.slice(1, -1) : name),
    port: some(port),
    path: some(path),
    raw_path: some(rawPath === '' ? path : rawPath),
    raw_query: some(query),
    fragment: some(fragment),
  })
}
