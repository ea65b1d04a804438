// Recordings without a gateway around them: a real folder and a real record, sessions made by hand, and a
// disk that can be made to fail at any of its calls.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../proxy/clock.js'
import { recordLines } from '../../../proxy/recording/read-record.js'
import type { RecordLine } from '../../../engine/schemas/record.js'
import type { Recorder } from '../../../proxy/recording/recorder.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { diskStore } from '../../../proxy/recordings/disk-store.js'
import { realFilmDisk, type FilmDisk } from '../../../proxy/recordings/film-disk.js'
import { createRecordings, type LiveRecordings } from '../../../proxy/recordings/recordings.js'
import type { RecordingSettings } from '../../../proxy/recordings/settings.js'
import type { FilmStore } from '../../../proxy/recordings/store.js'
import { message } from '../../../proxy/protocols/postgres/wire-bytes.js'
import type { Session } from '../../../proxy/session.js'
import { FILM_KEY } from '../../peers/film-reader.js'
import { sampleSession } from '../sample-session.js'

export type FilmLab = {
  readonly recordings: LiveRecordings
  readonly settings: RecordingSettings
  readonly recorder: Recorder
  readonly store: FilmStore
  readonly directory: string
  readonly failures: string[]
  readonly lines: () => Promise<readonly Extract<RecordLine, { kind: 'recording' }>[]>
  readonly incidents: () => Promise<readonly Extract<RecordLine, { kind: 'incident' }>[]>
  // Ends without a word, as a killed process does, and comes up again on the same folder.
  readonly again: (disk?: FilmDisk) => Promise<LiveRecordings>
  readonly close: () => Promise<void>
}

export type LabOptions = {
  readonly disk?: FilmDisk
  readonly settings?: Partial<RecordingSettings>
  readonly store?: (directory: string) => FilmStore
  readonly now?: () => number
}

export async function filmLab(options: LabOptions = {}): Promise<FilmLab> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-films-'))
  const record = join(directory, 'record')
  const recorder = await createRecorder({ directory: record, syncMs: 2 })
  const { disk = realFilmDisk } = options
  const folder = join(directory, 'recordings')
  const store = options.store?.(folder) ?? diskStore(join(folder, 'kept'), disk)
  const failures: string[] = []
  const settings: RecordingSettings = {
    directory: folder,
    key: { reference: 'env:KEY', reveal: () => FILM_KEY },
    previousKeys: [],
    terms: { level: 'results', rows: Infinity, bytes: Infinity, required: false },
    sessionBytesMax: 1e9,
    spoolBytesMax: 1e9,
    flushMs: 5,
    retentionDays: undefined,
    retention: [],
    sweepMs: 3_600_000,
    keepers: ['auditors'],
    s3: undefined,
    ...options.settings,
  }
  const made = (on: FilmDisk): Promise<LiveRecordings> =>
    createRecordings({
      settings,
      store,
      recorder,
      clock: { ...systemClock, now: options.now ?? Date.now },
      log: () => undefined,
      onFrame: () => undefined,
      onBytes: () => undefined,
      onFailure: (what) => void failures.push(what),
      onRemoved: () => undefined,
      disk: on,
      probeMs: 10,
    })
  const recordings = await made(disk)
  const others: LiveRecordings[] = []
  const linesOf = async <K extends RecordLine['kind']>(
    kind: K,
  ): Promise<readonly Extract<RecordLine, { kind: K }>[]> => {
    const found: Extract<RecordLine, { kind: K }>[] = []
    for await (const { line } of recordLines(record)) {
      if (line.kind === kind) found.push(line as Extract<RecordLine, { kind: K }>)
    }
    return found
  }
  return {
    recordings,
    settings,
    recorder,
    store,
    directory: folder,
    failures,
    lines: () => linesOf('recording'),
    incidents: () => linesOf('incident'),
    again: async (on = realFilmDisk) => {
      rmSync(join(folder, 'lock'), { force: true })
      const one = await made(on)
      others.push(one)
      return one
    },
    close: async () => {
      await recordings.close()
      for (const one of others) await one.close()
      await recorder.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export function filmSession(id: string): Session {
  return { ...sampleSession(), id }
}

// One command and its answer, as the relay tells them.
export function act(
  tape: ReturnType<LiveRecordings['tapeFor']>,
  command: number,
  rows: readonly string[],
): void {
  tape.command(command, `SELECT ${command}`, undefined)
  tape.turn(command)
  const answer = Buffer.concat([
    message('T', Buffer.of(0, 1), 'a', Buffer.from('000000000000000000190001ffffffff0000', 'hex')),
    ...rows.map(rowMessage),
    message('C', `SELECT ${rows.length}`),
  ])
  tape.wire(answer, 0, answer.length)
}

function rowMessage(value: string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return message('D', Buffer.of(0, 1), length, bytes)
}

// The n-th call of a disk fails so, and each after it while `fails` says so.
export function failingDisk(
  nth: number,
  how: 'ENOSPC' | 'EIO' | 'short',
): {
  readonly disk: FilmDisk
  readonly calls: () => number
  readonly hit: () => string
  // From now on it works.
  readonly mend: () => void
} {
  let calls = 0
  let hit = ''
  let whole = false
  const counted = <A extends readonly unknown[], R>(
    name: string,
    real: (...args: A) => Promise<R>,
  ): ((...args: A) => Promise<R>) => {
    return async (...args) => {
      calls++
      if (calls !== nth || whole) return real(...args)
      hit = name
      if (how === 'short') return name === 'write' ? shortened(real, args) : real(...args)
      throw Object.assign(new Error(`${how}: ${name}`), { code: how })
    }
  }
  const disk: FilmDisk = {
    open: counted('open', realFilmDisk.open),
    write: counted('write', realFilmDisk.write),
    read: realFilmDisk.read,
    sync: counted('sync', realFilmDisk.sync),
    truncate: counted('truncate', realFilmDisk.truncate),
    close: counted('close', realFilmDisk.close),
    rename: counted('rename', realFilmDisk.rename),
    unlink: counted('unlink', realFilmDisk.unlink),
    mkdir: counted('mkdir', realFilmDisk.mkdir),
    syncFolder: counted('syncFolder', realFilmDisk.syncFolder),
  }
  return { disk, calls: () => calls, hit: () => hit, mend: () => void (whole = true) }
}

function shortened<A extends readonly unknown[], R>(
  real: (...args: A) => Promise<R>,
  args: A,
): Promise<R> {
  const [fd, pieces, position] = args as unknown as [number, readonly Uint8Array[], number]
  const whole = Buffer.concat(pieces)
  const half = [whole.subarray(0, Math.max(1, whole.length >> 1))]
  return real(...([fd, half, position] as unknown as A))
}
