// The development issuer: a real OpenID provider (oidc-provider) on loopback, with the device flow of
// `sallyport login`, and a grant by which `sallyport dev token NAME` gets a real signed token without a
// browser. For a demo and for tests alone: whoever can read its folder can be anybody.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Context, Provider } from 'oidc-provider'
import { GatewayError } from '../errors.js'
import { accountNamed } from './accounts.js'
import {
  DEVELOPMENT_GRANT,
  GATEWAY_CLIENT,
  issuerConfiguration,
  RESOURCE,
  resourceOf,
  type TokenTerms,
} from './issuer-configuration.js'
import { accountPage } from './issuer-pages.js'
import { announceIssuer, clientSecretFile, issuerState, type IssuerState } from './issuer-state.js'
import { formOf, tokenStatus } from './token-status.js'

// Where oidc-provider puts the two by default.
const INTROSPECTION = '/token/introspection'
const REVOCATION = '/token/revocation'

export type DemoIssuer = {
  readonly url: string
  readonly clientId: string
  // Path for a `file:` reference.
  readonly clientSecretFile: string
  readonly close: () => Promise<void>
}

export type DemoIssuerOptions = TokenTerms & {
  readonly directory: string
  readonly port?: number
}

export async function startIssuer(options: DemoIssuerOptions): Promise<DemoIssuer> {
  const state = await issuerState(options.directory)
  const server = createServer()
  const url = await listening(server, options.port ?? 0)
  const { Provider, interactionPolicy } = await quietly(() => import('oidc-provider'))
  const prompts = interactionPolicy.base()
  // Whoever picked an account is not asked again for the same, though our client is a native one.
  prompts.get('consent')?.checks.remove('native_client_prompt')
  const provider = new Provider(url, issuerConfiguration(state, options, prompts))
  provider.registerGrantType(DEVELOPMENT_GRANT, (ctx) => developmentGrant(ctx, options), [
    'account',
  ])
  serve(server, provider, state)
  announceIssuer(options.directory, url)
  return {
    url,
    clientId: GATEWAY_CLIENT,
    clientSecretFile: clientSecretFile(options.directory),
    close: () => closed(server),
  }
}

const HOST = '127.0.0.1'

function listening(server: Server, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `the development issuer cannot listen on ${HOST}:${port}`
      reject(new GatewayError('port_taken', message, { cause }))
    })
    server.listen(port, HOST, () => {
      const address = server.address()
      const taken = typeof address === 'object' && address !== null ? address.port : port
      resolve(`http://${HOST}:${taken}`)
    })
  })
}

// On Node 20 the package says on loading that it wishes for 22; it works, and the tests show it. That
// one line has no switch, so it is held back here, and every other warning passes.
async function quietly<Module>(load: () => Promise<Module>): Promise<Module> {
  const { warn } = console
  console.warn = (...words: unknown[]) => {
    if (!String(words[0]).includes('oidc-provider WARNING: Unsupported runtime')) warn(...words)
  }
  try {
    return await load()
  } finally {
    console.warn = warn
  }
}

async function developmentGrant(ctx: Context, terms: TokenTerms): Promise<void> {
  const { provider, client, params } = ctx.oidc
  const accountId = accountNamed(params['account'])
  if (accountId === undefined) {
    ctx.status = 400
    ctx.body = { error: 'invalid_grant', error_description: 'no such account' }
    return
  }
  const token = new provider.AccessToken({ accountId, client, gty: 'development' })
  token.resourceServer = new provider.ResourceServer(RESOURCE, resourceOf(terms))
  ctx.oidc.entity('AccessToken', token)
  ctx.body = {
    access_token: await token.save(),
    expires_in: token.expiration,
    token_type: 'Bearer',
  }
}

function serve(server: Server, provider: Provider, state: IssuerState): void {
  const status = tokenStatus(provider, state, GATEWAY_CLIENT)
  const rest = provider.callback()
  server.on('request', (request, response) => {
    const { pathname } = new URL(request.url ?? '/', provider.issuer)
    const routed = async (): Promise<void> => {
      if (request.method === 'POST' && pathname === INTROSPECTION) {
        await status.introspect(request, response)
      } else if (request.method === 'POST' && pathname === REVOCATION) {
        await status.revoke(request, response)
      } else if (pathname.startsWith('/interaction/')) {
        await interaction(provider, request, response)
      } else {
        await rest(request, response)
      }
    }
    routed().catch(() => {
      if (!response.headersSent) response.writeHead(400)
      response.end()
    })
  })
}

async function interaction(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'POST') {
    const accountId = accountNamed((await formOf(request)).get('account') ?? undefined)
    if (accountId !== undefined) {
      const result = { login: { accountId }, consent: {} }
      await provider.interactionFinished(request, response, result)
      return
    }
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
  response.end(accountPage())
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
