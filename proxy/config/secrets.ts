// A secret as the configuration names it: a reference that is followed when the secret is used and that
// shows nothing when it is printed, logged or serialised.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { GatewayError } from '../errors.js'

export type Secret = { readonly reference: string; readonly reveal: () => string }

export type SecretSources = {
  readonly env: Readonly<Record<string, string | undefined>>
  // Where `file:` paths that are not absolute start.
  readonly directory: string
}

export function secretOf(reference: string, sources: SecretSources): Secret {
  return { reference, reveal: () => revealed(reference, sources) }
}

function revealed(reference: string, sources: SecretSources): string {
  if (reference.startsWith('env:')) {
    const value = sources.env[reference.slice('env:'.length)]
    if (value !== undefined && value !== '') return value
    throw new GatewayError('secret_unavailable', `${reference} is not set, or empty`)
  }
  if (!reference.startsWith('file:')) {
    throw new GatewayError(
      'secret_unavailable',
      'a secret must be a reference: env:NAME or file:/path',
    )
  }
  const path = resolve(sources.directory, reference.slice('file:'.length))
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new GatewayError('secret_unavailable', `${reference} cannot be read (${reasonOf(cause)})`)
  }
  // Editors end a file with a newline; a secret that ends in one is not to be had this way.
  const secret = text.replace(/\r?\n$/, '')
  if (secret !== '') return secret
  throw new GatewayError('secret_unavailable', `${reference} is empty`)
}

// The code alone (ENOENT, EACCES): the message repeats the path.
export function reasonOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable'
}
