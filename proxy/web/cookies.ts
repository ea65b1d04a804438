// The cookies of the console: one names a sign-in, one binds an attempt to sign in to the browser that began
// it, one says that somebody signed out here, so that the next is asked who they are. Where people come by TLS all carry `__Host-` (RFC 6265bis §4.1.3.2), so that no other host
// under the same domain can set them. Values are ours alone; one that comes twice counts as none.
import type { FastifyRequest } from 'fastify'

export type Cookies = {
  readonly read: (request: FastifyRequest, which: CookieName) => string | undefined
  // A line for Set-Cookie. Without `maxAgeMs` it lasts as long as the browser.
  readonly line: (which: CookieName, value: string, maxAgeMs?: number) => string
  readonly gone: (which: CookieName) => string
}

export type CookieName = 'session' | 'login' | 'again'

// 32 random bytes, base64url.
const VALUE = /^[A-Za-z0-9_-]{43}$/

export function cookiesFor(secure: boolean): Cookies {
  const names = secure
    ? {
        session: '__Host-sallyport',
        login: '__Host-sallyport-login',
        again: '__Host-sallyport-again',
      }
    : { session: 'sallyport', login: 'sallyport-login', again: 'sallyport-again' }
  // The attempt's cookie comes back with a redirect from another site, which Strict would keep away.
  const sites = { session: 'Strict', login: 'Lax', again: 'Lax' } as const
  const line: Cookies['line'] = (which, value, maxAgeMs) =>
    `${names[which]}=${value}; Path=/; HttpOnly; SameSite=${sites[which]}` +
    (secure ? '; Secure' : '') +
    (maxAgeMs === undefined ? '' : `; Max-Age=${Math.floor(maxAgeMs / 1000)}`)
  return {
    read: (request, which) => {
      const found = (request.headers.cookie ?? '')
        .split(';')
        .map((pair) => pair.trim())
        .filter((pair) => pair.startsWith(`${names[which]}=`))
      const value = found[0]?.slice(names[which].length + 1) ?? ''
      return found.length === 1 && VALUE.test(value) ? value : undefined
    },
    line,
    gone: (which) => line(which, '', 0),
  }
}
