// Whether a request that carries a cookie comes from our own pages: the token that only they can read, and
// what the browser itself says of where it comes from. Either alone would do; both must fit.
import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

// undefined: it does.
export function whyNotOurs(
  request: FastifyRequest,
  csrf: string,
  origin: string,
): string | undefined {
  const { headers, method } = request
  const site = headers['sec-fetch-site']
  // `none`: the person typed the address.
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return 'the request comes from another site'
  }
  if (headers.origin !== undefined && headers.origin !== origin) {
    return `the request comes from another address than ${origin}`
  }
  if (SAFE.has(method)) return undefined
  const sent = headers['x-csrf-token']
  if (typeof sent !== 'string' || !isEqual(sent, csrf)) {
    return 'send the csrf token of /api/me in the header x-csrf-token'
  }
  return undefined
}

function isEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
