// The segment being written and how the next one comes: by rotation when it is full, or, after a
// failure, as one that repeats what may be lost. Knows where in the record writing is.
import type { Clock } from '../clock.js'
import type { Chain } from './chain.js'
import { closeQuietly, writeAll } from './disk.js'
import type { Disk } from './disk.js'
import type { Place } from './disk-sync.js'
import { gatewayBody } from './record-line.js'
import { resumedSegment } from './resumption.js'
import { createSegment } from './segment.js'
import type { OpenSegment } from './segment.js'

export type SeriesOptions = {
  readonly directory: string
  readonly disk: Disk
  readonly clock: Clock
  readonly chain: Chain
  // Of the last segment that exists.
  readonly index: number
}

export class SegmentSeries {
  readonly #options: SeriesOptions
  #segment: OpenSegment = { name: '', fd: -1, bytes: 0 }
  #index: number
  #bytes = 0

  constructor(options: SeriesOptions) {
    this.#options = options
    this.#index = options.index
  }

  fd(): number {
    return this.#segment.fd
  }

  bytes(): number {
    return this.#bytes
  }

  place(): Place {
    const { chain } = this.#options
    return {
      file: this.#segment.name,
      bytes: this.#bytes,
      seq: chain.seq() - 1,
      hash: chain.hash(),
      peaks: chain.tree().peaks(),
    }
  }

  write(pieces: readonly Buffer[]): void {
    let at = this.#bytes
    for (const piece of pieces) {
      writeAll(this.#options.disk, this.#segment.fd, piece, at)
      at += piece.length
    }
    this.#bytes = at
  }

  // Goes on in a new segment and returns its first line. Everything before is on the disk.
  next(durable: Place): Buffer {
    const { directory, disk } = this.#options
    this.#index += 1
    const opening = this.#opening(durable, undefined)
    try {
      this.#take(createSegment(disk, directory, this.#index, opening))
    } catch (problem) {
      this.#options.chain.undo()
      throw problem
    }
    return opening
  }

  // Goes on after a failure, with all of it on the disk when it returns.
  async resume(durable: Place, kept: readonly Buffer[], broken: string): Promise<void> {
    const { directory, disk } = this.#options
    this.#index += 1
    const opening = this.#opening(durable, broken)
    try {
      const options = { disk, directory, index: this.#index, opening, kept }
      this.#take(await resumedSegment(options))
    } catch (problem) {
      this.#options.chain.undo()
      throw problem
    }
  }

  close(): void {
    closeQuietly(this.#segment.fd)
  }

  #take(segment: OpenSegment): void {
    this.#options.chain.commit([])
    if (this.#segment.fd >= 0) closeQuietly(this.#segment.fd)
    this.#segment = segment
    this.#bytes = segment.bytes
  }

  // The first line of the next segment, which is not committed yet.
  #opening({ peaks, ...previous }: Place, broken: string | undefined): Buffer {
    const { chain, clock } = this.#options
    const restated = chain.seq() - 1 - previous.seq
    const open = chain.open.list()
    const body = gatewayBody({
      event: 'segment',
      ...(previous.file === '' ? {} : { previous }),
      ...(broken === undefined ? {} : { broken }),
      ...(restated === 0 ? {} : { restated }),
      peaks: [...peaks],
      ...(open.length === 0 ? {} : { open: [...open] }),
    })
    chain.forgetParts()
    chain.add({ time: clock.now(), durability: 'os', body })
    return Buffer.concat(chain.take())
  }
}
