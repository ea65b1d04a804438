// The certificate and key of a listener as its settings name them, read when it starts.
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'

type TlsSettings = {
  readonly certificate: string
  readonly key: { readonly reveal: () => string }
}

export function contextOf(tls: TlsSettings | undefined): SecureContext | undefined {
  if (tls === undefined) return undefined
  const { certificate, key } = pemOf(tls)
  return createSecureContext({ cert: certificate, key })
}

export function pemOf({ certificate, key }: TlsSettings): {
  readonly certificate: string
  readonly key: string
} {
  return { certificate: readFileSync(certificate, 'utf8'), key: key.reveal() }
}
