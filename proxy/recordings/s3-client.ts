// The few requests of the S3 API that recordings need, signed, each with a time limit. No library: the
// whole is a signature and seven requests, and a client that retries by itself would hide an outage from
// the spool, whose business retrying is.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { GatewayError } from '../errors.js'
import { EMPTY_HASH, escapedPath, queryText, signatureHeaders } from './s3-signature.js'
import type { S3Settings } from './settings.js'

export type S3Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
}

export type S3Asked = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  // Name of the object; '' for the bucket.
  readonly name: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export type S3Client = {
  // Throws for any status but 2xx and 404.
  readonly ask: (asked: S3Asked) => Promise<S3Answer>
  // The body as it comes; undefined: there is no such object.
  readonly stream: (name: string) => Promise<AsyncIterable<unknown> | undefined>
}

const TIME_MS = 30_000
const BODY_BYTES_MAX = 64 * 1024 * 1024

export function s3Client(settings: S3Settings, now: () => number): S3Client {
  const endpoint = new URL(settings.endpoint)
  const ca = settings.ca === undefined ? undefined : readFileSync(settings.ca)
  const secure = endpoint.protocol === 'https:'

  const sent = (asked: S3Asked): Promise<IncomingMessage> => {
    const { method, name, query = {}, body } = asked
    const path = `/${settings.bucket}${name === '' ? '' : `/${settings.prefix}${name}`}`
    const bodyHash =
      body === undefined ? EMPTY_HASH : createHash('sha256').update(body).digest('hex')
    const headers = {
      ...signatureHeaders(
        { method, host: endpoint.host, path, query, bodyHash },
        {
          accessKeyId: settings.accessKeyId.reveal(),
          secretAccessKey: settings.secretAccessKey.reveal(),
          region: settings.region,
        },
        now(),
      ),
      'content-length': String(body?.length ?? 0),
    }
    const text = queryText(query)
    const options = {
      hostname: endpoint.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: endpoint.port === '' ? (secure ? 443 : 80) : Number(endpoint.port),
      path: `${escapedPath(path)}${text === '' ? '' : `?${text}`}`,
      method,
      headers,
      timeout: TIME_MS,
      ...(ca === undefined ? {} : { ca }),
    }
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(options, resolve)
      request.on('timeout', () => request.destroy(new Error('no answer in time')))
      request.on('error', reject)
      request.end(body)
    })
  }

  return {
    async ask(asked) {
      const what = `${asked.method} ${asked.name}`
      const answer = await reached(what, () => sent(asked))
      const body = await reached(what, () => bodyOf(answer))
      const status = answer.statusCode ?? 0
      if (status !== 404 && (status < 200 || status > 299)) throw refused(what, status, body)
      return { status, headers: answer.headers, body }
    },
    async stream(name) {
      const what = `GET ${name}`
      const answer = await reached(what, () => sent({ method: 'GET', name }))
      if (answer.statusCode === 200) return answer
      const body = await bodyOf(answer)
      if (answer.statusCode === 404) return undefined
      throw refused(what, answer.statusCode ?? 0, body)
    },
  }

  async function reached<T>(what: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new GatewayError(
        'recording_failed',
        `the store at ${settings.endpoint} cannot be reached (${what}: ${why})`,
        { cause },
      )
    }
  }

  function refused(what: string, status: number, body: Buffer): GatewayError {
    const code = xmlText(body.toString('utf8'), 'Code') ?? ''
    return new GatewayError(
      'recording_failed',
      `the store at ${settings.endpoint} refused ${what}: ${status} ${code}`.trimEnd(),
    )
  }
}

async function bodyOf(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of answer) {
    if (!Buffer.isBuffer(piece)) continue
    length += piece.length
    if (length > BODY_BYTES_MAX) throw new Error('the answer is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

// The text of the first such element. The answers are flat, and nothing in them nests under its own name.
export function xmlText(xml: string, element: string): string | undefined {
  const found = new RegExp(`<${element}>([^<]*)</${element}>`).exec(xml)?.[1]
  return found === undefined ? undefined : plainXml(found)
}

export function plainXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#34;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
}
