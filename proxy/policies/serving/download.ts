// One request of OPA's bundle protocol: GET with `If-None-Match` and `Prefer`, over verified TLS (plain HTTP
// to loopback alone), no redirect, a deadline for the whole answer and a bound on its size. A token goes
// to the server that was named and nowhere else, and no message repeats it.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { gunzipSync } from 'node:zlib'
import { BundleProblem } from '../../../engine/policy/bundle-problem.js'
import { isAcceptableUrl } from '../../loopback.js'
import { SERVING_LIMITS } from './limits.js'

export type Wanted = {
  readonly url: string
  readonly token: (() => string) | undefined
  // PEM texts of the authorities to trust instead of the system's.
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
  try {
    return await asked(wanted)
  } catch (cause) {
    if (cause instanceof BundleProblem) throw cause
    throw new BundleProblem('download', wordsOf(cause, wanted.url), { cause })
  }
}

async function asked(wanted: Wanted): Promise<Downloaded> {
  if (!isAcceptableUrl(wanted.url)) {
    throw new BundleProblem('download', 'the bundle URL is neither https nor on loopback')
  }
  const answer = await answered(wanted)
  const at = performance.now()
  const status = answer.statusCode ?? 0
  const etag = tagOf(answer)
  if (status === 304 && wanted.etag !== '') {
    answer.resume()
    return { kind: 'same', etag: etag === '' ? wanted.etag : etag }
  }
  if (status !== 200) {
    answer.destroy()
    throw new BundleProblem('download', statusWords(status, wanted.url))
  }
  const bytes = plain(await body(answer), answer.headers['content-encoding'])
  if (bytes.length === 0) throw new BundleProblem('download', `${shown(wanted.url)} sent nothing`)
  const longPolling = answer.headers['content-type'] === LONG_POLLING_TYPE
  return { kind: 'bundle', bytes, at, etag, longPolling }
}

function answered({ url, token, ca, etag, waitMs, signal }: Wanted): Promise<IncomingMessage> {
  const deadline = AbortSignal.timeout(waitMs + SERVING_LIMITS.downloadMs)
  const unanswered = new AbortController()
  const timer = setTimeout(() => unanswered.abort(), waitMs + SERVING_LIMITS.answerMs)
  const isTls = url.startsWith('https:')
  const send = isTls ? httpsRequest : httpRequest
  const wait = waitMs > 0 ? `;wait=${Math.max(1, Math.round(waitMs / 1000))}` : ''
  const headers: Record<string, string> = {
    accept: `${LONG_POLLING_TYPE}, application/gzip, application/octet-stream`,
    'accept-encoding': 'gzip',
    prefer: `modes=snapshot${wait}`,
    ...(etag === '' ? {} : { 'if-none-match': etag }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token()}` }),
  }
  return new Promise((resolve, reject) => {
    const asking = send(
      url,
      {
        headers,
        signal: AbortSignal.any([signal, deadline, unanswered.signal]),
        // A connection for each request: there are few, and none is found dead.
        agent: false,
        ...(isTls ? { rejectUnauthorized: true, minVersion: 'TLSv1.2' as const } : {}),
        ...(isTls && ca !== undefined ? { ca: ca() } : {}),
      },
      (answer) => {
        clearTimeout(timer)
        resolve(answer)
      },
    )
    asking.on('error', (problem) => {
      clearTimeout(timer)
      reject(problem)
    })
    asking.end()
  })
}

async function body(answer: IncomingMessage): Promise<Buffer> {
  const announced = Number(answer.headers['content-length'] ?? '0')
  const chunks: Buffer[] = []
  let size = announced > SERVING_LIMITS.bundleBytes ? announced : 0
  if (size === 0) {
    for await (const chunk of answer) {
      if (!Buffer.isBuffer(chunk)) continue
      size += chunk.length
      if (size > SERVING_LIMITS.bundleBytes) break
      chunks.push(chunk)
    }
  }
  if (size > SERVING_LIMITS.bundleBytes) {
    answer.destroy()
    throw new BundleProblem(
      'download',
      `the bundle is larger than ${SERVING_LIMITS.bundleBytes} bytes`,
    )
  }
  return Buffer.concat(chunks, size)
}

// A bundle is a gzip archive already. Some servers call that its encoding, others pack it once more.
function plain(bytes: Buffer, encoding: string | undefined): Buffer {
  if (encoding === undefined || encoding === 'identity') return bytes
  if (encoding !== 'gzip') {
    throw new BundleProblem('download', 'the bundle came in an encoding that was not asked for')
  }
  const unpacked = gunzipSync(bytes, { maxOutputLength: SERVING_LIMITS.bundleBytes })
  const isArchive = unpacked[0] === 0x1f && unpacked[1] === 0x8b
  return isArchive ? unpacked : bytes
}

function tagOf(answer: IncomingMessage): string {
  const { etag = '' } = answer.headers
  return etag.length > SERVING_LIMITS.etagCharacters ? '' : etag
}

function statusWords(status: number, url: string): string {
  const place = shown(url)
  if (status === 401 || status === 403) {
    return `${place} refuses our token (${status}); see policy.server.token`
  }
  if (status === 404) return `${place} has no such bundle (404)`
  if (status >= 300 && status < 400) {
    return `${place} sends us elsewhere (${status}), which is not followed: name the final address`
  }
  return `${place} answered with status ${status}`
}

function wordsOf(cause: unknown, url: string): string {
  const place = shown(url)
  if (!(cause instanceof Error)) return `${place} cannot be reached`
  if (cause.name === 'TimeoutError' || cause.name === 'AbortError') {
    return `${place} did not answer in time`
  }
  const code = 'code' in cause ? String(cause.code) : ''
  if (code === 'ECONNRESET') return `${place} ended the connection before the bundle was whole`
  return `${place} cannot be reached or read (${code || cause.message})`
}

// Without a query, where some servers have their tokens.
export function shown(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : 'the bundle server'
}
