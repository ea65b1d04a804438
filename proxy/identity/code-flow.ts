// The authorization code flow of the console (OpenID Connect Core 3.1, RFC 7636, RFC 9207): the address
// that a browser is sent to, and what the issuer's answer is worth. Keeps nothing; who began an attempt
// keeps its secrets and hands them back once.
import * as client from 'openid-client'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import { boundedFetch, type Fetch } from './bounded-fetch.js'
import type { IssuerSettings } from './identity.js'
import { issuerDiscovery, unreachable } from './issuer.js'
import { IDENTITY_LIMITS } from './limits.js'

export type CodeFlowSettings = {
  // Of which the console takes tokens: verified like any other caller's.
  readonly issuer: IssuerSettings
  readonly clientId: string
  readonly clientSecret: IssuerSettings['clientSecret']
  readonly redirectUri: string
  readonly scope: string
  // Some issuers give tokens for an API only when it is named (RFC 8707, or their own parameter).
  readonly resource: string | undefined
  readonly audience: string | undefined
}

// How sure the issuer must be of the person: RFC 9470.
export type StepUp = { readonly maxAgeMs?: number; readonly acr?: string }

// Secrets of one attempt. They stay here, in the gateway.
export type Attempt = {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly stepUp?: StepUp
}

export type Tokens = {
  // What `Verify` takes: the access token or the ID token, as the issuer is configured.
  readonly token: string
  readonly refresh: string | undefined
  // When and how the person proved who they are, where the issuer says so.
  readonly authenticatedAtMs: number | undefined
  readonly acr: string | undefined
}

export type CodeFlow = {
  readonly issuer: string
  // Throws GatewayError('issuer_unreachable').
  readonly begin: (options: { readonly stepUp?: StepUp; readonly again?: boolean }) => Promise<{
    readonly url: string
    readonly attempt: Attempt
  }>
  // Throws GatewayError('token_invalid' | 'issuer_unreachable' | 'not_allowed' where the issuer says no).
  readonly finish: (answer: URLSearchParams, attempt: Attempt) => Promise<Tokens>
  readonly renew: (refresh: string) => Promise<Pick<Tokens, 'token' | 'refresh'>>
}

export function createCodeFlow(
  settings: CodeFlowSettings,
  clock: Clock,
  fetch: Fetch = boundedFetch(),
): CodeFlow {
  const { clientId, clientSecret, redirectUri } = settings
  const discover = issuerDiscovery({ ...settings.issuer, clientId, clientSecret }, fetch)
  let known: { readonly at: number; readonly found: client.Configuration } | undefined
  const configuration = async (): Promise<client.Configuration> => {
    const now = clock.now()
    // A clock that went back makes what is known old as well.
    const age = known === undefined ? Infinity : Math.abs(now - known.at)
    if (known !== undefined && age < IDENTITY_LIMITS.keysFreshMs) return known.found
    const found = await discover()
    // Signatures of ID tokens are checked also where they came straight from the issuer.
    client.enableNonRepudiationChecks(found)
    known = { at: now, found }
    return found
  }
  return {
    issuer: settings.issuer.issuer,
    async begin({ stepUp, again = false }) {
      const found = await configuration()
      const attempt = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
        ...(stepUp === undefined ? {} : { stepUp }),
      }
      const url = client.buildAuthorizationUrl(found, {
        redirect_uri: redirectUri,
        response_type: 'code',
        scope: settings.scope,
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
        ...(settings.resource === undefined ? {} : { resource: settings.resource }),
        ...(settings.audience === undefined ? {} : { audience: settings.audience }),
        ...(stepUp?.maxAgeMs === undefined ? {} : { max_age: seconds(stepUp.maxAgeMs) }),
        ...(stepUp?.acr === undefined ? {} : { acr_values: stepUp.acr }),
        ...(again ? { prompt: 'login' } : {}),
      })
      return { url: url.href, attempt }
    },
    async finish(answer, attempt) {
      const found = await configuration()
      const url = new URL(redirectUri)
      url.search = answer.toString()
      const { maxAgeMs, acr } = attempt.stepUp ?? {}
      const tokens = await client
        .authorizationCodeGrant(found, url, {
          pkceCodeVerifier: attempt.verifier,
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          idTokenExpected: true,
          ...(maxAgeMs === undefined ? {} : { maxAge: Number(seconds(maxAgeMs)) }),
        })
        .catch((cause: unknown) => {
          throw refused(cause, settings.issuer.issuer)
        })
      const claims = tokens.claims()
      // The issuer may ignore `acr_values`, which are a wish (Core 3.1.2.1).
      if (acr !== undefined && claims?.['acr'] !== acr) {
        throw new GatewayError('not_allowed', `the identity provider did not sign you in by ${acr}`)
      }
      const { auth_time: authTime } = claims ?? {}
      return {
        token: tokenOf(tokens, settings.issuer),
        refresh: tokens.refresh_token,
        authenticatedAtMs: typeof authTime === 'number' ? authTime * 1000 : undefined,
        acr: typeof claims?.['acr'] === 'string' ? claims['acr'] : undefined,
      }
    },
    async renew(refresh) {
      const found = await configuration()
      const { resource } = settings
      const tokens = await client
        .refreshTokenGrant(found, refresh, resource === undefined ? {} : { resource })
        .catch((cause: unknown) => {
          throw refused(cause, settings.issuer.issuer)
        })
      return {
        token: tokenOf(tokens, settings.issuer),
        refresh: tokens.refresh_token ?? refresh,
      }
    },
  }
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000))
}

function tokenOf(
  tokens: { readonly access_token: string; readonly id_token?: string | undefined },
  { tokenType }: IssuerSettings,
): string {
  const token = tokenType === 'id' ? tokens.id_token : tokens.access_token
  if (token !== undefined) return token
  throw new GatewayError('token_invalid', 'the identity provider sent no ID token')
}

// The library's errors may carry tokens and codes: they are read here and go no further.
function refused(cause: unknown, issuer: string): GatewayError {
  if (cause instanceof client.AuthorizationResponseError) {
    return new GatewayError('not_allowed', `the identity provider says ${named(cause.error)}`)
  }
  if (cause instanceof client.ResponseBodyError) {
    return new GatewayError('token_invalid', `the identity provider says ${named(cause.error)}`)
  }
  if (cause instanceof client.ClientError && cause.code !== 'OAUTH_TIMEOUT') {
    return new GatewayError('token_invalid', 'the answer of the identity provider does not fit')
  }
  return unreachable(issuer, undefined)
}

// RFC 6749 §4.1.2.1: codes are of few characters.
function named(error: string): string {
  return error.replace(/[^a-z_]/g, '').slice(0, 60) || 'no'
}
