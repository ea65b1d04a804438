// One configured issuer: what the operator said about it, and its own metadata (OpenID Connect
// Discovery 1.0), fetched when first needed and again when it has aged.
import * as client from 'openid-client'
import { GatewayError } from '../errors.js'
import { isAcceptableUrl, isLoopbackUrl } from '../loopback.js'
import type { Fetch } from './bounded-fetch.js'
import type { IssuerSettings } from './identity.js'
import { IDENTITY_LIMITS } from './limits.js'

export type Discover = () => Promise<client.Configuration>

// A promise that failed is forgotten, so that the next caller tries again.
export function issuerDiscovery(settings: IssuerSettings, fetch: Fetch): Discover {
  return async () => {
    if (!isAcceptableUrl(settings.issuer)) {
      throw new GatewayError('issuer_unreachable', 'an issuer URL is neither https nor on loopback')
    }
    const url = new URL(settings.issuer)
    let configuration: client.Configuration
    try {
      configuration = await client.discovery(
        url,
        settings.clientId,
        undefined,
        settings.clientSecret === undefined
          ? client.None()
          : client.ClientSecretBasic(settings.clientSecret.reveal()),
        {
          [client.customFetch]: (address, options) => fetch(address, requestOf(options)),
          execute: isLoopbackUrl(url) ? [client.allowInsecureRequests] : [],
          timeout: IDENTITY_LIMITS.issuerTimeoutMs / 1000,
        },
      )
    } catch (cause) {
      throw unreachable(settings.issuer, cause)
    }
    // The library forgives a trailing slash; `iss` is compared exactly, and so is this.
    if (configuration.serverMetadata().issuer !== settings.issuer) {
      throw new GatewayError(
        'issuer_unreachable',
        `the metadata of ${settings.issuer} names another issuer`,
      )
    }
    return configuration
  }
}

export function unreachable(issuer: string, cause: unknown): GatewayError {
  return cause instanceof GatewayError
    ? cause
    : new GatewayError('issuer_unreachable', `${issuer} cannot be reached or answers nonsense`, {
        cause,
      })
}

export function requestOf(options: client.CustomFetchOptions): RequestInit {
  return {
    method: options.method,
    headers: options.headers,
    body:
      options.body instanceof URLSearchParams ? options.body.toString() : bodyText(options.body),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }
}

function bodyText(body: client.FetchBody): string | null {
  return typeof body === 'string' ? body : null
}
