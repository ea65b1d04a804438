// Introspection (RFC 7662) and revocation (RFC 7009) of the development issuer's signed access tokens.
// oidc-provider keeps no trace of a token that is a JWT and refuses to speak of it, so these two
// endpoints, at its own paths, are answered here.
import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createLocalJWKSet, decodeJwt, jwtVerify, type JWTPayload } from 'jose'
import type { Provider } from 'oidc-provider'
import type { IssuerState } from './issuer-state.js'

const BODY_BYTES_MAX = 65_536

export type TokenStatus = {
  readonly introspect: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  readonly revoke: (request: IncomingMessage, response: ServerResponse) => Promise<void>
}

export function tokenStatus(provider: Provider, state: IssuerState, clientId: string): TokenStatus {
  const jwks = createLocalJWKSet({ keys: state.keys.map(({ d: _, ...open }) => open) })
  const claimsOf = async (token: string): Promise<JWTPayload | undefined> => {
    try {
      return (await jwtVerify(token, jwks, { issuer: provider.issuer, typ: 'at+jwt' })).payload
    } catch {
      return undefined
    }
  }
  return {
    introspect: async (request, response) => {
      const form = await formOf(request)
      if (!isClient(request, form, clientId, state.clientSecret)) {
        answer(response, 401, { error: 'invalid_client' })
        return
      }
      const claims = await claimsOf(form.get('token') ?? '')
      const active = typeof claims?.jti === 'string' && !state.isRevoked(claims.jti)
      answer(response, 200, active ? { ...claims, active } : { active })
    },
    // Whoever holds a token may end it, as with a public client (RFC 7009 §2.1).
    revoke: async (request, response) => {
      const token = (await formOf(request)).get('token') ?? ''
      const claims = await claimsOf(token)
      if (typeof claims?.jti === 'string') {
        state.revoke(claims.jti, (decodeJwt(token).exp ?? 0) * 1000)
      } else if (!token.includes('.')) {
        await (await provider.RefreshToken.find(token))?.destroy()
      }
      answer(response, 200, {})
    },
  }
}

export async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    size += chunk.length
    if (size > BODY_BYTES_MAX) return new URLSearchParams()
    chunks.push(chunk)
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}

// RFC 6749 §2.3.1: Basic, or both values in the form.
function isClient(
  request: IncomingMessage,
  form: URLSearchParams,
  clientId: string,
  secret: string,
): boolean {
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1]
  const given =
    basic === undefined
      ? `${form.get('client_id')}:${form.get('client_secret')}`
      : decodeURIComponent(Buffer.from(basic, 'base64').toString('utf8'))
  const [one, other] = [Buffer.from(given), Buffer.from(`${clientId}:${secret}`)]
  return one.length === other.length && timingSafeEqual(one, other)
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
