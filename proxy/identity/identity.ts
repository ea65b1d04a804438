// A caller whose token was verified. It is asked again before every command, since a token may end
// or be revoked while the session lives.
import type { IssuerConfig } from '../../engine/schemas/config.js'
import type { IdentityFacts } from '../../engine/schemas/facts.js'

export type Identity = {
  // Issuer and subject as one unambiguous string: what limits and self-approval compare.
  readonly key: string
  readonly facts: IdentityFacts
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  // When the person last proved who they are, where the issuer says so (`auth_time`).
  readonly authenticatedAtMs?: number
  // Cheap and synchronous: 'valid', or why the next command must be refused. `how` tells the caller
  // how to renew.
  readonly standing: (nowMs: number) => Standing
  // The session is over: the issuer need not be asked about this token any longer on its account.
  readonly release?: () => void
}

export type Standing =
  | { readonly valid: true }
  | {
      readonly valid: false
      readonly why: 'expired' | 'revoked' | 'issuer_gone'
      readonly how: string
    }

// Verifies a raw token from any protocol; throws GatewayError('token_invalid' | 'issuer_unreachable').
export type Verify = (token: string) => Promise<Identity>

// What the operator said about one issuer, defaults filled in.
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
