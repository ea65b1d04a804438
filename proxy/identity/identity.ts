// A caller whose token was verified. It is asked again before every command, since a token may end
// or be revoked while the session lives.
import type { IdentityFacts } from '../../engine/schemas/facts.js'

export type Identity = {
  readonly facts: IdentityFacts
  readonly issuedAtMs: number
  readonly expiresAtMs: number
  // Cheap and synchronous: 'valid', or why the next command must be refused. `how` tells the caller
  // how to renew.
  readonly standing: (nowMs: number) => Standing
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
