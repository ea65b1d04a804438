// Takes written lines to the disk: one sync at a time, on a thread of its own, shared by all that wait
// for it. Lines are kept in memory until then, so that a failed sync loses none of them; checkpoints are
// signed here, since only what is on the disk may be signed.
import { synced } from './disk.js'
import type { Disk } from './disk.js'
import type { CheckpointFile } from './checkpoint-file.js'
import type { Tree } from './merkle.js'
import type { Entry } from './record-entry.js'
import type { Signer } from './signed-note.js'

// A point in the record.
export type Place = {
  readonly file: string
  // Length of the file up to here.
  readonly bytes: number
  // Of the last line; -1 where there is none.
  readonly seq: number
  readonly hash: string
  readonly peaks: readonly string[]
}

export type DiskSyncOptions = {
  readonly directory: string
  readonly disk: Disk
  readonly signer: Pick<Signer, 'name' | 'signed'>
  readonly checkpoints: CheckpointFile
  // Told of each checkpoint that is on the disk, and of the place that it covers everything up to.
  readonly onCheckpoint?: ((note: string, place: Place) => void) | undefined
  readonly syncMs: number
  readonly checkpointMs: number
  // Where writing is now.
  readonly here: () => { readonly place: Place; readonly fd: number; readonly tree: Tree }
  readonly allowed: () => boolean
  readonly answered: (entry: Entry) => void
  // After each sync. With a problem: the entries that waited for it, whose lines are still kept.
  readonly ended: (problem: unknown, waiting: readonly Entry[]) => void
}

export class DiskSync {
  readonly #options: DiskSyncOptions
  readonly #checkpointTimer: NodeJS.Timeout
  #kept: Buffer[] = []
  #keptBytes = 0
  #durable: Place
  #waiting: Entry[] = []
  #running: Promise<void> | undefined
  #armed = false
  #directoryChanged = true
  #checkpointDue = false
  #checkpointSize: number

  constructor(options: DiskSyncOptions, durable: Place) {
    this.#options = options
    this.#durable = durable
    this.#checkpointSize = options.checkpoints.last?.checkpoint.size ?? 0
    this.#checkpointTimer = setInterval(() => this.checkpoint(), options.checkpointMs)
    this.#checkpointTimer.unref()
  }

  // Written and not yet on the disk, oldest first.
  kept(): readonly Buffer[] {
    return this.#kept
  }

  keptBytes(): number {
    return this.#keptBytes
  }

  durable(): Place {
    return this.#durable
  }

  busy(): boolean {
    return this.#running !== undefined
  }

  // Ends with the sync that is under way, and never fails.
  async settled(): Promise<void> {
    await this.#running
  }

  keep(pieces: readonly Buffer[]): void {
    for (const piece of pieces) {
      this.#kept.push(piece)
      this.#keptBytes += piece.length
    }
  }

  // A new segment; its name is on the disk only once the directory is.
  begun(opening: Buffer): void {
    this.keep([opening])
    this.#directoryChanged = true
  }

  // Everything is on the disk in a segment that was synced as a whole.
  restarted(place: Place): void {
    this.#kept = []
    this.#keptBytes = 0
    this.#durable = place
  }

  wait(entry: Entry): void {
    this.#waiting.push(entry)
  }

  waiting(): boolean {
    return this.#waiting.length > 0
  }

  // Nobody waits any longer: hands over who did.
  abandoned(): Entry[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting
  }

  soon(): void {
    if (this.#armed || this.#kept.length === 0) return
    this.#armed = true
    const timer = setTimeout(() => {
      this.#armed = false
      this.now()
    }, this.#options.syncMs)
    // Whoever ends the process closes the record first; a sync alone keeps none alive.
    timer.unref()
  }

  checkpoint(): void {
    this.#checkpointDue = true
    this.now()
  }

  now(): void {
    if (this.#running !== undefined || !this.#options.allowed()) return
    if (this.#kept.length === 0 && !this.#checkpointDue) return
    const waiting = this.abandoned()
    this.#running = this.#run(waiting).then(
      () => this.#end(undefined, waiting),
      (problem: unknown) => this.#end(problem, waiting),
    )
  }

  stop(): void {
    clearInterval(this.#checkpointTimer)
  }

  async #run(waiting: Entry[]): Promise<void> {
    const { directory, disk, checkpoints, answered, here } = this.#options
    const { place, fd, tree } = here()
    const note = this.#dueNote(tree)
    const pieces = this.#kept.length
    const bytes = this.#keptBytes
    await synced(disk, fd)
    if (this.#directoryChanged) disk.syncDirectory(directory)
    this.#directoryChanged = false
    this.#durable = place
    this.#kept.splice(0, pieces)
    this.#keptBytes -= bytes
    for (const entry of waiting.splice(0)) answered(entry)
    if (note === undefined) return
    await checkpoints.append(note)
    this.#checkpointSize = place.seq + 1
    this.#options.onCheckpoint?.(note, place)
  }

  // Signed now, over what is written now; handed out once that is on the disk.
  #dueNote(tree: Tree): string | undefined {
    const due = this.#checkpointDue && tree.size() > this.#checkpointSize
    this.#checkpointDue = false
    if (!due) return undefined
    const { signer } = this.#options
    return signer.signed({ origin: signer.name, size: tree.size(), root: tree.root() })
  }

  #end(problem: unknown, waiting: readonly Entry[]): void {
    this.#running = undefined
    this.#options.ended(problem, waiting)
    if (this.#waiting.length > 0) this.now()
    else this.soon()
  }
}
