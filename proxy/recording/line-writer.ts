// Writes the record: lines asked for in one turn of the event loop are chained, written by one call and
// called back in order; a background sync takes them to the disk. After any failure nothing more is
// accepted until a new segment, synced as a whole, continues the chain (`resumption.ts`).
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Log } from '../log.js'
import type { Chain } from './chain.js'
import { DiskSync } from './disk-sync.js'
import type { DiskSyncOptions, Place } from './disk-sync.js'
import { createOwed } from './owed.js'
import { outcomeEntry } from './record-entry.js'
import type { Entry } from './record-entry.js'
import { gatewayBody } from './record-line.js'
import { SegmentSeries } from './segment-series.js'

export type WriterOptions = Omit<DiskSyncOptions, 'here' | 'allowed' | 'answered' | 'ended'> & {
  readonly clock: Clock
  readonly log: Log
  readonly segmentBytes: number
  readonly onHealth: (healthy: boolean, reason: string) => void
}

// Outcomes wait for the next command's write, or this long. Until then a crash makes them unknown.
const LAZY_MS = 10
const RETRY_MS = 250
// Written lines are kept until they are synced, to be written again should the sync fail. With so
// many bytes kept the next lines wait: a disk this slow must not take the memory.
const KEPT_BYTES_MAX = 64 << 20

export class LineWriter {
  readonly #options: WriterOptions
  readonly #chain: Chain
  readonly #series: SegmentSeries
  #queue: Entry[] = []
  #flushAsked = false
  #lazyArmed = false
  readonly #sync: DiskSync
  #broken: { readonly reason: string; readonly sinceMs: number } | undefined
  #resuming: Promise<void> | undefined
  readonly #owed = createOwed()
  #closed = false

  constructor(
    options: WriterOptions,
    chain: Chain,
    last: { readonly index: number; readonly place?: Omit<Place, 'peaks'> | undefined },
  ) {
    this.#options = options
    this.#chain = chain
    const { directory, disk, clock } = options
    this.#series = new SegmentSeries({ directory, disk, clock, chain, index: last.index })
    const peaks = chain.tree().peaks()
    const { place = { file: '', bytes: 0, seq: -1, hash: chain.hash() } } = last
    this.#sync = new DiskSync(
      {
        ...options,
        here: () => ({
          place: this.#series.place(),
          fd: this.#series.fd(),
          tree: chain.tree(),
        }),
        allowed: () => this.healthy(),
        answered: (entry) => this.#call(entry, undefined),
        ended: (problem, waiting) => this.#syncEnded(problem, waiting),
      },
      { ...place, peaks },
    )
    try {
      this.#sync.begun(this.#series.next(this.#sync.durable()))
    } catch (problem) {
      // Nothing of a writer that never began may go on writing.
      this.#sync.stop()
      throw problem
    }
  }

  healthy(): boolean {
    return this.#broken === undefined && !this.#closed
  }

  lag(): number {
    return this.#queue.length + this.#owed.size() + this.#chain.seq() - 1 - this.#sync.durable().seq
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
    this.#sync.stop()
    await this.#sync.settled()
    if (this.#broken !== undefined) await this.#resumed()
    await this.#flushed()
    const time = this.#options.clock.now()
    for (const { session, command } of this.#chain.open.list()) {
      this.#queue.push(outcomeEntry(time, { session, command, result: 'unknown' }))
    }
    this.#queue.push({ time, body: gatewayBody({ event: 'stopped' }), durability: 'os' })
    await this.#flushed()
    this.#sync.checkpoint()
    await this.#sync.settled()
    this.#closed = true
    this.#series.close()
    return this.#broken === undefined
  }

  async #flushed(): Promise<void> {
    while (this.#queue.length > 0 && this.#broken === undefined) {
      this.#flush()
      await this.#sync.settled()
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
    if (
      this.#sync.keptBytes() > KEPT_BYTES_MAX ||
      this.#series.bytes() >= this.#options.segmentBytes
    ) {
      // The end of the sync comes back here. A segment is left only once it is on the disk, and never
      // while a sync of a checkpoint still holds its file.
      if (this.#sync.keptBytes() > 0 || this.#sync.busy()) return this.#sync.now()
      if (!this.#rotated()) return
    }
    this.#queue = []
    const added = entries.filter((entry) => this.#added(entry))
    try {
      const pieces = this.#chain.take()
      this.#series.write(pieces)
      this.#sync.keep(pieces)
    } catch (problem) {
      this.#chain.undo()
      this.#breakOff(problem)
      return this.#refuse(added)
    }
    this.#chain.commit(added)
    this.#answer(added)
    this.#sync.soon()
  }

  // One line that cannot be put into words fails alone.
  #added(entry: Entry): boolean {
    try {
      this.#chain.add(entry)
      return true
    } catch (problem) {
      this.#options.log.error({ err: problem }, 'a line of the record cannot be written down')
      this.#call(
        entry,
        new GatewayError('record_failed', 'it cannot be written down', { cause: problem }),
      )
      return false
    }
  }

  #answer(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.written === undefined) continue
      if (entry.durability === 'disk') this.#sync.wait(entry)
      else this.#call(entry, undefined)
    }
    if (this.#sync.waiting()) this.#sync.now()
  }

  // Commands fail; what nobody waits for is kept until it can be written.
  #refuse(entries: readonly Entry[]): void {
    const failure = new GatewayError(
      'record_failed',
      `the record cannot be written: ${this.#broken?.reason ?? 'it is closed'}`,
    )
    for (const entry of this.#owed.sorted(entries)) this.#call(entry, failure)
  }

  #call(entry: Entry, failure: Error | undefined): void {
    try {
      entry.written?.(failure)
    } catch (problem) {
      // One caller's mistake must not leave the others without an answer.
      this.#options.log.error({ err: problem }, 'a caller of the record failed')
    }
  }

  #syncEnded(problem: unknown, waiting: readonly Entry[]): void {
    if (problem !== undefined) this.#breakOff(problem, waiting)
    else if (this.#queue.length > 0 && !this.#flushAsked) this.#flush()
  }

  // After this, the segment that failed is never written again.
  #breakOff(problem: unknown, synced: readonly Entry[] = []): void {
    if (this.#broken === undefined) {
      const reason = problem instanceof Error ? problem.message : String(problem)
      this.#broken = { reason, sinceMs: this.#options.clock.now() }
      this.#options.log.error({ err: problem }, 'the record cannot be written: commands are denied')
      this.#retry()
      this.#tell(false, reason)
    }
    const waiting = [...synced, ...this.#sync.abandoned()]
    this.#refuse(waiting)
    // Their lines stand in the record, so it must say that they never ran.
    for (const { command } of waiting) {
      if (command?.go !== true) continue
      const outcome = { session: command.session, command: command.command }
      this.#owed.owe(outcomeEntry(this.#options.clock.now(), { ...outcome, result: 'cancelled' }))
    }
  }

  #tell(healthy: boolean, reason: string): void {
    try {
      this.#options.onHealth(healthy, reason)
    } catch (problem) {
      this.#options.log.error({ err: problem }, 'the record’s health could not be told')
    }
  }

  #retry(): void {
    setTimeout(() => {
      if (this.#broken !== undefined && !this.#closed) void this.#resumed()
    }, RETRY_MS)
  }

  #resumed(): Promise<void> {
    this.#resuming ??= this.#resume().finally(() => {
      this.#resuming = undefined
    })
    return this.#resuming
  }

  async #resume(): Promise<void> {
    await this.#sync.settled()
    const { clock, log } = this.#options
    const broken = this.#broken
    if (broken === undefined) return
    try {
      await this.#series.resume(this.#sync.durable(), this.#sync.kept(), broken.reason)
    } catch (problem) {
      log.debug({ err: problem }, 'the record still cannot be written')
      return this.#retry()
    }
    this.#sync.restarted(this.#series.place())
    const { entries, refused, lost } = this.#owed.settled()
    const resumed = {
      event: 'resumed' as const,
      detail: `${broken.reason}; ${Math.round(clock.now() - broken.sinceMs)} ms`,
      refused,
      ...(lost === 0 ? {} : { lost }),
    }
    this.#broken = undefined
    const first: Entry = { time: clock.now(), body: gatewayBody(resumed), durability: 'os' }
    this.#queue = [first, ...entries, ...this.#queue]
    this.#flush()
    if (!this.healthy()) return
    log.info(resumed, 'the record can be written again')
    this.#tell(true, '')
  }

  #rotated(): boolean {
    try {
      this.#sync.begun(this.#series.next(this.#sync.durable()))
      return true
    } catch (problem) {
      this.#breakOff(problem)
      this.#refuse(this.#queue.splice(0))
      return false
    }
  }
}
