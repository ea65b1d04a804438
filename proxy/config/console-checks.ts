// What a schema cannot say of the console: that its issuer is one of the issuers, that people reach it where
// a cookie can be kept safe, and that its tokens will be for us.
import type { Config } from '../../engine/schemas/config.js'
import { isAcceptableUrl } from '../loopback.js'
import { checkSecret, type Surroundings } from './place-checks.js'

export function checkConsole({ listeners, issuers }: Config, around: Surroundings): void {
  const { web } = listeners
  const { console: asked } = web
  if (asked === undefined || asked.enabled === false) return
  const { report } = around
  const path = ['listeners', 'web', 'console']
  const named = asked.issuer === undefined ? issuers[0] : undefined
  const issuer = named ?? issuers.find((one) => one.issuer === asked.issuer)
  if (issuer === undefined) {
    const names = issuers.map((one) => one.issuer).join(', ')
    report([...path, 'issuer'], 'an issuer that is not configured', `one of issuers: ${names}`)
    return
  }
  if (asked.client_secret !== undefined) {
    checkSecret([...path, 'client_secret'], asked.client_secret, around)
  }
  const clientId = asked.client_id ?? issuer.client_id ?? issuer.audience
  if (issuer.token_type === 'id' && clientId !== issuer.audience) {
    const allowed = `${issuer.audience}: an ID token is for the client that asked, and this issuer’s must be for its audience`
    report([...path, 'client_id'], `“${clientId}”`, allowed)
  }
  if (web.url !== undefined && URL.canParse(web.url)) {
    if (!isAcceptableUrl(web.url) || new URL(web.url).pathname !== '/') {
      const allowed = 'https:// and a host of its own without a path (http:// only on loopback)'
      report(['listeners', 'web', 'url'], 'a URL that cookies are not safe at', allowed)
    }
  }
  if (
    web.url === undefined &&
    (web.address.endsWith(':0') || /^(0\.0\.0\.0|\[::\])/.test(web.address))
  ) {
    const allowed = 'how people reach the console: their identity provider sends them back there'
    report(['listeners', 'web', 'url'], 'nothing', allowed)
  }
}
