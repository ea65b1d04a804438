// Finished recordings in an S3-compatible store, one object each: in one piece, or above some size in parts
// (multipart upload), of which one at a time is in memory. What is in the spool leaves it only once the
// store has said that it has all of it.
import { open, stat, unlink } from 'node:fs/promises'
import { GatewayError } from '../errors.js'
import { buffersOf } from './disk-store.js'
import { plainXml, s3Client, xmlText, type S3Client } from './s3-client.js'
import type { S3Settings } from './settings.js'
import type { FilmStore, Stored } from './store.js'

// S3 takes no part below 5 MiB but the last, and at most 10,000 parts.
const PART_BYTES = 16 * 1024 * 1024

export function s3Store(settings: S3Settings, now: () => number): FilmStore {
  const client = s3Client(settings, now)
  const put = async (name: string, bytes: Uint8Array): Promise<void> => {
    found(await client.ask({ method: 'PUT', name, body: bytes }), settings)
  }
  return {
    put,
    async keep(name, path) {
      const { size } = await stat(path)
      const file = await open(path, 'r')
      try {
        const part = async (at: number): Promise<Buffer> => {
          const bytes = Buffer.alloc(Math.min(PART_BYTES, size - at))
          for (let read = 0; read < bytes.length;) {
            const { bytesRead } = await file.read(bytes, read, bytes.length - read, at + read)
            if (bytesRead === 0) throw new Error(`${path} became shorter while it was read`)
            read += bytesRead
          }
          return bytes
        }
        if (size <= PART_BYTES) await put(name, await part(0))
        else await putInParts(client, settings, name, size, part)
      } finally {
        await file.close()
      }
      await unlink(path)
    },
    async whole(name) {
      const answer = await client.ask({ method: 'GET', name })
      if (answer.status !== 404) return answer.body
      if (xmlText(answer.body.toString('utf8'), 'Code') === 'NoSuchBucket') found(answer, settings)
      return undefined
    },
    async pieces(name) {
      const stream = await client.stream(name)
      return stream === undefined ? undefined : buffersOf(stream)
    },
    async remove(name) {
      await client.ask({ method: 'DELETE', name })
    },
    list: () => listed(client, settings),
  }
}

function found<T extends { readonly status: number }>(answer: T, { bucket }: S3Settings): T {
  if (answer.status !== 404) return answer
  throw new GatewayError('recording_failed', `there is no bucket ${bucket} in the store`)
}

async function putInParts(
  client: S3Client,
  settings: S3Settings,
  name: string,
  size: number,
  part: (at: number) => Promise<Buffer>,
): Promise<void> {
  const begun = found(await client.ask({ method: 'POST', name, query: { uploads: '' } }), settings)
  const uploadId = xmlText(begun.body.toString('utf8'), 'UploadId')
  if (uploadId === undefined) {
    throw new GatewayError('recording_failed', 'the store began no upload in parts')
  }
  try {
    const parts: string[] = []
    for (let at = 0, number = 1; at < size; at += PART_BYTES, number++) {
      const query = { partNumber: String(number), uploadId }
      const { headers } = found(
        await client.ask({ method: 'PUT', name, query, body: await part(at) }),
        settings,
      )
      const tag = String(headers['etag'] ?? '')
      parts.push(
        `<Part><PartNumber>${number}</PartNumber><ETag>${tag.replaceAll('"', '&quot;')}</ETag></Part>`,
      )
    }
    const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
    const ended = await client.ask({ method: 'POST', name, query: { uploadId }, body })
    // An error may come with status 200, since the answer begins before the work is done.
    const problem = xmlText(ended.body.toString('utf8'), 'Code')
    if (ended.status === 404 || problem !== undefined) {
      throw new GatewayError(
        'recording_failed',
        `the store did not join the parts of ${name}: ${problem ?? 'no such upload'}`,
      )
    }
  } catch (problem) {
    await client.ask({ method: 'DELETE', name, query: { uploadId } }).catch(() => undefined)
    throw problem
  }
}

async function* listed(client: S3Client, settings: S3Settings): AsyncGenerator<Stored> {
  let token: string | undefined
  do {
    const query = {
      'list-type': '2',
      prefix: settings.prefix,
      ...(token === undefined ? {} : { 'continuation-token': token }),
    }
    const answer = found(await client.ask({ method: 'GET', name: '', query }), settings)
    const xml = answer.body.toString('utf8')
    for (const [, entry = ''] of xml.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)) {
      const key = plainXml(/<Key>([^<]*)<\/Key>/.exec(entry)?.[1] ?? '')
      if (!key.startsWith(settings.prefix)) continue
      yield { name: key.slice(settings.prefix.length), bytes: Number(xmlText(entry, 'Size') ?? 0) }
    }
    token = xmlText(xml, 'NextContinuationToken')
  } while (token !== undefined && token !== '')
}
