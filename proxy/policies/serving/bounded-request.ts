// One GET to a server of bundles: over verified TLS (plain HTTP to loopback alone), nothing followed, a
// deadline until it answers and one for the whole, and a bound on its size. No message repeats a token
// or a query.
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { BundleProblem } from '../../../engine/policy/bundle-problem.js'
import { isAcceptableUrl } from '../../loopback.js'
import { SERVING_LIMITS } from './limits.js'

export type Requested = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  // PEM texts of the authorities to trust instead of the system's.
  readonly ca: (() => string) | undefined
  // How long the server may take before it answers, beside what any may.
  readonly waitMs: number
  readonly signal: AbortSignal
}

export type Received = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  // When it began to answer, by the monotonic clock.
  readonly at: number
  // Once, or `leave`.
  readonly body: () => Promise<Buffer>
  readonly leave: () => void
}

// Rejects with a BundleProblem.
export async function received(wanted: Requested): Promise<Received> {
  if (!isAcceptableUrl(wanted.url)) {
    throw new BundleProblem('download', 'the bundle URL is neither https nor on loopback')
  }
  const answer = await reached(wanted.url, () => answered(wanted))
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    at: performance.now(),
    body: () => reached(wanted.url, () => bodyOf(answer)),
    leave: () => void answer.destroy(),
  }
}

async function reached<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof BundleProblem) throw cause
    throw new BundleProblem('download', wordsOf(cause, url), { cause })
  }
}

function answered({ url, headers, ca, waitMs, signal }: Requested): Promise<IncomingMessage> {
  const deadline = AbortSignal.timeout(waitMs + SERVING_LIMITS.downloadMs)
  const unanswered = new AbortController()
  const timer = setTimeout(() => unanswered.abort(), waitMs + SERVING_LIMITS.answerMs)
  const isTls = url.startsWith('https:')
  const send = isTls ? httpsRequest : httpRequest
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

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = Number(answer.headers['content-length'] ?? '0')
  if (!(size > SERVING_LIMITS.bundleBytes)) {
    size = 0
    for await (const chunk of answer) {
      if (!Buffer.isBuffer(chunk)) continue
      size += chunk.length
      if (size > SERVING_LIMITS.bundleBytes) break
      chunks.push(chunk)
    }
  }
  if (size <= SERVING_LIMITS.bundleBytes) return Buffer.concat(chunks, size)
  answer.destroy()
  throw new BundleProblem(
    'download',
    `the bundle is larger than ${SERVING_LIMITS.bundleBytes} bytes`,
  )
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

export function statusProblem(status: number, url: string): BundleProblem {
  return new BundleProblem('download', statusWords(status, shown(url)))
}

function statusWords(status: number, place: string): string {
  if (status === 401 || status === 403) {
    return `${place} refuses our token (${status}); see policy.server.token`
  }
  if (status === 404) return `${place} has no such bundle (404)`
  if (status >= 300 && status < 400) {
    return `${place} sends us elsewhere (${status}), which is not followed: name the final address`
  }
  return `${place} answered with status ${status}`
}

// Without a query, where some servers have their tokens.
export function shown(url: string): string {
  if (!URL.canParse(url)) return 'the bundle server'
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}
