// One question to a bundle server by OPA's protocol: GET with `If-None-Match` and `Prefer`, where a server
// that can wait for news says so by the type of what it sends.
import { gunzipSync } from 'node:zlib'
import { BundleProblem } from '../../../engine/policy/bundle-problem.js'
import { received, shown, statusProblem } from './bounded-request.js'
import { SERVING_LIMITS } from './limits.js'

export type Wanted = {
  readonly url: string
  readonly token: (() => string) | undefined
  readonly ca: (() => string) | undefined
  readonly etag: string
  // How long the server may wait for news; 0: not at all.
  readonly waitMs: number
  readonly signal: AbortSignal
}

export type Downloaded =
  | { readonly kind: 'same'; readonly etag: string }
  | {
      readonly kind: 'bundle'
      readonly bytes: Uint8Array
      // When the server began to answer, by the monotonic clock.
      readonly at: number
      readonly etag: string
      // Whether the server says that it waits for news when asked to.
      readonly longPolling: boolean
    }

// What a server that waits calls its bundles (OPA, “HTTP Long Polling”).
const LONG_POLLING_TYPE = 'application/vnd.openpolicyagent.bundles'

// Rejects with a BundleProblem.
export async function download(wanted: Wanted): Promise<Downloaded> {
  const { url, token, ca, waitMs, signal } = wanted
  const wait = waitMs > 0 ? `;wait=${Math.max(1, Math.round(waitMs / 1000))}` : ''
  const headers = {
    accept: `${LONG_POLLING_TYPE}, application/gzip, application/octet-stream`,
    'accept-encoding': 'gzip',
    prefer: `modes=snapshot${wait}`,
    ...(wanted.etag === '' ? {} : { 'if-none-match': wanted.etag }),
    ...(token === undefined ? {} : { authorization: `Bearer ${revealed(token)}` }),
  }
  const answer = await received({ url, headers, ca, waitMs, signal })
  const { etag: sent = '' } = answer.headers
  const etag = sent.length > SERVING_LIMITS.etagCharacters ? '' : sent
  if (answer.status === 304 && wanted.etag !== '') {
    answer.leave()
    return { kind: 'same', etag: etag === '' ? wanted.etag : etag }
  }
  if (answer.status !== 200) {
    answer.leave()
    throw statusProblem(answer.status, url)
  }
  const bytes = plain(await answer.body(), answer.headers['content-encoding'])
  if (bytes.length === 0) throw new BundleProblem('download', `${shown(url)} sent nothing`)
  const longPolling = answer.headers['content-type'] === LONG_POLLING_TYPE
  return { kind: 'bundle', bytes, at: answer.at, etag, longPolling }
}

export function revealed(token: () => string): string {
  try {
    return token()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be read'
    throw new BundleProblem('download', `the token for the bundle server: ${why}`, { cause })
  }
}

// A bundle is a gzip archive already. Some servers call that its encoding, others pack it once more.
function plain(bytes: Buffer, encoding: string | undefined): Buffer {
  if (encoding === undefined || encoding === 'identity') return bytes
  if (encoding !== 'gzip') {
    throw new BundleProblem('download', 'the bundle came in an encoding that was not asked for')
  }
  let unpacked: Buffer
  try {
    unpacked = gunzipSync(bytes, { maxOutputLength: SERVING_LIMITS.bundleBytes })
  } catch (cause) {
    throw new BundleProblem('download', 'the bundle is not packed as its server says', { cause })
  }
  const isArchive = unpacked[0] === 0x1f && unpacked[1] === 0x8b
  return isArchive ? unpacked : bytes
}
