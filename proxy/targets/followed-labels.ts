// Labels that followed data into columns which no rule names, for all sessions of this gateway and, by the state
// store, of others: kept before a statement moves data, put onto catalogues beside the rules, and bound to
// what the database calls the column as soon as it shows it.
import type { Catalogue } from '../../engine/facts/postgres/catalogue.js'
import type { FollowedLabel } from '../../engine/facts/postgres/followed-labels.js'
import type { Stored } from '../../engine/facts/postgres/stored.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Log } from '../log.js'
import type { Session } from '../session.js'
import type { State } from '../state/state.js'
import { bindings } from './followed-label-bindings.js'
import {
  followedRows,
  LABELS_WORD,
  rowDismissed,
  rowGone,
  rowsAdded,
  rowSeen,
  type FollowedRow,
} from './followed-label-rows.js'

export type FollowedLabels = {
  readonly follow: (
    session: Session,
    command: number,
    stored: readonly Stored[],
  ) => Promise<void> | undefined
  // Of one database, those of the session's own temporary tables among them where it is named. The same
  // list while nothing changed.
  readonly of: (target: string, database: string, session?: string) => readonly FollowedLabel[]
  // A database was looked at, from `startedMs` on; `place` is which server and database it is.
  readonly looked: (target: string, catalogue: Catalogue, place: string, startedMs: number) => void
  readonly sessionEnded: (session: string) => void
  readonly all: () => readonly FollowedRow[]
  // False: there is none such, or it is dismissed already.
  readonly dismiss: (id: string, by: string, reason: string) => Promise<boolean>
  readonly close: () => Promise<void>
}

export type FollowedLabelsParts = {
  readonly state: State
  readonly clock: Clock
  readonly log: Log
  readonly newId: () => string
  // Kept; about to be there for everybody.
  readonly onFollowed: (row: FollowedRow) => void
}

export const FOLLOWED_LIMITS = {
  // Columns; a gateway that follows more is used for something else.
  rows: 100_000,
  // A word between gateways may be lost.
  lookMs: 2_000,
} as const

type Temporary = { readonly session: string; readonly key: string; readonly label: FollowedLabel }

export async function createFollowedLabels(parts: FollowedLabelsParts): Promise<FollowedLabels> {
  const { state, clock, log } = parts
  let rows = await followedRows(state)
  let temporary: readonly Temporary[] = []
  const ended = new Map<string, number>()
  const absent = new Map<string, number>()
  const places = new Map<string, string>()
  const lists = new Map<string, readonly FollowedLabel[]>()
  let writing: Promise<unknown> = Promise.resolve()

  const take = (next: readonly FollowedRow[]): void => {
    const changed = signature(next) !== signature(rows)
    rows = next
    if (changed) lists.clear()
  }

  // One database may be the target of several names.
  const rowsOf = (target: string, database: string): readonly FollowedRow[] => {
    const key = keyOf(target, database)
    const place = places.get(key) ?? ''
    return rows.filter(
      (row) => keyOf(row.target, row.database) === key || (place !== '' && row.place === place),
    )
  }

  const reread = async (): Promise<void> => {
    const found = followedRows(state)
    writing = found.catch(() => undefined)
    take(await found)
  }
  const look = (): void => {
    reread().catch((err: unknown) => log.warn({ err }, 'followed labels could not be read again'))
  }
  const deaf = state.onAnnounced((word) => {
    if (word === LABELS_WORD) look()
  })
  const timer = state.kind === 'postgres' ? setInterval(look, FOLLOWED_LIMITS.lookMs) : undefined
  timer?.unref()

  const kept = async (made: readonly FollowedRow[]): Promise<void> => {
    if (rows.length + made.length > FOLLOWED_LIMITS.rows) {
      throw new GatewayError('limit_exceeded', 'too many labels have followed data')
    }
    await rowsAdded(state, made)
    const known = new Set(rows.map(({ id }) => id))
    take([...rows, ...made.filter(({ id }) => !known.has(id))])
    for (const row of made) parts.onFollowed(row)
  }

  // In the background: until it is written down, names go on counting.
  const settle = (work: () => Promise<void>): void => {
    writing = writing
      .then(work)
      .catch((err: unknown) => log.warn({ err }, 'a followed label could not be bound'))
  }

  return {
    follow(session, command, stored) {
      const { name: target, database } = session.target
      const own = stored.filter(({ relation }) => relation.temporary)
      if (own.length > 0) {
        const key = keyOf(target, database)
        const labels = own.map((one) => ({ session: session.id, key, label: labelOf(one) }))
        temporary = [...temporary, ...labels.filter((one) => !temporary.some(sameAs(one)))]
        // Sessions compare lists to see that something changed.
        lists.delete(key)
      }
      const about = rowsOf(target, database)
      const how = {
        target,
        database,
        place: places.get(keyOf(target, database)) ?? '',
        session: session.id,
        command,
        by: session.identity.key,
        created_ms: clock.now(),
      }
      const made = stored
        .filter(({ relation }) => !relation.temporary)
        .filter((one) => !about.some((row) => covers(row, one)))
        .map((one) => rowOf(one, parts.newId(), how))
      return made.length === 0 ? undefined : kept(made)
    },
    of(target, database, session) {
      const key = keyOf(target, database)
      let shared = lists.get(key)
      if (shared === undefined) {
        const place = places.get(key) ?? ''
        shared = rowsOf(target, database)
          .filter((row) => row.dismissed_ms === null)
          .map((row) => labelIn(row, place))
        lists.set(key, shared)
      }
      if (session === undefined || temporary.length === 0) return shared
      const own = temporary.filter((one) => one.session === session && one.key === key)
      return [...shared, ...own.map(({ label }) => label)]
    },
    looked(target, catalogue, place, startedMs) {
      const key = keyOf(target, catalogue.database)
      if (places.get(key) !== place) {
        places.set(key, place)
        lists.delete(key)
      }
      const about = rowsOf(target, catalogue.database)
      for (const session of ended.keys()) {
        if (!rows.some((row) => row.bound === 0 && row.session === session)) ended.delete(session)
      }
      if (about.length === 0) return
      const { seen, gone } = bindings(about, catalogue, { place, startedMs, ended, absent })
      for (const row of seen) {
        settle(async () => {
          await rowSeen(state, row)
          take(rows.map((one) => (one.id === row.id ? { ...row, ...dismissalOf(one) } : one)))
        })
      }
      for (const { id } of gone) {
        settle(async () => {
          await rowGone(state, id)
          absent.delete(id)
          take(rows.filter((one) => one.id !== id))
        })
      }
    },
    sessionEnded(session) {
      temporary = temporary.filter((one) => one.session !== session)
      if (rows.some((row) => row.bound === 0 && row.session === session)) {
        ended.set(session, clock.now())
      }
    },
    all: () => rows,
    async dismiss(id, by, reason) {
      const now = clock.now()
      if (!(await rowDismissed(state, id, { by, reason, now }))) return false
      const dismissed = { dismissed_ms: now, dismissed_by: by, dismissed_reason: reason }
      take(rows.map((one) => (one.id === id ? { ...one, ...dismissed } : one)))
      return true
    },
    async close() {
      clearInterval(timer)
      deaf()
      await writing
    },
  }
}

function keyOf(target: string, database: string): string {
  return JSON.stringify([target, database])
}

// Of what counts for labelling.
function signature(rows: readonly FollowedRow[]): string {
  return JSON.stringify(
    rows.map(
      ({ id, oid, attnum, bound, place, dismissed_ms, schema_name, relation, column_name }) => [
        ...[id, oid, attnum, bound, place, dismissed_ms !== null],
        ...[schema_name, relation, column_name],
      ],
    ),
  )
}

function dismissalOf(
  row: FollowedRow,
): Pick<FollowedRow, 'dismissed_ms' | 'dismissed_by' | 'dismissed_reason'> {
  const { dismissed_ms, dismissed_by, dismissed_reason } = row
  return { dismissed_ms, dismissed_by, dismissed_reason }
}

// Of another server or database than it was bound in (restored from a dump): the names count again.
function labelIn(row: FollowedRow, place: string): FollowedLabel {
  const elsewhere = row.place !== '' && place !== '' && row.place !== place
  return {
    oid: elsewhere ? 0 : row.oid,
    attnum: row.attnum,
    schema: row.schema_name,
    relation: row.relation,
    column: row.column_name,
    labels: JSON.parse(row.labels) as readonly string[],
    bound: row.bound === 1 && !elsewhere,
  }
}

function labelOf({ relation, attnum, column, labels }: Stored): FollowedLabel {
  const { oid, name } = relation
  return { oid, attnum, schema: 'pg_temp', relation: name, column, labels, bound: oid !== 0 }
}

function sameAs(one: Temporary): (other: Temporary) => boolean {
  const text = JSON.stringify(one)
  return (other) => JSON.stringify(other) === text
}

// Dismissed ones as well: somebody has said that this is none.
function covers(row: FollowedRow, one: Stored): boolean {
  if (row.attnum !== one.attnum) return false
  const { relation, labels, from, kept } = one
  const same =
    relation.oid !== 0
      ? row.oid === relation.oid
      : row.bound === 0 &&
        row.before_oid === relation.before &&
        row.schema_name === relation.schema &&
        row.relation === relation.name
  if (!same || (!kept && row.source !== from)) return false
  if (kept && row.dismissed_ms !== null) return false
  const has = JSON.parse(row.labels) as readonly string[]
  return labels.every((label) => has.includes(label))
}

function rowOf(
  { relation, attnum, column, from, labels, kept }: Stored,
  id: string,
  about: Pick<
    FollowedRow,
    'target' | 'database' | 'place' | 'session' | 'command' | 'by' | 'created_ms'
  >,
): FollowedRow {
  return {
    ...about,
    id,
    oid: relation.oid,
    before_oid: relation.before,
    attnum,
    schema_name: relation.schema,
    relation: relation.name,
    column_name: column,
    labels: JSON.stringify(labels),
    source: from,
    kept: kept ? 1 : 0,
    bound: 0,
    dismissed_ms: null,
    dismissed_by: null,
    dismissed_reason: null,
  }
}
