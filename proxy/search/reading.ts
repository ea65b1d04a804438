// Makes of a record line what the index wants to know of it. Facts and decisions repeat by digest, so what was
// made of them is remembered by digest: most commands cost two look-ups.
import type { Decision } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import { factsOf, type CommandLine, type PartsRead } from '../recording/recorded-facts.js'
import { outcomesOf } from '../recording/recorded-outcomes.js'
import type { Happened, IndexedCommand, LinePlace, Mark, SessionHappened } from './happened.js'
import { whatOf, whatTerms, whoTerms, type Term, type What, type Who } from './views.js'

// Views remembered; equal views share a number in the index anyway.
const KNOWN_MAX = 20_000

export type Reading = {
  // In the order in which they happened.
  readonly of: (line: RecordLine, place: LinePlace) => readonly Happened[]
  readonly forget: () => void
}

type Parts = Pick<PartsRead, 'of'>

export function createReading(parts: Parts): Reading {
  let whos = new Map<string, Who>()
  let whats = new Map<string, What>()

  const command = (line: CommandLine, place: LinePlace): IndexedCommand => {
    const { base, command: part, overrides } = line.facts
    // The command's own digest differs each time and is of no interest here.
    const others = Object.keys(overrides).filter((path) => path !== 'command.digest')
    const facts = (): Facts | undefined => factsOf(line, parts)
    const view = <View>(known: Map<string, View>, key: string, make: () => View): View => {
      if (others.length > 0) return make()
      const found = known.get(key)
      if (found !== undefined) return found
      const made = make()
      if (known.size >= KNOWN_MAX) known.clear()
      known.set(key, made)
      return made
    }
    return {
      kind: 'command',
      seq: line.seq,
      time: line.time,
      session: line.session,
      command: line.command,
      text: line.text,
      who: view(whos, base, () => soundWho(facts)),
      what: view(whats, `${part} ${line.decision} ${line.go}`, () =>
        soundWhat(facts, () => parts.of(line.decision) as Decision | undefined, line.go),
      ),
      approval: line.approval,
      outcomes: outcomesOf(line),
      place,
    }
  }

  return {
    of(line, place) {
      switch (line.kind) {
        case 'command':
          return [command(line, place)]
        case 'outcome':
          return [{ kind: 'outcome', outcome: line }]
        case 'session':
          return [sessionOf(line)]
        case 'gateway':
          return line.event === 'started' ? [{ kind: 'started' }] : []
        case 'bundle':
          return bundleOf(line)
        default:
          return marksOf(line)
      }
    },
    forget() {
      whos = new Map()
      whats = new Map()
    },
  }
}

const NOBODY: Who = {
  identity: {
    subject: '',
    issuer: '',
    name: '',
    kind: 'human',
    groups: [],
    actor: [],
    claims: {},
    mfa: false,
  },
  target: { name: '', kind: 'postgres', labels: {}, database: '' },
}

// Parts are whatever the record says they are. What is not of the form that a gateway writes is nobody’s and
// nothing, so that it stops neither the index nor whoever may see all.
export function soundWho(facts: () => Facts | undefined): Who {
  try {
    const who = whoOf(facts())
    return whoTerms(who).every(isText) && isIdentity(who.identity) ? who : NOBODY
  } catch {
    return NOBODY
  }
}

export function soundWhat(
  facts: () => Facts | undefined,
  decision: () => Decision | undefined,
  ran: boolean,
): What {
  try {
    const what = whatOf(facts()?.command, decision(), ran)
    if (whatTerms(what).every(isText)) return what
  } catch {
    return whatOf(undefined, undefined, ran)
  }
  return whatOf(undefined, undefined, ran)
}

function isText([, value]: Term): boolean {
  return typeof value === 'string'
}

// Where facts are missing it is nobody's, so that only who may see all sees it.
export function whoOf(facts: Facts | undefined): Who {
  return facts === undefined ? NOBODY : { identity: facts.identity, target: facts.target }
}

export function sessionOf(line: Extract<RecordLine, { kind: 'session' }>): SessionHappened {
  const { seq, time, session, event, identity } = line
  return {
    kind: 'session',
    seq,
    time,
    session,
    event,
    who: openingWho(line),
    name: member(identity, 'name') || member(identity, 'subject'),
    identityKind: member(identity, 'kind'),
    target: line.target,
    database: line.database,
    clientAddress: line.client_address,
    application: line.application,
    reason: line.reason,
  }
}

// Labels of the target come with its commands.
function openingWho(line: Extract<RecordLine, { kind: 'session' }>): Who | undefined {
  const { identity, target = '', database = '' } = line
  if (!isIdentity(identity)) return undefined
  const who: Who = { identity, target: { name: target, kind: 'postgres', labels: {}, database } }
  return soundWho(() => ({ ...who }) as Facts)
}

// As the gateway wrote it; what else may stand there is nobody.
function isIdentity(value: object | undefined): value is Who['identity'] {
  if (value === undefined) return false
  const texts = ['subject', 'issuer', 'name', 'kind'].every(
    (name) => member(value, name) !== undefined,
  )
  const lists = ['groups', 'actor'].every((name) => Array.isArray(Reflect.get(value, name)))
  return texts && lists
}

export function bundleOf(line: Extract<RecordLine, { kind: 'bundle' }>): readonly Happened[] {
  const { event, slot, bundle } = line
  const decides = event === 'activated' && slot === undefined && bundle !== undefined
  return decides ? [{ kind: 'bundle', bundle }] : []
}

export function marksOf(line: RecordLine): readonly Mark[] {
  switch (line.kind) {
    case 'approval': {
      const { seq: _seq, time: _time, prev: _prev, kind: _kind, ...detail } = line
      const about = markOf(line, detail)
      const approval = { ...about, approval: line.approval }
      const event: Mark = { ...approval, mark: 'approval', value: line.event }
      if (line.by === undefined || !['approved', 'denied'].includes(line.event)) return [event]
      return [event, { ...approval, mark: 'approver', value: subjectOf(line.by) }]
    }
    case 'incident': {
      const { event, detail = '' } = line
      return [{ ...markOf(line, { event, detail }), mark: 'incident', value: event }]
    }
    case 'shadow': {
      const { seq: _seq, time: _time, prev: _prev, kind: _kind, ...detail } = line
      return [{ ...markOf(line, detail), mark: 'shadow', value: line.shadow_action }]
    }
    default:
      return []
  }
}

function markOf(
  line: {
    readonly seq: number
    readonly time: number
    readonly session?: string
    readonly command?: number
  },
  detail: object,
) {
  const { seq, time, session, command } = line
  return { kind: 'mark', seq, time, session, command, approval: undefined, detail } as const
}

// Recorded as issuer and subject together, which name one person; people look for the subject.
function subjectOf(by: string): string {
  try {
    const found: unknown = JSON.parse(by)
    const subject: unknown = Array.isArray(found) ? found[1] : undefined
    return typeof subject === 'string' ? subject : by
  } catch {
    return by
  }
}

function member(object: object | undefined, name: string): string | undefined {
  const found: unknown = object === undefined ? undefined : Reflect.get(object, name)
  return typeof found === 'string' ? found : undefined
}
