// The part of oidc-provider 9 that the development issuer uses; the package brings no types.
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

  export type Context = {
    body: unknown
    status: number
    type: string
    readonly oidc: {
      readonly provider: Provider
      readonly params: Readonly<Record<string, string | undefined>>
      readonly client: Client
      readonly account?: { readonly accountId: string }
      readonly session?: { readonly accountId?: string }
      entity(name: string, value: unknown): void
    }
  }

  export type Client = { readonly clientId: string; readonly clientName?: string }

  export type Grant = {
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  export type ResourceServerInfo = {
    readonly scope: string
    readonly audience: string
    readonly accessTokenTTL: number
    readonly accessTokenFormat: 'jwt'
    readonly jwt: { readonly sign: { readonly alg: string } }
  }

  export type Token = {
    readonly accountId?: string
    readonly jti: string
    readonly grantId?: string
    readonly expiration: number
    resourceServer: unknown
    scope: string
    save(): Promise<string>
    destroy(): Promise<void>
  }

  export type Stored = Readonly<Record<string, unknown>>

  export type Adapter = {
    upsert(id: string, payload: Stored, expiresIn?: number): Promise<void>
    find(id: string): Promise<Stored | undefined>
    findByUid(uid: string): Promise<Stored | undefined>
    findByUserCode(userCode: string): Promise<Stored | undefined>
    consume(id: string): Promise<void>
    destroy(id: string): Promise<void>
    revokeByGrantId(grantId: string): Promise<void>
  }

  export type Prompt = { readonly checks: { remove(reason: string): void } }
  export type Prompts = { get(name: string): Prompt | undefined }
  export const interactionPolicy: { readonly base: () => Prompts }

  export class Provider {
    constructor(issuer: string, setup: Readonly<Record<string, unknown>>)
    readonly issuer: string
    readonly Client: { find(id: string): Promise<Client | undefined> }
    readonly Grant: { new (values: { accountId: string; clientId: string }): Grant }
    readonly AccessToken: { new (values: Readonly<Record<string, unknown>>): Token }
    readonly RefreshToken: { find(token: string): Promise<Token | undefined> }
    readonly ResourceServer: { new (identifier: string, info: ResourceServerInfo): unknown }
    callback(): RequestListener
    on(event: string, listener: (...values: readonly unknown[]) => void): this
    registerGrantType(
      name: string,
      grant: (ctx: Context) => Promise<void>,
      params: readonly string[],
    ): void
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: { readonly login: { readonly accountId: string }; readonly consent: object },
    ): Promise<void>
  }
}
