// Recordings come to their end: by retention, swept now and then, or by people who say why. The record is
// told first (what, which digest, who or which rule), then the recording's key goes, which makes every copy
// of it unreadable, then its bytes. A legal hold stops all of it.
import { GatewayError } from '../errors.js'
import type { RecordingEvent } from '../recording/recorder.js'
import type { FilmLibrary } from './film-library.js'
import { holdOn, type Holds } from './holds.js'
import type { About, KeyDocument } from './key-document.js'
import type { RecordingSettings, RetentionRule } from './settings.js'
import { storedFilm, storedKey, type FilmStore } from './store.js'

export type RemovalParts = {
  readonly settings: () => Pick<RecordingSettings, 'retention' | 'retentionDays' | 'sweepMs'>
  readonly store: FilmStore
  readonly clock: { readonly now: () => number }
  readonly log: (level: 'info' | 'warn' | 'error', words: string, fields: object) => void
  readonly onRemoved: (why: string) => void
  readonly holds: Pick<Holds, 'all'>
  readonly record: (event: RecordingEvent) => Promise<void>
  readonly live: ReadonlySet<string>
  readonly library: FilmLibrary
}

export type Removal = {
  // By a person, for a reason.
  readonly remove: (session: string, by: string, reason: string) => Promise<void>
  // Whatever is past its time; answers by how many.
  readonly sweep: () => Promise<number>
  readonly stop: () => void
}

const DAY_MS = 86_400_000
// The first sweep does not meet the start.
const FIRST_MS = 60_000

export function createRemoval(parts: RemovalParts): Removal {
  const { settings, store, clock, log, holds, live, library } = parts

  const removed = async (document: KeyDocument, by: string, reason: string): Promise<void> => {
    const { session, sealed } = document
    const known = sealed ?? (await library.digest(session))
    await parts.record({
      event: 'deleted',
      session,
      ...(known === undefined
        ? {}
        : { digest: known.digest, chunks: known.chunks, bytes: known.bytes }),
      erased: 'all',
      reason,
      by,
    })
    await store.remove(storedKey(session))
    await store.remove(storedFilm(session))
    log('info', 'a recording was deleted', { session, by, reason })
  }

  // Its key is gone already; what is left of it can be read by nobody.
  const unkeyed = async (session: string, by: string, reason: string): Promise<void> => {
    const known = live.has(session) ? undefined : await library.digest(session)
    if (known === undefined) {
      throw new GatewayError('not_found', `session ${session} has no recording`)
    }
    if ((await holds.all()).some(({ scope, of }) => scope === 'session' && of === session)) {
      throw new GatewayError('not_allowed', `recording ${session} is under legal hold`)
    }
    await parts.record({ event: 'deleted', session, ...known, erased: 'all', reason, by })
    await store.remove(storedFilm(session))
  }

  const sweep = async (): Promise<number> => {
    const standing = await holds.all()
    let count = 0
    for await (const document of library.documents()) {
      const days = daysOf(document, settings())
      if (days === undefined || document.sealed === undefined || live.has(document.session))
        continue
      if (clock.now() - document.opened < days * DAY_MS) continue
      if (holdOn(standing, document) !== undefined) continue
      await removed(document, `retention of ${days} days`, 'past its time')
      parts.onRemoved('retention')
      count++
    }
    return count
  }

  let sweeping = false
  const swept = async (): Promise<void> => {
    if (sweeping) return
    sweeping = true
    try {
      await sweep()
    } catch (problem) {
      log('warn', 'recordings past their time could not be deleted', { why: String(problem) })
    } finally {
      sweeping = false
    }
  }
  const first = setTimeout(() => void swept(), Math.min(FIRST_MS, settings().sweepMs))
  const timer = setInterval(() => void swept(), settings().sweepMs)
  first.unref()
  timer.unref()

  return {
    sweep,
    async remove(session, by, reason) {
      const document = await library.document(session)
      if (document === undefined) return unkeyed(session, by, reason)
      if (document.sealed === undefined || live.has(session)) {
        throw new GatewayError('conflict', `session ${session} is still being recorded`)
      }
      const hold = holdOn(await holds.all(), document)
      if (hold !== undefined) {
        throw new GatewayError(
          'not_allowed',
          `recording ${session} is under legal hold ${hold.id} (${hold.scope} ${hold.of}), so it is not deleted`,
        )
      }
      await removed(document, by, reason)
      parts.onRemoved('person')
    },
    stop() {
      clearTimeout(first)
      clearInterval(timer)
    },
  }
}

// The longest that any rule wants; the general one where none fits. undefined: for ever.
export function daysOf(
  about: Pick<About, 'target' | 'labels'>,
  { retention, retentionDays }: Pick<RecordingSettings, 'retention' | 'retentionDays'>,
): number | undefined {
  const fitting = retention.filter((rule) => fits(rule, about)).map(({ days }) => days)
  return fitting.length > 0 ? Math.max(...fitting) : retentionDays
}

function fits(rule: RetentionRule, { target, labels }: Pick<About, 'target' | 'labels'>): boolean {
  if (rule.target !== undefined && rule.target !== target) return false
  return Object.entries(rule.labels).every(([name, value]) => labels[name] === value)
}
