// Chunks of a recording, sealed: compressed, then AES-256-GCM under the recording's own key. The nonce is
// the chunk's number; session, number, codec and whether it is the last are authenticated with it, so that
// a chunk that is changed, left out, repeated, swapped or cut off shows. A key is used for one recording
// only, and a number for one chunk only.
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { brotliCompress, brotliDecompressSync, constants } from 'node:zlib'

export const CHUNK_HEAD_BYTES = 9
export const TAG_BYTES = 16
// Of the sealed bytes, and of what they hold: a reader refuses more before it takes room for it.
export const CHUNK_BYTES_MAX = 8 * 1024 * 1024
const CIPHER = 'aes-256-gcm'

export type ChunkHead = {
  readonly number: number
  readonly last: boolean
  readonly codec: Codec
  // Sealed bytes behind the head, tag included.
  readonly length: number
}

// Brotli at quality 0, small window: three times as fast as deflate at its fastest on rows, and as small.
export type Codec = 'plain' | 'brotli'
const LAST = 0x80
const BROTLI = 0x01
// In one piece: each further one costs a way to the thread and back.
const FAST = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 0, [constants.BROTLI_PARAM_LGWIN]: 16 },
}
// Not worth a thread's while.
const SMALL_BYTES = 200

export async function compressed(
  plain: Buffer,
): Promise<{ readonly codec: Codec; readonly bytes: Buffer }> {
  if (plain.length < SMALL_BYTES) return { codec: 'plain', bytes: plain }
  const bytes = await new Promise<Buffer>((resolve, reject) =>
    brotliCompress(plain, { ...FAST, chunkSize: plain.length }, (problem, out) =>
      problem === null ? resolve(out) : reject(problem),
    ),
  )
  return bytes.length < plain.length ? { codec: 'brotli', bytes } : { codec: 'plain', bytes: plain }
}

// Head and body of the chunk, in pieces.
export function sealed(
  key: Uint8Array,
  session: string,
  chunk: {
    readonly number: number
    readonly last: boolean
    readonly codec: Codec
    readonly bytes: Buffer
  },
): readonly Buffer[] {
  const head = Buffer.alloc(CHUNK_HEAD_BYTES)
  head.writeUInt32BE(chunk.bytes.length + TAG_BYTES, 0)
  head.writeUInt32BE(chunk.number, 4)
  head[8] = (chunk.last ? LAST : 0) | (chunk.codec === 'brotli' ? BROTLI : 0)
  const cipher = createCipheriv(CIPHER, key, nonceOf(chunk.number))
  cipher.setAAD(aadOf(session, head))
  const body = cipher.update(chunk.bytes)
  cipher.final()
  return [head, body, cipher.getAuthTag()]
}

// undefined where no chunk begins so.
export function chunkHeadOf(bytes: Buffer, at: number): ChunkHead | undefined {
  if (at + CHUNK_HEAD_BYTES > bytes.length) return undefined
  const length = bytes.readUInt32BE(at)
  const flags = bytes[at + 8] ?? 0
  if (length < TAG_BYTES || length > CHUNK_BYTES_MAX || (flags & ~(LAST | BROTLI)) !== 0)
    return undefined
  const codec = (flags & BROTLI) === 0 ? 'plain' : 'brotli'
  return { number: bytes.readUInt32BE(at + 4), last: (flags & LAST) !== 0, codec, length }
}

// `bytes`: head and body of one chunk. undefined where it is not what was sealed under that number.
export function opened(
  key: Uint8Array,
  session: string,
  number: number,
  bytes: Buffer,
): { readonly last: boolean; readonly plain: Buffer } | undefined {
  const head = chunkHeadOf(bytes, 0)
  if (head === undefined || head.number !== number) return undefined
  if (bytes.length !== CHUNK_HEAD_BYTES + head.length) return undefined
  const tagAt = bytes.length - TAG_BYTES
  try {
    const decipher = createDecipheriv(CIPHER, key, nonceOf(number))
    decipher.setAAD(aadOf(session, bytes.subarray(0, CHUNK_HEAD_BYTES)))
    decipher.setAuthTag(bytes.subarray(tagAt))
    const body = Buffer.concat([
      decipher.update(bytes.subarray(CHUNK_HEAD_BYTES, tagAt)),
      decipher.final(),
    ])
    const plain =
      head.codec === 'plain'
        ? body
        : brotliDecompressSync(body, { maxOutputLength: CHUNK_BYTES_MAX })
    return { last: head.last, plain }
  } catch {
    return undefined
  }
}

function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(number, 8)
  return nonce
}

function aadOf(session: string, head: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`sallyport-film-1\0${session}\0`), head])
}
