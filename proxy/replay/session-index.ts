// Where the lines of one session stand, and what is said of it beside its commands. Texts, facts and
// decisions stay in the files; a session of a hundred thousand commands takes some tens of megabytes.
import { Ajv } from 'ajv'
import { identitySchema, type IdentityFacts } from '../../engine/schemas/facts.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import { GatewayError } from '../errors.js'
import { readLine } from '../recording/segment-lines.js'
import { outcomesOf, type RecordedOutcome } from '../recording/recorded-outcomes.js'
import type { FilmSession } from './film.js'
import { linesFrom } from './line-reader.js'
import { readCommandHead, readExportedOutcome } from './exported-lines.js'
import type { Survey } from './record-survey.js'
import type { Unseal } from './unsealing.js'
import { createTurns } from './turns.js'

const isIdentity = new Ajv({ strict: false }).compile<IdentityFacts>(identitySchema)

const INCIDENTS_MAX = 10_000

export type CommandPlace = {
  readonly command: number
  readonly time: number
  readonly path: string
  readonly offset: number
  readonly length: number
  readonly approval: string | undefined
  outcome: RecordedOutcome | undefined
  // Milliseconds since the opening, never going back.
  at: number
}

export type Incident = {
  readonly time: number
  readonly event: string
  readonly detail: string
}

export type SessionIndex = {
  readonly session: Omit<FilmSession, 'notes'> & { readonly notes: string[] }
  readonly identity: IdentityFacts | undefined
  // Ascending by number.
  readonly commands: readonly CommandPlace[]
  readonly numbers: readonly number[]
  // By the command they concern; 0: the session.
  readonly incidents: ReadonlyMap<number, readonly Incident[]>
  // Approvals asked for by a command, by its number.
  readonly approvals: ReadonlyMap<number, string>
}

// Commands come in the order of their numbers, but for those that were repeated or brought by another segment.
function createOrder() {
  let list: CommandPlace[] = []
  let numbers: number[] = []
  // So many of them have their time, counted from this opening.
  let timed = 0
  let openedMs = 0
  let backwards = false
  return {
    add(place: CommandPlace): void {
      const last = list.at(-1)
      if (last === undefined || last.command < place.command) {
        list.push(place)
        numbers.push(place.command)
        return
      }
      list = [...list.filter(({ command }) => command !== place.command), place]
      list.sort((a, b) => a.command - b.command)
      numbers = list.map(({ command }) => command)
      timed = 0
    },
    from(opened: number) {
      if (opened !== openedMs) timed = 0
      if (timed === 0) backwards = false
      openedMs = opened
      for (; timed < list.length; timed++) {
        const [place, before] = [list[timed], list[timed - 1]]
        if (place === undefined) break
        backwards ||= place.time < (before?.time ?? opened)
        place.at = Math.max(before?.at ?? 0, place.time - opened)
      }
      return { list, numbers, backwards }
    },
  }
}

export type IndexReader = { readonly look: () => Promise<SessionIndex | undefined> }

export function createIndexReader(survey: Survey, id: string, unseal: Unseal): IndexReader {
  const seenTo = new Map<string, number>()
  const commands = new Map<number, CommandPlace>()
  const early = new Map<number, RecordedOutcome>()
  const incidents = new Map<number, Incident[]>()
  let counted = 0
  const approvals = new Map<number, string>()
  const needle = Buffer.from(JSON.stringify(id))
  let about: Partial<Mutable<FilmSession>> = {}
  let identity: IdentityFacts | undefined
  let first: { readonly path: string; readonly offset: number; readonly time: number } | undefined
  let repeated = 0
  let unreadable = 0
  const order = createOrder()

  const outcome = (found: RecordedOutcome): void => {
    if (found.session !== id) return
    const command = commands.get(found.command)
    if (command === undefined) early.set(found.command, found)
    else command.outcome = found
  }

  const take = (path: string, bytes: Buffer, offset: number, length: number): void => {
    const line = lineOf(bytes, unseal)
    if (line === undefined) {
      unreadable += 1
      return
    }
    for (const found of outcomesOf(line)) outcome(found)
    if (!('session' in line) || line.session !== id) return
    first ??= { path, offset, time: line.time }
    switch (line.kind) {
      case 'session':
        about = { ...about, ...sessionWords(line) }
        if (isIdentity(line.identity)) identity = line.identity
        return
      case 'command': {
        const { command, time, approval } = line
        if (commands.has(command)) repeated += 1
        const outcomeOf = early.get(command)
        const place = { command, time, path, offset, length, approval, outcome: outcomeOf, at: 0 }
        commands.set(command, place)
        order.add(place)
        return
      }
      case 'approval':
        if (line.command !== undefined && line.event === 'requested') {
          approvals.set(line.command, line.approval)
        }
        return
      case 'incident': {
        const { time, event, detail = '', command = 0 } = line
        if (++counted > INCIDENTS_MAX) return
        incidents.set(command, [...(incidents.get(command) ?? []), { time, event, detail }])
        return
      }
      default:
    }
  }

  const read = async (): Promise<void> => {
    const turn = createTurns()
    for (const { path, bytes: end } of survey.filesOf(id)) {
      for (const { bytes, offset, length } of linesFrom(path, seenTo.get(path) ?? 0, end)) {
        if (bytes.includes(needle)) take(path, bytes, offset, length)
        seenTo.set(path, offset + length + 1)
        await turn()
      }
    }
  }

  let reading: Promise<void> | undefined
  return {
    async look() {
      await survey.look()
      reading ??= read().finally(() => {
        reading = undefined
      })
      await reading
      if (first === undefined) return undefined
      const opened = about.opened ?? first.time
      const { list, numbers, backwards } = order.from(opened)
      const ended = about.closed === undefined && survey.startedAfter(first.path, first.offset)
      const notes = [...survey.notes()]
      if (about.opened === undefined) notes.push('the opening of this session is not on record')
      if (backwards) {
        notes.push('the clock of the gateway went backwards during this session')
      }
      const gaps = missing(list)
      if (gaps !== undefined) notes.push(gaps)
      if (repeated > 0) notes.push(`${repeated} command line(s) stand twice in the record`)
      if (unreadable > 0) notes.push(`${unreadable} line(s) of it cannot be read`)
      return {
        session: {
          ...NOBODY,
          id,
          ...about,
          opened,
          state: about.state ?? (ended ? 'ended with the gateway' : 'open'),
          commands: list.length,
          notes,
        },
        identity,
        commands: list,
        numbers,
        incidents,
        approvals,
      }
    },
  }
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

const NOBODY = {
  subject: '',
  issuer: '',
  name: '',
  kind: '',
  target: '',
  database: '',
  client_address: '',
  application: '',
}

function lineOf(bytes: Buffer, unseal: Unseal): RecordLine | undefined {
  const { line } = readLine(bytes)
  if (line === undefined) return readCommandHead(bytes) ?? readExportedOutcome(bytes)
  // Of a command only its place is kept: its text is unsealed when it is shown.
  if (line.kind !== 'session' && line.kind !== 'incident') return line
  try {
    return unseal(line)
  } catch (problem) {
    if (problem instanceof GatewayError) return undefined
    throw problem
  }
}

function sessionWords(
  line: Extract<RecordLine, { kind: 'session' }>,
): Partial<Mutable<FilmSession>> {
  const { identity } = line
  const said = {
    subject: textIn(identity, 'subject'),
    issuer: textIn(identity, 'issuer'),
    name: textIn(identity, 'name'),
    kind: textIn(identity, 'kind'),
    target: line.target,
    database: line.database,
    client_address: line.client_address,
    application: line.application,
    reason: line.reason,
  }
  const known = Object.fromEntries(
    Object.entries(said).filter(([, value]) => value !== undefined && value !== ''),
  )
  if (line.event === 'opened') return { ...known, opened: line.time }
  return { ...known, closed: line.time, state: line.event }
}

function textIn(object: object | undefined, name: string): string | undefined {
  const found: unknown = object === undefined ? undefined : Reflect.get(object, name)
  return typeof found === 'string' ? found : undefined
}

// Numbers are given in order and without gaps; what is missing is gone from the record.
function missing(list: readonly CommandPlace[]): string | undefined {
  const last = list.at(-1)?.command ?? 0
  const gone = last - list.length
  return gone > 0 ? `${gone} of its ${last} commands are missing in the record` : undefined
}
