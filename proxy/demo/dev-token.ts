// A real signed token of the development issuer for one of the demo's accounts, without a browser: asks
// the running issuer with the secret that lies in its folder.
import * as client from 'openid-client'
import { GatewayError } from '../errors.js'
import { ACCOUNT_NAMES, accountNamed } from './accounts.js'
import { DEVELOPMENT_GRANT, GATEWAY_CLIENT } from './issuer-configuration.js'
import { announcedIssuer } from './issuer-state.js'

export async function devToken(directory: string, name: string): Promise<string> {
  const account = accountNamed(name)
  if (account === undefined) {
    const names = ACCOUNT_NAMES.join(', ')
    throw new GatewayError('usage', `there is no account “${name}”; there are ${names}`)
  }
  const issuer = announcedIssuer(directory)
  if (issuer === undefined) {
    throw new GatewayError('not_found', 'the demo has never run here; start it with `npm start`')
  }
  try {
    const configuration = await client.discovery(
      new URL(issuer.url),
      GATEWAY_CLIENT,
      undefined,
      client.ClientSecretBasic(issuer.clientSecret),
      { execute: [client.allowInsecureRequests], timeout: 5 },
    )
    const answer = await client.genericGrantRequest(configuration, DEVELOPMENT_GRANT, { account })
    return answer.access_token
  } catch (cause) {
    const message = `the demo’s issuer at ${issuer.url} does not answer; is \`npm start\` running?`
    throw new GatewayError('issuer_unreachable', message, { cause })
  }
}
