// One POST to a receiver over HTTP and what its status means: redirects are not followed, no more of the
// answer is read than an answer needs, and no word of it reaches a log.
import type { Failure } from './channel.js'
import { NOTICE_LIMITS } from './limits.js'

export type Posted = { readonly status: number; readonly body: string; readonly afterMs?: number }

export async function posted(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<Posted> {
  const response = await fetch(url, {
    method: 'POST',
    // What the receiver redirects to was never agreed to be told.
    redirect: 'manual',
    headers: { 'user-agent': 'sallyport', ...headers },
    body,
    signal,
  })
  const afterMs = retryAfterMs(response.headers.get('retry-after'))
  const answer = { status: response.status, body: await boundedText(response) }
  return afterMs === undefined ? answer : { ...answer, afterMs }
}

export function failureOf({ status, afterMs }: Posted): Failure {
  const again = status >= 500 || status === 408 || status === 425 || status === 429
  const why = `the receiver answered with status ${status}`
  return { told: false, again, why, ...(afterMs === undefined ? {} : { afterMs }) }
}

export function isTaken({ status }: Posted): boolean {
  return status >= 200 && status < 300
}

// RFC 9110 §10.2.3; seconds alone, since a date would need the receiver's clock.
function retryAfterMs(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1000 : undefined
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (response.body === null) return ''
  for await (const chunk of response.body) {
    if (!(chunk instanceof Uint8Array)) continue
    size += chunk.byteLength
    // Leaving the loop cancels the stream.
    if (size > NOTICE_LIMITS.answerBytes) break
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
