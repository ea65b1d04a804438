// One configured issuer: what the operator said about it, and its own metadata (OpenID Connect
// Discovery 1.0), fetched when first needed and again when it has aged.
import * as client from 'openid-client'
import type { IssuerConfig } from '../../engine/schemas/config.js'
import { GatewayError } from '../errors.js'
import { isAcceptableUrl, isLoopback, type Fetch } from './bounded-fetch.js'
import { IDENTITY_LIMITS } from './limits.js'

export type Algorithm = NonNullable<IssuerConfig['algorithms']>[number]
export type Kind = NonNullable<IssuerConfig['default_kind']>

export type IssuerSettings = {
  readonly issuer: string
  readonly audience: string
  readonly clientId: string
  // Read when it is used, so that it lies in no object that could be printed.
  readonly clientSecret: { readonly reveal: () => string } | undefined
  readonly algorithms: readonly Algorithm[]
  readonly tokenType: 'access' | 'id'
  readonly clockSkewMs: number
  readonly outageGraceMs: number
  readonly revocation: 'none' | 'introspection'
  readonly claims: {
    readonly name: string
    readonly kind: string
    readonly groups: string
    readonly mfa: string
    readonly forward: readonly string[]
  }
  readonly defaultKind: Kind
}

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
          execute: isLoopback(url) ? [client.allowInsecureRequests] : [],
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
