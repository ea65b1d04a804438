// What oidc-provider is told: two clients, the device flow, access tokens as signed JWTs for one audience,
// and the claims of the demo's accounts.
import type { Context, Grant, Prompts, ResourceServerInfo } from 'oidc-provider'
import { ACCOUNTS, accountNamed } from './accounts.js'
import { codeConfirmation, codeInput, done, failure } from './issuer-pages.js'
import type { IssuerState } from './issuer-state.js'

export const DEMO_AUDIENCE = 'sallyport'
// Of `sallyport login`: public, device flow.
export const LOGIN_CLIENT = 'sallyport-login'
// Of the gateway (introspection, sign-in to the console) and of `sallyport dev token`: has the secret in
// the folder.
export const GATEWAY_CLIENT = 'sallyport-gateway'
// Of the console, whatever its port.
const CONSOLE_CALLBACKS = ['http://127.0.0.1/auth/callback', 'http://localhost/auth/callback']
export const DEVELOPMENT_GRANT = 'urn:sallyport:params:oauth:grant-type:development'
export const RESOURCE = 'urn:sallyport:gateway'

export type TokenTerms = {
  readonly accessTokenSeconds?: number
  readonly audience?: string
}

export function resourceOf(terms: TokenTerms): ResourceServerInfo {
  return {
    scope: '',
    audience: terms.audience ?? DEMO_AUDIENCE,
    accessTokenTTL: terms.accessTokenSeconds ?? 3_600,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'ES256' } },
  }
}

// Every function that the package would otherwise bring a default for, with a notice on the screen, is
// given.
export function issuerConfiguration(
  state: IssuerState,
  terms: TokenTerms,
  prompts: Prompts,
): Record<string, unknown> {
  const short = { IdToken: 3_600, DeviceCode: 600, Interaction: 600, Session: 3_600 }
  const long = { Grant: 1_209_600, RefreshToken: 1_209_600 }
  const yes = async (): Promise<boolean> => true
  return {
    adapter: state.adapter,
    jwks: { keys: state.keys },
    cookies: { keys: [state.clientSecret] },
    ttl: { ...short, ...long, AccessToken: resourceOf(terms).accessTokenTTL },
    clients: [
      {
        client_id: LOGIN_CLIENT,
        client_name: 'sallyport login',
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: 'ES256',
      },
      {
        client_id: GATEWAY_CLIENT,
        client_secret: state.clientSecret,
        // Native, so that any port of loopback will do (RFC 8252 §7.3).
        application_type: 'native',
        grant_types: [DEVELOPMENT_GRANT, 'authorization_code', 'refresh_token'],
        redirect_uris: CONSOLE_CALLBACKS,
        response_types: ['code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    clientBasedCORS: () => false,
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      introspection: { enabled: true, allowedPolicy: yes },
      revocation: { enabled: true, allowedPolicy: yes },
      deviceFlow: {
        enabled: true,
        charset: 'base-20',
        mask: '****-****',
        userCodeInputSource: codeInput,
        userCodeConfirmSource: codeConfirmation,
        successSource: done,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => RESOURCE,
        getResourceServerInfo: async () => resourceOf(terms),
        useGrantedResource: yes,
      },
    },
    renderError: failure,
    interactions: {
      policy: prompts,
      url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}`,
    },
    findAccount: async (_: unknown, id: string) => accountOf(id),
    claims: { openid: ['sub', 'preferred_username', 'kind', 'groups', 'amr', 'act'] },
    extraTokenClaims: async (_: unknown, token: { accountId?: string }) => {
      const name = accountNamed(token.accountId)
      return name === undefined ? undefined : { ...ACCOUNTS[name] }
    },
    formats: { customizers: { jwt: withSubject } },
    expiresWithSession: async () => false,
    issueRefreshToken: yes,
    // Both clients are our own: nobody is asked to consent.
    loadExistingGrant: consented,
  }
}

async function accountOf(id: string): Promise<unknown> {
  const name = accountNamed(id)
  return name === undefined
    ? undefined
    : { accountId: name, claims: async () => ({ ...ACCOUNTS[name] }) }
}

// The subject of an agent's token is the person it acts for, while the account is its own.
async function withSubject(
  _: unknown,
  token: { readonly accountId?: string },
  jwt: { payload: { sub?: string } },
): Promise<void> {
  const name = accountNamed(token.accountId)
  if (name !== undefined) jwt.payload.sub = ACCOUNTS[name].sub
}

async function consented(ctx: Context): Promise<Grant | undefined> {
  const accountId = ctx.oidc.session?.accountId
  return accountId === undefined ? undefined : grantFor(ctx, accountId)
}

export async function grantFor(ctx: Context, accountId: string): Promise<Grant> {
  const { clientId } = ctx.oidc.client
  const grant = new ctx.oidc.provider.Grant({ accountId, clientId })
  grant.addOIDCScope('openid offline_access')
  grant.addResourceScope(RESOURCE, '')
  await grant.save()
  return grant
}
