// Writes the record: lines asked for in one turn of the event loop are chained, written by one call and
// called back in order; a background sync takes them to the disk. After any failure nothing more is
// accepted until a new segment, synced as a whole, continues the chain (`resumption.ts`).
import { closeSync } from 'node:fs'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Log } from '../log.js'
import type { Chain } from './chain.js'
import type { CheckpointFile } from './checkpoint-file.js'
import type { Disk } from './disk.js'
import { synced, syncDirectory, writeAll } from './disk.js'
import type { Entry } from './record-entry.js'
import { gatewayBody, outcomeBody } from './record-line.js'
import type { CommandRecord, Outcome } from './recorder.js'
import { resumedSegment } from './resumption.js'
import { createSegment } from './segment.js'
import type { OpenSegment } from './segment.js'
import type { Signer } from './signed-note.js'

export type WriterOptions = {
  readonly directory: string
  readonly disk: Disk
  readonly clock: Clock
  readonly log: Log
  readonly signer: Signer
  readonly checkpoints: CheckpointFile
  readonly segmentBytes: number
  readonly syncMs: number
  readonly checkpointMs: number
  readonly onHealth: (healthy: boolean, reason: string) => void
}

// Up to where everything is on the disk.
type Place = {
  readonly file: string
  readonly bytes: number
  // Of the last line; -1 where there is none.
  readonly seq: number
  readonly hash: string
  readonly peaks: readonly string[]
}

// Outcomes wait for the next command's write, or this long. Until then a crash makes them unknown.
const LAZY_MS = 10
const RETRY_MS = 250
// Written lines are kept until they are synced, to be written again should the sync fail. With so
// many bytes kept the next lines wait: a disk this slow must not take the memory.
const KEPT_BYTES_MAX = 64 << 20
// Events that nobody waits for, kept while nothing can be written. One a command in flight and a few a
// session: more than this is only reached by a flood of incidents.
const OWED_MAX = 200_000

export class LineWriter {
  readonly #options: WriterOptions
  readonly #chain: Chain
  #segment: OpenSegment
  #index: number
  // Written to the segment so far.
  #bytes: number
  #queue: Entry[] = []
  #flushAsked = false
  #lazyArmed = false
  #kept: Buffer[] = []
  #keptBytes = 0
  #durable: Place
  #syncing: Promise<void> | undefined
  #syncArmed = false
  // Entries that are written and wait for the disk.
  #waiting: Entry[] = []
  readonly #checkpointTimer: NodeJS.Timeout
  #checkpointDue = false
  #directoryChanged = true
  #checkpointSize: number
  #broken: { readonly reason: string; readonly sinceMs: number } | undefined
  #owed: Entry[] = []
  #refused = 0
  #lost = 0
  #closed = false

  constructor(
    options: WriterOptions,
    chain: Chain,
    last: { readonly index: number; readonly place: Omit<Place, 'peaks'> | undefined },
  ) {
    this.#options = options
    this.#chain = chain
    this.#index = last.index
    const peaks = chain.tree().peaks()
    this.#durable = {
      ...(last.place ?? { file: '', bytes: 0, seq: -1, hash: chain.hash() }),
      peaks,
    }
    this.#checkpointSize = options.checkpoints.last?.checkpoint.size ?? 0
    this.#segment = this.#nextSegment()
    this.#bytes = this.#segment.bytes
    this.#checkpointTimer = setInterval(() => {
      this.#checkpointDue = true
      this.#sync()
    }, options.checkpointMs)
    this.#checkpointTimer.unref()
  }

  healthy(): boolean {
    return this.#broken === undefined && !this.#closed
  }

  lag(): number {
    return this.#queue.length + this.#owed.length + this.#chain.seq() - 1 - this.#durable.seq
  }

  // Written at the end of this turn of the event loop.
  add(entry: Entry): void {
    this.#queue.push(entry)
    if (this.#flushAsked) return
    this.#flushAsked = true
    setImmediate(() => this.#flush())
  }

  // Written with whatever is written next, or a little later.
  addLazily(entry: Entry): void {
    this.#queue.push(entry)
    if (this.#flushAsked || this.#lazyArmed) return
    this.#lazyArmed = true
    setTimeout(() => {
      this.#lazyArmed = false
      if (this.#queue.length > 0 && !this.#flushAsked) this.#flush()
    }, LAZY_MS)
  }

  // Ends the record for good: commands still open become unknown, everything goes to the disk, and
  // the last checkpoint covers it. Returns false where the disk does not allow that.
  async close(): Promise<boolean> {
    clearInterval(this.#checkpointTimer)
    await this.#syncing
    if (this.#broken !== undefined) await this.#resume()
    await this.#flushed()
    const time = this.#options.clock.now()
    for (const { session, command } of this.#chain.open.list()) {
      this.#queue.push(outcomeEntry(time, { session, command, result: 'unknown' }))
    }
    this.#queue.push({ time, body: gatewayBody({ event: 'stopped' }), durability: 'os' })
    await this.#flushed()
    this.#checkpointDue = true
    this.#sync()
    await this.#syncing
    this.#closed = true
    closeQuietly(this.#segment.fd)
    return this.#broken === undefined
  }

  async #flushed(): Promise<void> {
    while (this.#queue.length > 0 && this.#broken === undefined) {
      this.#flush()
      await this.#syncing
    }
  }

  #flush(): void {
    this.#flushAsked = false
    const entries = this.#queue
    if (entries.length === 0) return
    if (!this.healthy()) {
      this.#queue = []
      return this.#refuse(entries)
    }
    if (this.#keptBytes > KEPT_BYTES_MAX || this.#bytes >= this.#options.segmentBytes) {
      // The end of the sync comes back here. A segment is left only once it is on the disk.
      if (this.#kept.length > 0) return this.#sync()
      if (!this.#rotated()) return
    }
    this.#queue = []
    try {
      for (const entry of entries) this.#chain.add(entry)
      this.#write(this.#chain.take())
    } catch (problem) {
      this.#chain.take()
      this.#chain.undo()
      this.#breakOff(problem)
      return this.#refuse(entries)
    }
    this.#chain.commit(entries)
    this.#answer(entries)
    this.#syncSoon()
  }

  #write(pieces: readonly Buffer[]): void {
    let at = this.#bytes
    for (const piece of pieces) {
      writeAll(this.#options.disk, this.#segment.fd, piece, at)
      at += piece.length
    }
    this.#keep(pieces)
    this.#bytes = at
  }

  #keep(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      this.#kept.push(piece)
      this.#keptBytes += piece.length
    }
  }

  #answer(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.written === undefined) continue
      if (entry.durability === 'disk') this.#waiting.push(entry)
      else this.#call(entry, undefined)
    }
    if (this.#waiting.length > 0) this.#sync()
  }

  // Commands fail; what nobody waits for is kept until it can be written.
  #refuse(entries: readonly Entry[]): void {
    const failure = new GatewayError(
      'record_failed',
      `the record cannot be written: ${this.#broken?.reason ?? 'it is closed'}`,
    )
    for (const entry of entries) {
      if (entry.written === undefined) this.#owe(entry)
      else {
        if (entry.command !== undefined) this.#refused += 1
        this.#call(entry, failure)
      }
    }
  }

  #owe(entry: Entry): void {
    if (this.#owed.length < OWED_MAX) this.#owed.push(entry)
    else this.#lost += 1
  }

  #call(entry: Entry, failure: Error | undefined): void {
    try {
      entry.written?.(failure)
    } catch (problem) {
      // One caller's mistake must not leave the others without an answer.
      this.#options.log.error({ err: problem }, 'a caller of the record failed')
    }
  }

  #syncSoon(): void {
    if (this.#syncArmed || this.#kept.length === 0) return
    this.#syncArmed = true
    setTimeout(() => {
      this.#syncArmed = false
      this.#sync()
    }, this.#options.syncMs)
  }

  #sync(): void {
    if (this.#syncing !== undefined || !this.healthy()) return
    if (this.#kept.length === 0 && !this.#checkpointDue) return
    const tree = this.#chain.tree()
    const place: Place = {
      file: this.#segment.name,
      bytes: this.#bytes,
      seq: this.#chain.seq() - 1,
      hash: this.#chain.hash(),
      peaks: tree.peaks(),
    }
    const signed = this.#checkpointDue && tree.size() > this.#checkpointSize
    const note = signed
      ? this.#options.signer.signed({
          origin: this.#options.signer.name,
          size: tree.size(),
          root: tree.root(),
        })
      : undefined
    this.#checkpointDue = false
    const waiting = this.#waiting
    this.#waiting = []
    const pieces = this.#kept.length
    const bytes = this.#keptBytes
    const run = async (): Promise<void> => {
      await synced(this.#options.disk, this.#segment.fd)
      if (this.#directoryChanged) syncDirectory(this.#options.directory)
      this.#directoryChanged = false
      this.#durable = place
      this.#kept.splice(0, pieces)
      this.#keptBytes -= bytes
      for (const entry of waiting.splice(0)) this.#call(entry, undefined)
      if (note === undefined) return
      await this.#options.checkpoints.append(note)
      this.#checkpointSize = place.seq + 1
    }
    this.#syncing = run().then(
      () => this.#syncEnded(undefined, waiting),
      (problem: unknown) => this.#syncEnded(problem, waiting),
    )
  }

  #syncEnded(problem: unknown, waiting: readonly Entry[]): void {
    this.#syncing = undefined
    if (problem !== undefined) {
      this.#waiting = [...waiting, ...this.#waiting]
      return this.#breakOff(problem)
    }
    if (this.#queue.length > 0 && !this.#flushAsked) this.#flush()
    if (this.#waiting.length > 0) this.#sync()
    else this.#syncSoon()
  }

  // After this, the segment that failed is never written again.
  #breakOff(problem: unknown): void {
    if (this.#broken !== undefined) return
    const reason = problem instanceof Error ? problem.message : String(problem)
    this.#broken = { reason, sinceMs: this.#options.clock.now() }
    this.#options.log.error({ err: problem }, 'the record cannot be written: commands are denied')
    this.#options.onHealth(false, reason)
    const waiting = this.#waiting
    this.#waiting = []
    this.#refuse(waiting)
    // Their lines stand in the record, so it must say that they never ran.
    for (const { command } of waiting) {
      if (command?.go !== true) continue
      this.#owe(
        outcomeEntry(this.#options.clock.now(), { ...commandOf(command), result: 'cancelled' }),
      )
    }
    this.#retry()
  }

  #retry(): void {
    setTimeout(() => {
      if (this.#broken !== undefined && !this.#closed) void this.#resume()
    }, RETRY_MS)
  }

  async #resume(): Promise<void> {
    await this.#syncing
    const { disk, directory, clock, log, onHealth } = this.#options
    const broken = this.#broken
    if (broken === undefined) return
    this.#index += 1
    let segment: OpenSegment
    try {
      const opening = this.#opening(broken.reason)
      const options = { disk, directory, index: this.#index, opening, kept: this.#kept }
      segment = await resumedSegment(options)
    } catch (problem) {
      this.#chain.undo()
      log.debug({ err: problem }, 'the record still cannot be written')
      return this.#retry()
    }
    this.#chain.commit([])
    closeQuietly(this.#segment.fd)
    this.#segment = segment
    this.#bytes = segment.bytes
    this.#kept = []
    this.#keptBytes = 0
    this.#durable = {
      file: segment.name,
      bytes: segment.bytes,
      seq: this.#chain.seq() - 1,
      hash: this.#chain.hash(),
      peaks: this.#chain.tree().peaks(),
    }
    const resumed = {
      event: 'resumed' as const,
      detail: `${broken.reason}; ${Math.round(clock.now() - broken.sinceMs)} ms`,
      refused: this.#refused,
      ...(this.#lost === 0 ? {} : { lost: this.#lost }),
    }
    this.#broken = undefined
    this.#refused = 0
    this.#lost = 0
    const first: Entry = { time: clock.now(), body: gatewayBody(resumed), durability: 'os' }
    this.#queue = [first, ...this.#owed, ...this.#queue]
    this.#owed = []
    this.#flush()
    if (!this.healthy()) return
    log.info(resumed, 'the record can be written again')
    onHealth(true, '')
  }

  #rotated(): boolean {
    const left = this.#segment
    try {
      this.#segment = this.#nextSegment()
    } catch (problem) {
      this.#chain.undo()
      this.#breakOff(problem)
      const entries = this.#queue
      this.#queue = []
      this.#refuse(entries)
      return false
    }
    this.#bytes = this.#segment.bytes
    closeQuietly(left.fd)
    return true
  }

  #nextSegment(): OpenSegment {
    this.#index += 1
    const opening = this.#opening(undefined)
    const segment = createSegment(this.#options.disk, this.#options.directory, this.#index, opening)
    this.#chain.commit([])
    this.#keep([opening])
    this.#directoryChanged = true
    return segment
  }

  // The first line of the next segment, which is not committed yet.
  #opening(broken: string | undefined): Buffer {
    const { peaks, ...previous } = this.#durable
    const restated = this.#chain.seq() - 1 - previous.seq
    const open = this.#chain.open.list()
    this.#chain.forgetParts()
    this.#chain.add({
      time: this.#options.clock.now(),
      durability: 'os',
      body: gatewayBody({
        event: 'segment',
        ...(previous.file === '' ? {} : { previous }),
        ...(broken === undefined ? {} : { broken }),
        ...(restated === 0 ? {} : { restated }),
        peaks: [...peaks],
        ...(open.length === 0 ? {} : { open: [...open] }),
      }),
    })
    return Buffer.concat(this.#chain.take())
  }
}

export function outcomeEntry(time: number, outcome: Outcome): Entry {
  return { time, body: outcomeBody(outcome), outcome, durability: 'os' }
}

function commandOf(command: CommandRecord): { session: string; command: number } {
  return { session: command.session, command: command.command }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd)
  } catch {
    // Of a segment that is synced or given up: nothing depends on it any more.
    return
  }
}
