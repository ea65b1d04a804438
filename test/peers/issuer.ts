// A real OpenID provider on loopback for tests, and a hand that signs with that provider's own key what
// no honest provider would.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importJWK, SignJWT, type JWK, type JWTPayload } from 'jose'
import type { Test } from 'tap'
import { startIssuer, type DemoIssuer, type DemoIssuerOptions } from '../../proxy/demo/issuer.js'
import type { IssuerSettings } from '../../proxy/identity/identity.js'

export type IssuerWorld = {
  readonly directory: string
  readonly issuer: DemoIssuer
  readonly settings: IssuerSettings
  readonly sign: (change: Change) => Promise<string>
}

export type Change = {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
  readonly without?: readonly string[]
}

const NAMES = { name: 'preferred_username', kind: 'kind', groups: 'groups', mfa: 'amr' }

export async function issuerWorld(
  t: Test,
  options: Partial<DemoIssuerOptions> = {},
): Promise<IssuerWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-issuer-'))
  const issuer = await startIssuer({ directory, ...options })
  t.teardown(async () => {
    await issuer.close()
    rmSync(directory, { recursive: true, force: true })
  })
  const settings: IssuerSettings = {
    issuer: issuer.url,
    audience: 'sallyport',
    clientId: issuer.clientId,
    clientSecret: { reveal: () => readFileSync(issuer.clientSecretFile, 'utf8') },
    algorithms: ['ES256'],
    tokenType: 'access',
    clockSkewMs: 0,
    outageGraceMs: 60_000,
    revocation: 'none',
    claims: { ...NAMES, forward: ['department'] },
    defaultKind: 'human',
  }
  return { directory, issuer, settings, sign: signer(directory, issuer.url) }
}

export function signer(directory: string, url: string): IssuerWorld['sign'] {
  const keys = JSON.parse(readFileSync(join(directory, 'keys.json'), 'utf8')) as [JWK]
  return async ({ header = {}, claims = {}, without = [] }) => {
    const now = Math.floor(Date.now() / 1000)
    const payload: JWTPayload = {
      iss: url,
      aud: 'sallyport',
      sub: 'engineer',
      iat: now,
      exp: now + 600,
      ...claims,
    }
    for (const name of without) delete payload[name]
    return new SignJWT(payload)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: keys[0].kid ?? '', ...header })
      .sign(await importJWK(keys[0], 'ES256'))
  }
}
