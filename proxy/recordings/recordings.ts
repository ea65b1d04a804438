// The recordings of a running gateway: a tape for each session, the health of the disk and the store behind
// them, and everything that is done with recordings afterwards. When something fails, what must be recorded
// is refused until a trial write and the spool say that it works again; nothing is dropped without a word.
import { join } from 'node:path'
import type { Decision } from '../../engine/schemas/decision.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import { lockDirectory } from '../recording/directory-lock.js'
import type { Recorder, RecordingEvent } from '../recording/recorder.js'
import type { Session } from '../session.js'
import type { RecordTerms, Tape } from '../session-tape.js'
import { closeQuietly, realFilmDisk, writeAll, type FilmDisk } from './film-disk.js'
import { FilmFile, type Sealed } from './film-file.js'
import { createFilmLibrary, type FilmLibrary } from './film-library.js'
import { createHolds, type Holds } from './holds.js'
import { keepersDesk, type KeepersDesk } from './keepers-desk.js'
import { keyRing, type KeyRing } from './key-ring.js'
import { createRemoval, type Removal } from './removal.js'
import type { RecordingSettings } from './settings.js'
import { createSpool } from './spool.js'
import type { FilmStore } from './store.js'
import { createTape, type Pool } from './tape.js'
import { termsFrom } from './terms.js'

export type RecordingParts = {
  readonly settings: RecordingSettings
  readonly store: FilmStore
  readonly recorder: Pick<Recorder, 'recording' | 'incident'>
  readonly clock: Pick<Clock, 'now' | 'monotonicUs'>
  readonly log: (level: 'info' | 'warn' | 'error', words: string, fields: object) => void
  readonly onFrame: () => void
  readonly onBytes: (bytes: number) => void
  readonly onFailure: (what: string) => void
  readonly onRemoved: (why: string) => void
  readonly disk?: FilmDisk
  // How often it is looked whether trouble is over.
  readonly probeMs?: number
}

export type LiveRecordings = FilmLibrary & {
  readonly tapeFor: (session: Omit<Session, 'tape'>) => Tape
  readonly termsOf: (asked: Decision['record']) => RecordTerms
  // Looks whether other settings can be taken (throws where not); takes them when called.
  readonly reloaded: (next: RecordingSettings | undefined) => () => void
  readonly trouble: () => string | undefined
  // Bytes in memory that wait for the disk; bytes on the disk that wait for the store.
  readonly waiting: () => number
  readonly spooled: () => number
  readonly holds: Holds
  readonly removal: Removal
  readonly keepers: KeepersDesk
  readonly close: () => Promise<void>
}

const SETTLED =
  'where recordings lie, and whether there are any, is settled at the start: restart for that'
const POOL_BYTES_MAX = 256 * 1024 * 1024
const PROBE_MS = 1000
const RETRY_MS_MAX = 30_000
const CLOSING_MS_MAX = 10_000
const PROBE = Buffer.alloc(65_536)
// A full spool has room again only once so much of it is free.
const ROOMY = 0.9

export async function createRecordings(parts: RecordingParts): Promise<LiveRecordings> {
  const { store, recorder, clock, log } = parts
  let { settings } = parts
  const disk = parts.disk ?? realFilmDisk
  let ring = keyRing(settings.key, settings.previousKeys)
  const keys: KeyRing = { current: () => ring.current(), byId: (id) => ring.byId(id) }
  let termsOf = termsFrom(settings.terms)
  // A key that is not there now is a mistake of the configuration; later it is trouble.
  keys.current()
  const pool: Pool = { waiting: 0, max: POOL_BYTES_MAX }
  const live = new Set<string>()
  const tapes = new Map<string, Tape>()
  let trouble: string | undefined
  let spooled = 0
  let unsettled = true
  let busy = false
  // In a row, of bringing what is finished into the store; when it was last tried.
  let failures = 0
  let triedMs = 0
  const { probeMs = PROBE_MS } = parts

  const record = (event: RecordingEvent): Promise<void> =>
    new Promise((resolve, reject) =>
      recorder.recording(event, (failure) => (failure === undefined ? resolve() : reject(failure))),
    )
  const spool = createSpool({
    folder: settings.directory,
    disk,
    store,
    record,
    onKept: (bytes) => (spooled -= bytes),
  })
  spooled = await spool.prepare()
  const unlock = await lockedAlone(settings.directory)

  const troubled = (problem: unknown, what: string): void => {
    const why = problem instanceof Error ? problem.message : String(problem)
    unsettled = true
    parts.onFailure(what)
    if (trouble !== undefined) return
    trouble = why
    log('error', 'recordings cannot be written', { what, why })
  }
  const spoolHasRoom = (share: number): boolean => spooled < settings.spoolBytesMax * share
  const filesOf = {
    disk,
    folder: spool.openFolder,
    keys,
    onBytes: (bytes: number): void => {
      spooled += bytes
      parts.onBytes(bytes)
    },
    mayGrow: (): void => {
      if (spoolHasRoom(1)) return
      throw new GatewayError('recording_failed', 'the spool of recordings is full')
    },
  }

  // The store may be away for a while: that is trouble only once the spool is full.
  const awaits = (problem: unknown): void => {
    if (!unsettled || failures === 0) {
      log('warn', 'finished recordings wait for their store', { why: String(problem) })
    }
    parts.onFailure('store')
    unsettled = true
    triedMs = clock.now()
    failures++
    if (!spoolHasRoom(1)) troubled(problem, 'spool')
  }

  const finished = async (session: string, sealed: Sealed): Promise<void> => {
    try {
      await spool.finish(session, sealed)
      if (failures > 0) unsettled = true
      else await spool.keep(session).catch(awaits)
    } catch (problem) {
      troubled(problem, 'finish')
    } finally {
      live.delete(session)
    }
  }

  const probed = async (): Promise<void> => {
    if (!spoolHasRoom(ROOMY)) throw new Error('the spool of recordings is full')
    keys.current()
    const path = join(spool.openFolder, 'probe')
    const fd = await disk.open(path, 'w')
    try {
      await writeAll(disk, fd, [PROBE], 0)
      await disk.sync(fd)
    } finally {
      await closeQuietly(disk, fd)
    }
    await disk.unlink(path)
  }

  // What was left behind is brought home; then, if there was trouble, whether it is over.
  const looked = async (): Promise<void> => {
    if (busy || (!unsettled && trouble === undefined)) return
    busy = true
    try {
      const pauseMs = Math.min(RETRY_MS_MAX, probeMs * 2 ** Math.min(failures, 10))
      if (unsettled && (failures === 0 || clock.now() - triedMs >= pauseMs)) {
        unsettled = false
        await spool.settle(live).then(() => (failures = 0), awaits)
      }
      if (trouble === undefined) return
      await probed()
      log('info', 'recordings can be written again', { was: trouble })
      trouble = undefined
    } catch {
      return
    } finally {
      busy = false
    }
  }
  await looked()
  const timer = setInterval(() => void looked(), probeMs)
  timer.unref()

  const holds = await createHolds({ store, record, clock })
  const library = createFilmLibrary({ folder: settings.directory, store, keys, live })
  const removal = createRemoval({
    ...parts,
    settings: () => settings,
    holds,
    record,
    live,
    library,
  })

  return {
    ...library,
    holds,
    removal,
    keepers: keepersDesk(() => settings.keepers, holds, removal),
    termsOf: (asked) => termsOf(asked),
    reloaded(next) {
      const fixed = ({ directory, s3 }: RecordingSettings): string =>
        JSON.stringify([directory, s3?.endpoint, s3?.region, s3?.bucket, s3?.prefix, s3?.ca])
      if (next === undefined || fixed(next) !== fixed(settings))
        throw new GatewayError('config_invalid', SETTLED)
      const nextRing = keyRing(next.key, next.previousKeys)
      nextRing.current()
      return () => {
        settings = next
        ring = nextRing
        termsOf = termsFrom(next.terms)
      }
    },
    trouble: () => trouble,
    waiting: () => pool.waiting,
    spooled: () => spooled,
    tapeFor(session) {
      const { id, identity, target } = session
      const { facts } = identity
      const openedUs = clock.monotonicUs()
      const about = {
        session: id,
        opened: clock.now(),
        subject: facts.subject,
        issuer: facts.issuer,
        kind: facts.kind,
        target: target.name,
        database: target.database,
        labels: target.labels,
      }
      live.add(id)
      const tape = createTape({
        file: new FilmFile(filesOf, about),
        nowMs: () => Math.max(0, Math.round((clock.monotonicUs() - openedUs) / 1000)),
        flushMs: settings.flushMs,
        bytesMax: settings.sessionBytesMax,
        pool,
        onFrame: parts.onFrame,
        onFailed(problem, required) {
          troubled(problem, 'write')
          const why = problem instanceof Error ? problem.message : String(problem)
          const detail = `${required ? 'the session was ended' : 'the rest of the session is not recorded'}: ${why}`
          recorder.incident({ event: 'recording_failed', session: id, detail })
        },
        onClosed(sealed) {
          tapes.delete(id)
          if (sealed === undefined) {
            live.delete(id)
            unsettled = true
            return
          }
          void finished(id, sealed)
        },
      })
      tapes.set(id, tape)
      return tape
    },
    async close() {
      clearInterval(timer)
      removal.stop()
      for (const tape of tapes.values()) tape.close()
      const until = clock.now() + CLOSING_MS_MAX
      // What a disk that hangs does not take is brought home at the next start.
      while (live.size > 0 && clock.now() < until) await pause()
      if (live.size > 0) log('warn', 'recordings are left as they are', { count: live.size })
      unlock()
    },
  }
}

// Two gateways would take each other's open recordings for what was left behind.
async function lockedAlone(folder: string): Promise<() => void> {
  try {
    return await lockDirectory(folder)
  } catch (cause) {
    if (!(cause instanceof GatewayError) || cause.code !== 'conflict') throw cause
    const words = `the recordings in ${folder} are in use by another gateway: give each a folder of its own`
    throw new GatewayError('conflict', words, { cause })
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10))
}
