// AWS Signature Version 4 over one request (Amazon S3 API reference, "Authenticating Requests: Using the
// Authorization Header"). Pure: the time is handed in.
import { createHash, createHmac } from 'node:crypto'

export type S3Request = {
  readonly method: string
  readonly host: string
  // Unescaped, begins with a slash.
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  // Of the body, hexadecimal.
  readonly bodyHash: string
}

export type S3Credentials = {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

export const EMPTY_HASH = createHash('sha256').digest('hex')

// The headers that carry the signature; each of them is signed but the last.
export function signatureHeaders(
  request: S3Request,
  { accessKeyId, secretAccessKey, region }: S3Credentials,
  nowMs: number,
): Readonly<Record<string, string>> {
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const day = time.slice(0, 8)
  const scope = `${day}/${region}/s3/aws4_request`
  const headers = {
    host: request.host,
    'x-amz-content-sha256': request.bodyHash,
    'x-amz-date': time,
  }
  const names = Object.keys(headers).join(';')
  const canonical = [
    request.method,
    escapedPath(request.path),
    queryText(request.query),
    ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
    '',
    names,
    request.bodyHash,
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (last, next) => createHmac('sha256', last).update(next).digest(),
    `AWS4${secretAccessKey}`,
  )
  const signature = createHmac('sha256', key).update(text).digest('hex')
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
  return { ...headers, authorization }
}

export function escapedPath(path: string): string {
  return path.split('/').map(escaped).join('/')
}

export function queryText(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => [escaped(name), escaped(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

// Everything but the unreserved characters of RFC 3986.
function escaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
