// The part of the facts that belongs to the session and not to one command. It is made anew only when
// something in it changed, and the same situation gives the same object, so that the recorder writes
// it once and a decision can be found again by it.
import { FACTS_VERSION, type Facts } from '../engine/schemas/facts.js'
import type { Session } from './session.js'

export type BaseFacts = Omit<Facts, 'command'>

// One situation of one session. `scratch` belongs to the decision cache: what it found for `facts`
// under policy `scratchFor`.
export type Base = {
  readonly facts: BaseFacts
  scratch: unknown
  scratchFor: number
}

export type SessionFacts = {
  // The base now; the same object while nothing in it changed. `stale`: of the policies.
  readonly base: (now: number, grants: Facts['grants'], stale?: boolean) => Base
  // One more command: counts towards `commands_last_minute`.
  readonly count: (now: number) => void
}

// Situations remembered per session; a session alternates between few.
const SITUATIONS_MAX = 32
const NO_GRANTS: Facts['grants'] = []
const STEPS = [1, 2, 5]
const WEEKDAYS = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const

// Rounded down to 0, 1, 2, 5, 10, 20, 50 …, as the facts' schema promises.
export function roundedDown(count: number): number {
  if (count < 1) return 0
  let decade = 1
  while (decade * 10 <= count) decade *= 10
  let best = decade
  for (const step of STEPS) if (decade * step <= count) best = decade * step
  return best
}

export function factsOfSession(session: Session): SessionFacts {
  const situations = new Map<string, Base>()
  const perSecond = new Uint32Array(60)
  let second = 0
  let lastMinute = 0
  let current: Base | undefined
  let seen = snapshotOf(session, -1, 0, false)
  let seenGrants = NO_GRANTS

  const turn = (now: number): void => {
    const at = Math.floor(now / 1000)
    if (at <= second) return
    const steps = Math.min(60, at - second)
    for (let i = 1; i <= steps; i++) {
      const slot = (second + i) % 60
      lastMinute -= perSecond[slot] ?? 0
      perSecond[slot] = 0
    }
    second = at
  }

  return {
    base(now, grants, stale = false) {
      turn(now)
      const minute = Math.floor(now / 60_000)
      if (
        current !== undefined &&
        (grants === seenGrants || (grants.length === 0 && seenGrants.length === 0)) &&
        seen.stale === stale &&
        same(seen, session, minute, lastMinute)
      ) {
        return current
      }
      const next = snapshotOf(session, minute, lastMinute, stale)
      seen = next
      seenGrants = grants
      const key = JSON.stringify(next) + (grants.length === 0 ? '' : JSON.stringify(grants))
      current = situations.get(key)
      if (current === undefined) {
        if (situations.size >= SITUATIONS_MAX) situations.clear()
        current = made(session, next, grants)
        situations.set(key, current)
      }
      return current
    },
    count(now) {
      turn(now)
      perSecond[second % 60] = (perSecond[second % 60] ?? 0) + 1
      lastMinute++
    },
  }
}

type Snapshot = {
  readonly minute: number
  readonly transaction: Session['transaction']
  readonly application: string
  readonly commands: number
  readonly lastMinute: number
  readonly rows: number
  readonly labelledRows: number
  readonly denials: number
  readonly stale: boolean
}

function snapshotOf(
  session: Session,
  minute: number,
  lastMinute: number,
  stale: boolean,
): Snapshot {
  const { counters } = session
  return {
    minute,
    transaction: session.transaction,
    application: session.application,
    commands: roundedDown(counters.commands),
    lastMinute: roundedDown(lastMinute),
    rows: roundedDown(counters.rows),
    labelledRows: roundedDown(counters.labelledRows),
    denials: roundedDown(counters.denials),
    stale,
  }
}

// Without rounding in the usual case: a counter that still lies below the next step rounds the same.
function same(seen: Snapshot, session: Session, minute: number, lastMinute: number): boolean {
  const { counters } = session
  return (
    seen.minute === minute &&
    seen.transaction === session.transaction &&
    seen.application === session.application &&
    within(seen.commands, counters.commands) &&
    within(seen.lastMinute, lastMinute) &&
    within(seen.rows, counters.rows) &&
    within(seen.labelledRows, counters.labelledRows) &&
    within(seen.denials, counters.denials)
  )
}

function within(rounded: number, count: number): boolean {
  if (count === rounded) return true
  return rounded > 0 && count > rounded && count < rounded * 2
    ? true
    : rounded === roundedDown(count)
}

function made(session: Session, at: Snapshot, grants: Facts['grants']): Base {
  const local = localTime(at.minute * 60_000, session.zone)
  return {
    scratch: undefined,
    scratchFor: -1,
    facts: {
      version: FACTS_VERSION,
      stage: 'command',
      identity: session.identity.facts,
      target: session.target,
      session: {
        id: session.id,
        client_address: session.clientAddress,
        application: session.application,
        purpose: session.purpose,
        transaction: at.transaction,
        counters: {
          commands: at.commands,
          commands_last_minute: at.lastMinute,
          rows: at.rows,
          labelled_rows: at.labelledRows,
          denials: at.denials,
        },
      },
      time: {
        utc: new Date(at.minute * 60_000).toISOString().replace('.000Z', 'Z'),
        weekday: local.weekday,
        hour: local.hour,
        zone: session.zone,
      },
      grants,
      ...(at.stale ? { policy: { stale: true } } : undefined),
    },
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

function localTime(
  ms: number,
  zone: string,
): { readonly weekday: (typeof WEEKDAYS)[number]; readonly hour: number } {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      weekday: 'long',
      hour: 'numeric',
      hourCycle: 'h23',
    })
    formats.set(zone, format)
  }
  const parts = format.formatToParts(ms)
  const word = parts.find((part) => part.type === 'weekday')?.value.toLowerCase()
  const hour = Number(parts.find((part) => part.type === 'hour')?.value)
  const weekday = WEEKDAYS.find((day) => day === word)
  if (weekday === undefined || !Number.isInteger(hour)) throw new RangeError(`no time in ${zone}`)
  return { weekday, hour }
}
