// Films of the sessions of one record, or of one export. Each session is looked for once and then followed;
// the few used last are kept, so that turning its pages costs what is on the page.
import type { Decision } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'
import type { ApprovalLine } from './record-survey.js'
import { GatewayError } from '../errors.js'
import { existsSync } from 'node:fs'
import { isErased } from '../recording/erasure/unseal-lines.js'
import { factsOf, type CommandLine } from '../recording/recorded-facts.js'
import { readLine } from '../recording/segment-lines.js'
import { exportedCommand, isDecision, isFacts } from './exported-lines.js'
import type { Film, FilmApprovalEvent, FilmEntry, Shot } from './film.js'
import { createLineParts, type LineParts } from './line-parts.js'
import { createLineReader, type LineReader } from './line-reader.js'
import { createSurvey, type KnownBundle, type Survey } from './record-survey.js'
import { createUnsealing, type Unsealing } from './unsealing.js'
import { createTurns } from './turns.js'
import {
  createIndexReader,
  type CommandPlace,
  type IndexReader,
  type SessionIndex,
} from './session-index.js'

// Sessions followed at a time.
const SESSIONS_MAX = 8

export type Films = {
  // undefined: no such session is on record.
  readonly film: (session: string) => Promise<Film | undefined>
  // The whole id of the one session that begins so; `latest`: the last that sent a command.
  readonly named: (name: string) => Promise<string>
  readonly bundles: () => Promise<ReadonlyMap<string, KnownBundle>>
}

export function createFilms(place: string): Films {
  let at = lookingAt(place)
  // What was erased is gone from here as well.
  const now = (): Looking => {
    if (at.unsealing.generation() !== at.generation) at = lookingAt(place)
    return at
  }

  return {
    async named(name) {
      const { survey, unsealing } = now()
      await survey.look()
      const all = survey.sessions()
      if (name === 'latest') {
        for (const session of all.toReversed()) {
          const index = await createIndexReader(survey, session, unsealing.unseal).look()
          if (index !== undefined && index.commands.length > 0) return session
        }
      }
      const found = all.includes(name) ? [name] : all.filter((one) => one.startsWith(name))
      const [one, ...more] = found
      if (one !== undefined && more.length === 0) return one
      throw new GatewayError(
        'not_found',
        one === undefined
          ? `no session ${name} is recorded in ${place}`
          : `${found.length} sessions begin with ${name}`,
      )
    },
    async bundles() {
      const { survey } = now()
      await survey.look()
      return survey.bundles()
    },
    async film(session) {
      const looking = now()
      const index = await readerOf(looking, session).look()
      if (index === undefined) {
        looking.readers.delete(session)
        return undefined
      }
      return {
        session: index.session,
        identity: index.identity,
        generation: looking.generation,
        commands: index.numbers,
        shots: (from) => shotsOf(index, from, looking),
      }
    },
  }
}

type Looking = {
  readonly survey: Survey
  readonly parts: LineParts
  readonly readers: Map<string, IndexReader>
  readonly unsealing: Unsealing
  readonly generation: number
}

function lookingAt(place: string): Looking {
  if (!existsSync(place)) throw new GatewayError('not_found', `there is no record at ${place}`)
  const unsealing = createUnsealing(place)
  return {
    survey: createSurvey(place, unsealing.unseal),
    parts: createLineParts(unsealing.unseal),
    readers: new Map(),
    unsealing,
    generation: unsealing.generation(),
  }
}

function readerOf({ readers, survey, unsealing }: Looking, session: string): IndexReader {
  const reader = readers.get(session) ?? createIndexReader(survey, session, unsealing.unseal)
  readers.delete(session)
  readers.set(session, reader)
  const [oldest] = readers.keys()
  if (readers.size > SESSIONS_MAX && oldest !== undefined) readers.delete(oldest)
  return reader
}

async function* shotsOf(index: SessionIndex, from: number, looking: Looking): AsyncGenerator<Shot> {
  const reader = createLineReader()
  try {
    const turn = createTurns()
    for (let i = firstFrom(index.commands, from); i < index.commands.length; i++) {
      const place = index.commands[i]
      if (place === undefined) return
      yield await shotAt(place, index, looking, reader)
      await turn()
    }
  } finally {
    reader.close()
  }
}

function firstFrom(list: readonly CommandPlace[], from: number): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle]?.command ?? 0) < from) low = middle + 1
    else high = middle
  }
  return low
}

async function shotAt(
  place: CommandPlace,
  index: SessionIndex,
  looking: Looking,
  reader: LineReader,
): Promise<Shot> {
  const bytes = reader.at(place.path, place.offset, place.length)
  const { line, facts, decision, erased } = await commandIn(bytes, place, looking, reader)
  const approval = place.approval ?? index.approvals.get(place.command)
  const events = approval === undefined ? [] : looking.survey.approval(approval)
  const { opened } = index.session
  const incidents = index.incidents.get(place.command) ?? []
  const { outcome } = place
  const entry: FilmEntry = {
    at: place.at,
    time: place.time,
    command: place.command,
    text: line.text,
    redacted: line.redacted === true,
    ...(line.rewritten === undefined ? {} : { rewritten: line.rewritten }),
    action: decision?.action ?? '?',
    rules: decision?.rules ?? [],
    go: line.go,
    ...(line.refusal === undefined ? {} : { refusal: line.refusal }),
    ...(approval === undefined
      ? {}
      : { approval: { id: approval, events: events.map((event) => shownEvent(event, opened)) } }),
    ...(outcome === undefined ? {} : { outcome: withoutNames(outcome) }),
    ...(incidents.length === 0
      ? {}
      : {
          incidents: incidents.map(({ time, event, detail }) => ({
            at: Math.max(0, time - opened),
            event,
            detail,
          })),
        }),
    frames: [],
  }
  return {
    entry,
    erased,
    entrypoint: line.entrypoint,
    bundle: line.bundle,
    ...(facts === undefined ? {} : { facts }),
    ...(decision === undefined ? {} : { decision }),
  }
}

type Whole = {
  readonly line: CommandLine
  readonly erased: boolean
  readonly facts?: Facts
  readonly decision?: Decision
}

async function commandIn(
  bytes: Buffer,
  place: CommandPlace,
  { survey, parts, unsealing }: Looking,
  reader: LineReader,
): Promise<Whole> {
  const { line: written } = readLine(bytes)
  const line = written === undefined ? undefined : unsealing.unseal(written)
  if (line?.kind !== 'command') {
    const exported = exportedCommand(bytes)
    if (exported !== undefined) return { ...exported, erased: false }
    throw new GatewayError('record_damaged', `${place.path}: a line changed while it was read`)
  }
  const files = survey.files()
  const found = new Map<string, object | undefined>()
  for (const digest of [line.facts.base, line.facts.command, line.decision]) {
    const known = parts.known(digest, place.path)
    found.set(digest, known ?? (await parts.of(digest, place.path, files, reader)))
  }
  const facts = factsOf(line, { of: (digest) => found.get(digest) })
  const decision = found.get(line.decision)
  const parted = [found.get(line.facts.base), found.get(line.facts.command)] as const
  const erased = [line, ...parted].some((one) => one !== undefined && isErased(one))
  return {
    line,
    erased,
    ...(facts !== undefined && areFacts(facts, line, parted) ? { facts } : {}),
    ...(decision !== undefined && isKnownDecision(decision) ? { decision } : {}),
  }
}

// What was recorded fitted its schema; what is read may have been made up. Parts repeat, so each is looked at
// once.
const decisions = new WeakMap<object, boolean>()
const known = new WeakMap<object, WeakMap<object, boolean>>()

function isKnownDecision(part: object): part is Decision {
  const is = decisions.get(part) ?? isDecision(part)
  decisions.set(part, is)
  return is
}

function areFacts(
  facts: Facts,
  line: CommandLine,
  [base, command]: readonly [object | undefined, object | undefined],
): boolean {
  const plain = Object.keys(line.facts.overrides).every((path) => path === 'command.digest')
  if (base === undefined || command === undefined || !plain) return isFacts(facts)
  const own = known.get(base) ?? new WeakMap<object, boolean>()
  known.set(base, own)
  const are = own.get(command) ?? isFacts(facts)
  own.set(command, are)
  return are
}

function shownEvent(line: ApprovalLine, openedMs: number): FilmApprovalEvent {
  return {
    at: Math.max(0, line.time - openedMs),
    event: line.event,
    ...(line.by === undefined ? {} : { by: line.by }),
    ...(line.reason === undefined || line.reason === '' ? {} : { reason: line.reason }),
  }
}

function withoutNames(
  outcome: NonNullable<CommandPlace['outcome']>,
): NonNullable<FilmEntry['outcome']> {
  const { result, tag, sqlstate, rows, bytes, duration_us, masked } = outcome
  const known = Object.entries({ tag, sqlstate, rows, bytes, duration_us, masked }).filter(
    ([, value]) => value !== undefined,
  )
  return { result, ...Object.fromEntries(known) }
}
