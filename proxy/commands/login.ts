// `sallyport login`: the device flow (RFC 8628). Shows an address and a code, waits until somebody has
// logged in there with whatever the identity provider asks for, and keeps the token.
import { parseArgs } from 'node:util'
import * as client from 'openid-client'
import { GatewayError } from '../errors.js'
import {
  clientDirectory,
  locked,
  readClientFile,
  writeClientFile,
  writeTokenFile,
  type ClientFile,
} from './client-files.js'
import { issuerConfiguration, tokenFileOf } from './client-token.js'
import type { Io } from './io.js'

export const help = `sallyport login [options]     log in at the identity provider, in a browser

  --issuer URL         the identity provider
  --client-id ID       the client registered there for this command (public, device flow)
  --gateway HOST:PORT  where sallyport connect goes
  --scope TEXT         default: openid profile offline_access
  --resource URI       what the token is for, where the provider wants to be told (RFC 8707)
  --id-token           the gateway takes ID tokens from this provider, not access tokens
  --user NAME          the PostgreSQL user name; default: the name in the token
  --sslmode MODE       as libpq knows it; default: verify-full, prefer on loopback
  --sslrootcert FILE   the authority that signed the gateway's certificate

What is given once is kept in client.json under $XDG_CONFIG_HOME/sallyport (or ~/.config/sallyport),
with the same names (client_id, token_type and so on), so that later a plain \`sallyport login\` does.
The token lies beside it in token.json. Both are readable by you alone.
`

const OPTIONS = {
  issuer: { type: 'string' },
  'client-id': { type: 'string' },
  gateway: { type: 'string' },
  scope: { type: 'string' },
  resource: { type: 'string' },
  'id-token': { type: 'boolean' },
  user: { type: 'string' },
  sslmode: { type: 'string' },
  sslrootcert: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const config = chosenConfig(argv, readClientFile(io))
    const { issuer, client_id } = config
    if (issuer === undefined || client_id === undefined) {
      io.stderr.write('Say which identity provider: --issuer URL and --client-id ID.\n')
      return 2
    }
    const configuration = await issuerConfiguration(issuer, client_id)
    const answer = await deviceFlow(configuration, config, io)
    await locked(io, async () => {
      writeClientFile(io, config)
      writeTokenFile(io, tokenFileOf(answer, { issuer, client_id }, undefined))
    })
    io.stdout.write(`Logged in. The token is kept in ${clientDirectory(io)}.\n`)
    return 0
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    io.stderr.write(`${error.message}\n`)
    return error.code === 'usage' ? 2 : 1
  }
}

function chosenConfig(argv: readonly string[], before: ClientFile): ClientFile {
  const given = parsed(argv)
  const { issuer, gateway, scope, resource, user, sslmode, sslrootcert } = given
  const clientId = given['client-id']
  return {
    ...before,
    ...(issuer === undefined ? {} : { issuer }),
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(gateway === undefined ? {} : { gateway }),
    ...(scope === undefined ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
    ...(given['id-token'] === true ? { token_type: 'id' } : {}),
    ...(user === undefined ? {} : { user }),
    ...(sslmode === undefined ? {} : { sslmode }),
    ...(sslrootcert === undefined ? {} : { sslrootcert }),
  }
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS }).values
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : 'wrong usage'
    throw new GatewayError('usage', `${message}\n\n${help}`, { cause })
  }
}

async function deviceFlow(
  configuration: client.Configuration,
  config: ClientFile,
  io: Io,
): Promise<client.TokenEndpointResponse> {
  try {
    const started = await client.initiateDeviceAuthorization(configuration, {
      scope: config.scope ?? 'openid profile offline_access',
      ...(config.resource === undefined ? {} : { resource: config.resource }),
    })
    const { verification_uri: address, verification_uri_complete: whole } = started
    io.stdout.write(`Open    ${shown(whole ?? address)}\n`)
    io.stdout.write(`and see the code  ${shown(started.user_code)}\n`)
    return await client.pollDeviceAuthorizationGrant(configuration, started)
  } catch (cause) {
    throw new GatewayError('not_allowed', `not logged in: ${whyNot(cause)}`, { cause })
  }
}

// RFC 8628 §3.5.
function whyNot(cause: unknown): string {
  const code = cause instanceof client.ResponseBodyError ? cause.error : undefined
  switch (code) {
    case 'access_denied':
      return 'it was declined in the browser'
    case 'expired_token':
      return 'the code has expired; try again'
    case 'invalid_client':
    case 'unauthorized_client':
      return 'the identity provider does not know this client, or not for the device flow'
    default:
      return code === undefined ? 'the identity provider does not answer as it should' : shown(code)
  }
}

// What the provider sends reaches a terminal.
function shown(text: string): string {
  return text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '').slice(0, 2_000)
}
