// One session's recording in the making: items gather in memory, and whenever there are enough of them, or
// some time has passed, they are sealed and written in the background. What waits for the disk is bounded:
// beyond that the session must wait. After a failure nothing more is recorded, and it is said why.
import type { Tape } from '../session-tape.js'
import type { FilmFile, Sealed } from './film-file.js'
import { ITEM, ITEM_BYTES_MAX, ITEM_HEAD_BYTES, putItemHead } from './reel.js'

export type TapeParts = {
  readonly file: FilmFile
  // Milliseconds since the session opened.
  readonly nowMs: () => number
  readonly flushMs: number
  // Of answers, in the whole session.
  readonly bytesMax: number
  // Room for what waits, shared by all sessions.
  readonly pool: Pool
  readonly onFrame: () => void
  readonly onFailed: (why: unknown, required: boolean) => void
  // The file is closed: as it should be, or given up.
  readonly onClosed: (sealed: Sealed | undefined) => void
}

export type Pool = { waiting: number; readonly max: number }

const CHUNK_BYTES = 256 * 1024
const FIRST_BYTES = 8 * 1024
// What one session may have waiting for the disk.
const WAITING_BYTES_MAX = 1024 * 1024
const FAIR_SHARE = 64 * 1024
// Buffers of whole chunks that are used again: taking fresh memory costs as much as filling it.
const spare: Buffer[] = []
const SPARE_MAX = 16

export function createTape(parts: TapeParts): Tape {
  return new WritingTape(parts)
}

class WritingTape implements Tape {
  onDrain: () => void = () => undefined
  onFailure: (why: string) => void = () => undefined
  readonly #parts: TapeParts
  #buffer: Buffer = EMPTY
  #used = 0
  #timer: NodeJS.Timeout | undefined
  #tail: Promise<void> = Promise.resolve()
  #waiting = 0
  #answers = 0
  #blocked = false
  #required = false
  #hot = false
  #failed: string | undefined
  #closed = false

  constructor(parts: TapeParts) {
    this.#parts = parts
  }

  command(command: number, text: string, binds: readonly (string | null)[] | undefined): void {
    if (this.#failed !== undefined) return
    const said = binds === undefined ? { command, text } : { command, text, binds }
    this.#put(ITEM.command, Buffer.from(JSON.stringify(said)))
    this.#parts.onFrame()
  }

  turn(command: number): void {
    if (this.#failed !== undefined) return
    const at = this.#head(ITEM.turn, 4)
    this.#buffer.writeUInt32BE(command, at)
  }

  shape(command: number, formats: readonly number[], description?: Uint8Array): void {
    if (this.#failed !== undefined) return
    const head = Buffer.from(`${JSON.stringify({ command, formats })}\0`)
    this.#put(ITEM.shape, description === undefined ? head : Buffer.concat([head, description]))
  }

  wire(bytes: Uint8Array, start: number, end: number): void {
    if (this.#failed !== undefined) return
    this.#parts.onFrame()
    this.#answers += end - start
    for (let from = start; from < end;) {
      const room = CHUNK_BYTES - this.#used - ITEM_HEAD_BYTES
      const length = Math.min(end - from, room < 1024 ? CHUNK_BYTES - ITEM_HEAD_BYTES : room)
      const at = this.#head(ITEM.wire, length)
      this.#buffer.set(bytes.subarray(from, from + length), at)
      from += length
    }
  }

  cut(command: number, why: string): void {
    if (this.#failed !== undefined) return
    this.#put(ITEM.cut, Buffer.from(JSON.stringify({ command, why })))
    this.#parts.onFrame()
  }

  require(): void {
    this.#required = true
  }

  left(): number {
    return Math.max(0, this.#parts.bytesMax - this.#answers)
  }

  full(): boolean {
    const { pool } = this.#parts
    const own = this.#waiting
    if (own <= WAITING_BYTES_MAX && (pool.waiting <= pool.max || own <= FAIR_SHARE)) return false
    this.#blocked = true
    return true
  }

  failed(): string | undefined {
    return this.#failed
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    const { file, onClosed } = this.#parts
    if (this.#used > 0 || this.#waiting > 0 || file.begun()) this.#flush(true)
    void this.#tail.then(async () => {
      if (this.#failed !== undefined || !file.begun()) {
        await file.abandon()
        return onClosed(undefined)
      }
      try {
        onClosed(await file.finish())
      } catch (problem) {
        this.#fail(problem)
        await file.abandon()
        onClosed(undefined)
      }
    })
  }

  #put(kind: number, body: Buffer): void {
    const fits = body.length <= ITEM_BYTES_MAX ? body : body.subarray(0, ITEM_BYTES_MAX)
    const at = this.#head(kind, fits.length)
    this.#buffer.set(fits, at)
  }

  // Room for one more item; answers by where its body goes.
  #head(kind: number, length: number): number {
    const needed = ITEM_HEAD_BYTES + length
    if (this.#used > 0 && this.#used + needed > CHUNK_BYTES) this.#flush(false)
    if (this.#used + needed > this.#buffer.length) this.#grow(this.#used + needed)
    if (this.#used === 0 && this.#timer === undefined && !this.#closed) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        if (this.#used > 0) this.#flush(false)
      }, this.#parts.flushMs)
      this.#timer.unref()
    }
    const at = putItemHead(this.#buffer, this.#used, kind, this.#parts.nowMs(), length)
    this.#used += needed
    return at
  }

  #grow(needed: number): void {
    const larger = this.#roomFor(needed)
    this.#buffer.copy(larger, 0, 0, this.#used)
    this.#buffer = larger
  }

  // After a chunk that filled up the next one will.
  #roomFor(needed: number): Buffer {
    if (needed <= CHUNK_BYTES && (this.#hot || needed > CHUNK_BYTES / 4)) {
      return spare.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES)
    }
    let size = Math.max(FIRST_BYTES, this.#buffer.length)
    while (size < needed) size *= 4
    return Buffer.allocUnsafeSlow(size)
  }

  #flush(last: boolean): void {
    const { file, pool } = this.#parts
    const buffer = this.#buffer
    const plain = buffer.subarray(0, this.#used)
    const held = plain.length
    this.#hot = held > CHUNK_BYTES / 2
    // The chunk before is not done yet: there is no time to compress this one.
    const hurry = this.#waiting > 0
    this.#buffer = EMPTY
    this.#used = 0
    this.#waiting += held
    pool.waiting += held
    this.#tail = this.#tail.then(async () => {
      try {
        if (this.#failed === undefined) await file.append(plain, last, hurry)
      } catch (problem) {
        this.#fail(problem)
      }
      if (buffer.length === CHUNK_BYTES && spare.length < SPARE_MAX) spare.push(buffer)
      this.#waiting -= held
      pool.waiting -= held
      if (!this.#blocked || this.#waiting > WAITING_BYTES_MAX / 2) return
      this.#blocked = false
      this.onDrain()
    })
  }

  #fail(problem: unknown): void {
    if (this.#failed !== undefined) return
    this.#failed = problem instanceof Error ? problem.message : String(problem)
    clearTimeout(this.#timer)
    this.#buffer = EMPTY
    this.#used = 0
    this.#parts.onFailed(problem, this.#required)
    if (this.#required) this.onFailure(this.#failed)
  }
}

const EMPTY: Buffer = Buffer.alloc(0)
