// One recording's file while its session is open: a head that names the session, then sealed chunks, each
// written once. Whatever fails, the file is left as it is: what stands whole before that point is the
// recording, and a chunk number is never sealed twice.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { closeQuietly, writeAll, writeWhole, type FilmDisk } from './film-disk.js'
import { documentText, keyDocument, type About } from './key-document.js'
import { newDataKey, type KeyRing } from './key-ring.js'
import { compressed, sealed } from './seal.js'

export const MAGIC = Buffer.from('SPFILM1\n')

// What a finished file is known by in the record.
export type Sealed = { readonly digest: string; readonly chunks: number; readonly bytes: number }

export type FilmFileParts = {
  readonly disk: FilmDisk
  // Where recordings lie until they are finished.
  readonly folder: string
  readonly keys: KeyRing
  readonly onBytes: (bytes: number) => void
  // Throws where there is no room for more.
  readonly mayGrow: () => void
}

export class FilmFile {
  readonly #parts: FilmFileParts
  readonly #about: About
  readonly #key = newDataKey()
  readonly #digest = createHash('sha256')
  #fd: number | undefined
  #bytes = 0
  #chunks = 0

  constructor(parts: FilmFileParts, about: About) {
    this.#parts = parts
    this.#about = about
  }

  begun(): boolean {
    return this.#fd !== undefined
  }

  // `hurry`: more is waiting already than can be compressed in time.
  async append(plain: Buffer, last: boolean, hurry: boolean): Promise<void> {
    this.#parts.mayGrow()
    const { codec, bytes } = hurry
      ? ({ codec: 'plain', bytes: plain } as const)
      : await compressed(plain)
    if (this.#fd === undefined) await this.#begin()
    const { session } = this.#about
    await this.#write(sealed(this.#key, session, { number: this.#chunks, last, codec, bytes }))
    this.#chunks++
  }

  // On the disk as a whole, and closed.
  async finish(): Promise<Sealed> {
    if (this.#fd !== undefined) await this.#parts.disk.sync(this.#fd)
    await this.abandon()
    return {
      digest: `sha256:${this.#digest.digest('hex')}`,
      chunks: this.#chunks,
      bytes: this.#bytes,
    }
  }

  async abandon(): Promise<void> {
    const fd = this.#fd
    this.#fd = undefined
    if (fd !== undefined) await closeQuietly(this.#parts.disk, fd)
  }

  // The key first: without it nothing of the recording could be read.
  async #begin(): Promise<void> {
    const { disk, folder, keys } = this.#parts
    const { session } = this.#about
    const document = keyDocument(this.#about, keys.current(), this.#key)
    await writeWhole(disk, folder, keyName(session), Buffer.from(documentText(document)))
    this.#fd = await disk.open(join(folder, filmName(session)), 'wx')
    await this.#write([headOf(session)])
    await disk.syncFolder(folder)
  }

  async #write(pieces: readonly Buffer[]): Promise<void> {
    if (this.#fd === undefined) throw new Error('the recording is closed')
    await writeAll(this.#parts.disk, this.#fd, pieces, this.#bytes)
    let length = 0
    for (const piece of pieces) {
      this.#digest.update(piece)
      length += piece.length
    }
    this.#bytes += length
    this.#parts.onBytes(length)
  }
}

export function filmName(session: string): string {
  return `${session}.film`
}

export function keyName(session: string): string {
  return `${session}.key`
}

// Ids of sessions are made here; whatever else asks for a recording may not name a path.
export function isSessionId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text)
}

export function headOf(session: string): Buffer {
  const name = Buffer.from(session)
  return Buffer.concat([MAGIC, Buffer.of(name.length), name])
}
