// The small document beside each recording: whose session it was and when, so that retention and holds
// need not look into it, and the recording's own key, wrapped. It lies apart from the sealed bytes: copies
// of those, wherever they are, are unreadable once this document is gone.
import { GatewayError } from '../errors.js'
import { unwrapped, wrapped, type KeyRing, type WrappingKey } from './key-ring.js'

export type About = {
  readonly session: string
  readonly opened: number
  readonly subject: string
  readonly issuer: string
  readonly kind: string
  readonly target: string
  readonly database: string
  readonly labels: Readonly<Record<string, string>>
}

export type KeyDocument = About & {
  readonly version: 1
  // Which key it is wrapped with.
  readonly key: string
  readonly wrapped: string
  // Absent while the session is open. Convenience for lists: what binds is the line in the record.
  readonly sealed?: {
    readonly state: 'finished' | 'cut_short'
    readonly digest: string
    readonly chunks: number
    readonly bytes: number
  }
}

const DOCUMENT_BYTES_MAX = 65_536

export function keyDocument(about: About, key: WrappingKey, dataKey: Uint8Array): KeyDocument {
  return { version: 1, ...about, key: key.id, wrapped: wrapped(key, dataKey, boundTo(about)) }
}

export function documentText(document: KeyDocument): string {
  return `${JSON.stringify(document)}\n`
}

export function documentOf(text: string): KeyDocument | undefined {
  if (text.length > DOCUMENT_BYTES_MAX) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return isDocument(value) ? value : undefined
}

function isDocument(value: unknown): value is KeyDocument {
  if (typeof value !== 'object' || value === null) return false
  const fields: Readonly<Record<string, unknown>> = { ...value }
  const texts = ['session', 'subject', 'issuer', 'kind', 'target', 'database', 'key', 'wrapped']
  const { labels, sealed } = fields
  return (
    fields['version'] === 1 &&
    texts.every((name) => typeof fields[name] === 'string') &&
    typeof fields['opened'] === 'number' &&
    typeof labels === 'object' &&
    labels !== null &&
    Object.values(labels).every((label) => typeof label === 'string') &&
    (sealed === undefined || isSealed(sealed))
  )
}

function isSealed(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const fields: Readonly<Record<string, unknown>> = { ...value }
  return (
    (fields['state'] === 'finished' || fields['state'] === 'cut_short') &&
    typeof fields['digest'] === 'string' &&
    typeof fields['chunks'] === 'number' &&
    typeof fields['bytes'] === 'number'
  )
}

export function dataKeyOf(document: KeyDocument, ring: KeyRing): Buffer {
  const { session, key } = document
  let wrapping: WrappingKey | undefined
  try {
    wrapping = ring.byId(key)
  } catch (cause) {
    throw new GatewayError(
      'recording_locked',
      `the key ${key} of recording ${session}: ${words(cause)}`,
      {
        cause,
      },
    )
  }
  if (wrapping === undefined) {
    throw new GatewayError(
      'recording_locked',
      `recording ${session} is sealed with key ${key}, which is neither recordings.key nor one of ` +
        'recordings.previous_keys',
    )
  }
  const dataKey = unwrapped(wrapping, document.wrapped, boundTo(document))
  if (dataKey !== undefined) return dataKey
  throw new GatewayError(
    'recording_damaged',
    `the key document of recording ${session} is not what was written`,
  )
}

// The same recording's key under another wrapping key; undefined where it is so already.
export function rewrapped(document: KeyDocument, ring: KeyRing): KeyDocument | undefined {
  const current = ring.current()
  if (document.key === current.id) return undefined
  const fresh = keyDocument(aboutOf(document), current, dataKeyOf(document, ring))
  return document.sealed === undefined ? fresh : { ...fresh, sealed: document.sealed }
}

export function aboutOf(document: About): About {
  const { session, opened, subject, issuer, kind, target, database, labels } = document
  return { session, opened, subject, issuer, kind, target, database, labels }
}

function boundTo(about: About): string {
  const { labels, ...rest } = aboutOf(about)
  const ordered = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return `sallyport-film-key-1\0${JSON.stringify({ ...rest, labels: ordered })}`
}

function words(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
