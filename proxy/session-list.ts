// The sessions, live and ended, newest first: followed while they go, and read from the record once at the
// start for those before. Holds what a list shows and no more, of a bounded number of sessions.
import type { IdentityFacts } from '../engine/schemas/facts.js'
import type { RecordLine } from '../engine/schemas/record.js'
import type { CommandRecord, Outcome, SessionEvent } from './recording/recorder.js'

export type ListedSession = {
  readonly id: string
  readonly identity: IdentityFacts
  readonly target: string
  readonly database: string
  readonly clientAddress: string
  readonly application: string
  readonly sinceMs: number
  readonly endedMs?: number
  // `lost`: it was open when the gateway ended without closing it.
  readonly state: 'live' | 'ended' | 'refused' | 'lost'
  readonly reason?: string
  readonly commands: number
  readonly denials: number
  readonly held: number
  // Commands whose answer was masked.
  readonly masked: number
}

export type SessionList = {
  readonly session: (event: SessionEvent, atMs: number) => void
  readonly command: (record: Pick<CommandRecord, 'session' | 'go'>) => void
  readonly outcome: (outcome: Pick<Outcome, 'session' | 'masked'>) => void
  readonly held: (session: string) => void
  readonly find: (id: string) => ListedSession | undefined
  // Newest first.
  readonly all: () => readonly ListedSession[]
  // Of those that had to make room the one that opened last; absent where all are here.
  readonly forgotten: () => string | undefined
  // From the record of earlier runs; what this run knows itself it knows better.
  readonly read: (lines: AsyncIterable<{ readonly line: RecordLine }>) => Promise<void>
  // False while the record is still read.
  readonly complete: () => boolean
}

export const SESSIONS_LISTED = 50_000

// Lines read before traffic gets its turn: about a millisecond.
const LINES_A_TURN = 200
// Beyond it they are gathered anew.
const IDENTITIES_MAX = 10_000

type Mutable = { -readonly [Name in keyof ListedSession]: ListedSession[Name] }

export function createSessionList(most: number = SESSIONS_LISTED): SessionList {
  // Both in the order of their opening; `earlier` is older than all of `own`.
  const own = new Map<string, Mutable>()
  const earlier = new Map<string, Mutable>()
  let complete = true
  let forgotten: string | undefined
  // In which order they opened: one that stays live while newer ones end is forgotten after these.
  const places = new WeakMap<Mutable, number>()
  let place = 0
  let forgottenPlace = 0

  const makeRoom = (): void => {
    while (own.size + earlier.size > most) {
      const from = earlier.size > 0 ? earlier : own
      const ended = from === earlier ? first(from) : firstEnded(from)
      if (ended === undefined) return
      const session = from.get(ended)
      from.delete(ended)
      const at = (session === undefined ? undefined : places.get(session)) ?? 0
      if (at < forgottenPlace) continue
      forgotten = ended
      forgottenPlace = at
    }
  }
  const found = (id: string): Mutable | undefined => own.get(id) ?? earlier.get(id)
  // One object for all sessions of one identity: less memory, and whoever asks about many can tell.
  const identities = new Map<string, IdentityFacts>()
  const same = (event: SessionEvent): SessionEvent => {
    const { identity } = event
    if (identity === undefined) return event
    const key = JSON.stringify(identity)
    const known = identities.get(key)
    if (known !== undefined) return { ...event, identity: known }
    if (identities.size >= IDENTITIES_MAX) identities.clear()
    identities.set(key, identity)
    return event
  }

  const read = async (lines: AsyncIterable<{ readonly line: RecordLine }>): Promise<void> => {
    complete = false
    try {
      let count = 0
      for await (const { line } of lines) {
        if (++count % LINES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve))
        if ('session' in line && line.session !== undefined && own.has(line.session)) continue
        follow(line, earlier, same)
        makeRoom()
      }
    } finally {
      complete = true
    }
  }

  return {
    session: (event, atMs) => {
      take(same(event), atMs, own)
      const session = own.get(event.session)
      if (session !== undefined && !places.has(session)) places.set(session, (place += 1))
      makeRoom()
    },
    command: ({ session, go }) => count(found(session), go),
    outcome: ({ session, masked = 0 }) => {
      const one = masked > 0 ? found(session) : undefined
      if (one !== undefined) one.masked += 1
    },
    held: (session) => {
      const one = found(session)
      if (one !== undefined) one.held += 1
    },
    find: found,
    forgotten: () => forgotten,
    all: () => [...earlier.values(), ...own.values()].reverse(),
    read,
    complete: () => complete,
  }
}

function count(session: Mutable | undefined, go: boolean): void {
  if (session === undefined) return
  session.commands += 1
  if (!go) session.denials += 1
}

function take(event: SessionEvent, atMs: number, sessions: Map<string, Mutable>): void {
  const { identity, reason } = event
  if (event.event === 'closed') {
    const session = sessions.get(event.session)
    if (session === undefined) return
    session.state = 'ended'
    session.endedMs = atMs
    if (reason !== undefined) session.reason = reason
    return
  }
  // Who it was is not known where the token was not good.
  if (identity === undefined) return
  const opened = event.event === 'opened'
  sessions.set(event.session, {
    id: event.session,
    identity,
    target: event.target ?? '',
    database: event.database ?? '',
    clientAddress: event.clientAddress ?? '',
    application: event.application ?? '',
    sinceMs: atMs,
    state: opened ? 'live' : 'refused',
    ...(opened ? {} : { endedMs: atMs, ...(reason === undefined ? {} : { reason }) }),
    commands: 0,
    denials: 0,
    held: 0,
    masked: 0,
  })
}

function follow(
  line: RecordLine,
  sessions: Map<string, Mutable>,
  same: (event: SessionEvent) => SessionEvent,
): void {
  switch (line.kind) {
    case 'session': {
      const { client_address: clientAddress, identity, session, event, time } = line
      const text = {
        ...(line.target === undefined ? {} : { target: line.target }),
        ...(line.database === undefined ? {} : { database: line.database }),
        ...(line.application === undefined ? {} : { application: line.application }),
        ...(line.reason === undefined ? {} : { reason: line.reason }),
        ...(clientAddress === undefined ? {} : { clientAddress }),
      }
      const who = isIdentity(identity) ? { identity } : {}
      take(same({ session, event, ...who, ...text }), time, sessions)
      const one = sessions.get(session)
      // Whoever was here before this gateway started is here no more, whether or not its end was written.
      if (one?.state === 'live') one.state = 'lost'
      return
    }
    case 'command':
      count(sessions.get(line.session), line.go)
      for (const outcome of line.outcomes ?? []) countMasked(outcome, sessions)
      return
    case 'outcome':
      return countMasked(line, sessions)
    case 'approval': {
      const one = line.event === 'requested' ? sessions.get(line.session ?? '') : undefined
      if (one !== undefined) one.held += 1
      return
    }
    default:
      return
  }
}

function countMasked(
  { session, masked = 0 }: { readonly session: string; readonly masked?: number },
  sessions: ReadonlyMap<string, Mutable>,
): void {
  const one = masked > 0 ? sessions.get(session) : undefined
  if (one !== undefined) one.masked += 1
}

// As the gateway wrote it; records are checked elsewhere.
function isIdentity(value: object | undefined): value is IdentityFacts {
  return (
    value !== undefined &&
    'subject' in value &&
    typeof value.subject === 'string' &&
    'issuer' in value &&
    typeof value.issuer === 'string' &&
    'groups' in value &&
    Array.isArray(value.groups)
  )
}

function first(sessions: ReadonlyMap<string, Mutable>): string | undefined {
  const [id] = sessions.keys()
  return id
}

function firstEnded(sessions: ReadonlyMap<string, Mutable>): string | undefined {
  for (const [id, { state }] of sessions) if (state !== 'live') return id
  return undefined
}
