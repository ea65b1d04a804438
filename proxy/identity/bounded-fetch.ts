// The only way from here to an issuer: HTTPS (plain HTTP on loopback alone), no redirect, a deadline for
// the whole answer and a bound on its size, so that a hostile issuer can neither hang a login nor fill
// the memory.
import { GatewayError } from '../errors.js'
import { isAcceptableUrl } from '../loopback.js'
import { IDENTITY_LIMITS } from './limits.js'

export type Fetch = (url: string, options: RequestInit) => Promise<Response>

export type FetchBounds = { readonly timeoutMs: number; readonly bytesMax: number }

const BOUNDS: FetchBounds = {
  timeoutMs: IDENTITY_LIMITS.issuerTimeoutMs,
  bytesMax: IDENTITY_LIMITS.documentBytes,
}

export function boundedFetch(bounds: FetchBounds = BOUNDS): Fetch {
  return async (url, options) => {
    if (!isAcceptableUrl(url)) {
      throw new GatewayError('issuer_unreachable', 'an issuer URL is neither https nor on loopback')
    }
    const signals = [AbortSignal.timeout(bounds.timeoutMs)]
    if (options.signal instanceof AbortSignal) signals.push(options.signal)
    const response = await fetch(url, {
      ...options,
      redirect: 'manual',
      signal: AbortSignal.any(signals),
    })
    const body = await boundedBody(response, bounds.bytesMax)
    const bodiless = response.status === 204 || response.status === 205 || response.status === 304
    return new Response(bodiless ? null : body, {
      status: response.status < 200 ? 500 : response.status,
      headers: plainHeaders(response.headers),
    })
  }
}

// The decompressed size counts: a small gzip body may hold gigabytes.
async function boundedBody(response: Response, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (response.body === null) return Buffer.alloc(0)
  for await (const chunk of response.body) {
    if (!(chunk instanceof Uint8Array)) continue
    size += chunk.byteLength
    // Leaving the loop cancels the stream and with it the connection.
    if (size > bytesMax) throw new GatewayError('issuer_unreachable', 'an issuer answered too much')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

// The body is already plain and whole.
function plainHeaders(headers: Headers): Headers {
  const plain = new Headers(headers)
  plain.delete('content-encoding')
  plain.delete('content-length')
  plain.delete('transfer-encoding')
  return plain
}
