// The token that the command line holds for its user: from the device flow (RFC 8628), renewed by its
// refresh token when it is about to end.
import * as client from 'openid-client'
import { GatewayError } from '../errors.js'
import { boundedFetch } from '../identity/bounded-fetch.js'
import { requestOf } from '../identity/issuer.js'
import { isAcceptableUrl, isLoopbackUrl } from '../loopback.js'
import {
  locked,
  readClientFile,
  readTokenFile,
  writeTokenFile,
  type ClientFile,
  type TokenFile,
} from './client-files.js'
import type { Io } from './io.js'

// A token that ends sooner is renewed before it is handed out.
const RENEW_BEFORE_MS = 60_000
// Where an issuer does not say how long its token lasts (RFC 6749 §5.1 only recommends it).
const UNSAID_LIFETIME_MS = 300_000

export async function issuerConfiguration(
  issuer: string,
  clientId: string,
): Promise<client.Configuration> {
  if (!isAcceptableUrl(issuer)) {
    throw new GatewayError('usage', `${issuer} is neither an https URL nor on loopback`)
  }
  const url = new URL(issuer)
  const fetch = boundedFetch()
  try {
    return await client.discovery(url, clientId, undefined, client.None(), {
      [client.customFetch]: (address, options) => fetch(address, requestOf(options)),
      execute: isLoopbackUrl(url) ? [client.allowInsecureRequests] : [],
    })
  } catch (cause) {
    throw new GatewayError('issuer_unreachable', `${issuer} cannot be reached`, { cause })
  }
}

export function tokenFileOf(
  answer: client.TokenEndpointResponse,
  login: Pick<TokenFile, 'issuer' | 'client_id'>,
  before: TokenFile | undefined,
): TokenFile {
  const lifetimeMs = answer.expires_in === undefined ? UNSAID_LIFETIME_MS : answer.expires_in * 1000
  const idToken = answer.id_token ?? before?.id_token
  // An issuer that does not rotate sends none back: the old one stays good (RFC 6749 §6).
  const refreshToken = answer.refresh_token ?? before?.refresh_token
  return {
    issuer: login.issuer,
    client_id: login.client_id,
    access_token: answer.access_token,
    expires_at_ms: Date.now() + lifetimeMs,
    ...(idToken === undefined ? {} : { id_token: idToken }),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
  }
}

// Throws GatewayError('not_found') where nobody is logged in or the login has ended.
export function validToken(io: Io): Promise<string> {
  return locked(io, async () => {
    const config = readClientFile(io)
    const stored = readTokenFile(io)
    if (stored === undefined) {
      throw new GatewayError('not_found', 'nobody is logged in; run `sallyport login`')
    }
    if (stored.expires_at_ms - Date.now() > RENEW_BEFORE_MS) return chosen(stored, config)
    const renewed = await renewedToken(stored)
    writeTokenFile(io, renewed)
    return chosen(renewed, config)
  })
}

async function renewedToken(stored: TokenFile): Promise<TokenFile> {
  if (stored.refresh_token === undefined) {
    throw new GatewayError('not_found', 'the login has ended; run `sallyport login`')
  }
  const configuration = await issuerConfiguration(stored.issuer, stored.client_id)
  try {
    const answer = await client.refreshTokenGrant(configuration, stored.refresh_token)
    return tokenFileOf(answer, stored, stored)
  } catch (cause) {
    if (!(cause instanceof client.ResponseBodyError)) {
      throw new GatewayError('issuer_unreachable', `${stored.issuer} cannot be reached`, { cause })
    }
    throw new GatewayError('not_found', 'the login was ended; run `sallyport login`', { cause })
  }
}

function chosen(stored: TokenFile, config: ClientFile): string {
  if (config.token_type !== 'id') return stored.access_token
  if (stored.id_token !== undefined) return stored.id_token
  throw new GatewayError('not_found', 'the issuer gave no ID token; run `sallyport login`')
}
