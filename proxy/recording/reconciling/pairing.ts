// Pairs the commands of each session with the statements that the target's log has of it, in their order.
// Where the two part, the nearest place where they meet again tells which of them lacks something.
import type { Finding, Findings } from './findings.js'
import { commandsIn, isSameText } from './same-text.js'

export type Recorded = {
  readonly session: string
  readonly command: number
  readonly time: number
  // What went to the target.
  readonly text: string
  readonly redacted: boolean
  readonly rewritten: boolean
}

export type InLog = {
  readonly kind: 'ran' | 'failed'
  readonly text: string
  readonly time: number
  // pgaudit tells a message of several statements once for each of them.
  readonly told?: 'each'
}

export type Pairing = {
  readonly recorded: (command: Recorded) => void
  readonly outcome: (session: string, command: number, result: string) => void
  readonly logged: (session: string, statement: InLog) => void
  readonly logSpan: (span: { readonly from: number; readonly to: number }) => void
  readonly finished: () => {
    readonly sessions: number
    readonly same: number
    readonly outside: number
  }
}

// So far ahead both sides are looked at for the place where they meet again.
const AHEAD_MAX = 64
// One side of a session may be so far ahead of the other before it is decided.
const HELD_MAX = 256
const SLACK_MS = 5_000

type Session = {
  readonly id: string
  readonly mine: (Recorded & { result?: string })[]
  readonly theirs: InLog[]
  // What it was last seen to run: an error about the same text tells of that once more.
  last: string | undefined
  again: { readonly text: string; left: number } | undefined
}

export function createPairing(findings: Findings): Pairing {
  const sessions = new Map<string, Session>()
  const seen = new Set<string>()
  let span = { from: Infinity, to: -Infinity }
  let same = 0
  let outside = 0

  const sessionOf = (id: string): Session => {
    const found = sessions.get(id) ?? {
      id,
      mine: [],
      theirs: [],
      last: undefined,
      again: undefined,
    }
    sessions.set(id, found)
    seen.add(id)
    return found
  }

  const lacksLog = ({ mine }: Session, count: number): void => {
    for (const command of mine.splice(0, count)) {
      // It never ran, or nobody knows: then the log need not have it.
      const { result } = command
      if (result === 'cancelled' || result === 'unknown') continue
      const { time } = command
      if (time < span.from - SLACK_MS || time > span.to + SLACK_MS) {
        outside += 1
        continue
      }
      findings.add(ofCommand('missing_in_log', command, 'the log does not have it'))
    }
  }
  const lacksRecord = ({ id, theirs }: Session, count: number): void => {
    for (const { kind, text, time } of theirs.splice(0, count)) {
      // An error whose statement is not the record's own: a refused message leaves one.
      if (kind === 'failed') continue
      const what = 'the record does not have it'
      findings.add({ kind: 'missing_in_record', session: id, what, text, time })
    }
  }

  // One step on; false where it takes more to know.
  const step = (session: Session, whole: boolean): boolean => {
    const { mine, theirs } = session
    const [first] = theirs
    if (first === undefined) return false
    if (first.kind === 'failed' && first.text === session.last) {
      session.last = undefined
      theirs.shift()
      return true
    }
    const { again } = session
    if (first.told === 'each' && again !== undefined && again.left > 0) {
      again.left -= 1
      if (again.text === first.text) {
        theirs.shift()
        return true
      }
    }
    if (mine.length === 0) return false
    const count = meeting(mine, first)
    if (count > 0) {
      session.again = count > 1 ? { text: first.text, left: count - 1 } : undefined
      session.last = first.kind === 'ran' ? first.text : undefined
      mine.splice(0, count)
      theirs.shift()
      same += count
      return true
    }
    if (first.kind === 'failed') {
      theirs.shift()
      return true
    }
    if (!whole && mine.length < HELD_MAX && theirs.length < HELD_MAX) return false
    const [lost, extra] = nearest(mine, theirs)
    if (lost === 1 && extra === 1) {
      const [command] = mine.splice(0, 1)
      const [statement] = theirs.splice(0, 1)
      if (command === undefined || statement === undefined) return false
      const finding = ofCommand('other_text', command, 'the target was asked something else')
      findings.add({ ...finding, recorded: command.text, text: statement.text })
      return true
    }
    lacksLog(session, lost)
    lacksRecord(session, extra)
    return true
  }

  const settle = (session: Session, whole: boolean): void => {
    while (step(session, whole));
    if (session.mine.length === 0 && session.theirs.length === 0) sessions.delete(session.id)
  }

  return {
    recorded(command) {
      const session = sessionOf(command.session)
      session.mine.push(command)
      if (session.theirs.length > 0) settle(session, false)
      else if (session.mine.length > HELD_MAX * 4) lacksLog(session, HELD_MAX)
    },
    outcome(id, number, result) {
      const command = sessions.get(id)?.mine.find(({ command }) => command === number)
      if (command !== undefined) command.result = result
    },
    logged(id, statement) {
      const session = sessionOf(id)
      session.theirs.push(statement)
      settle(session, false)
      if (session.mine.length === 0 && session.theirs.length > HELD_MAX) {
        lacksRecord(session, HELD_MAX)
      }
    },
    logSpan: (now) => {
      span = { ...now }
    },
    finished() {
      for (const session of [...sessions.values()]) {
        settle(session, true)
        lacksLog(session, session.mine.length)
        lacksRecord(session, session.theirs.length)
      }
      return { sessions: seen.size, same, outside }
    },
  }
}

// How many commands this statement is: several where they were one message; 0 where it is none of them.
function meeting(mine: readonly Recorded[], statement: InLog): number {
  const [first] = mine
  if (first === undefined) return 0
  if (isSameText(first.text, statement.text, first.redacted)) return 1
  return commandsIn(statement.text, mine.slice(0, AHEAD_MAX))
}

// How many of each to leave behind until the next two are the same: as few as can be.
function nearest(mine: readonly Recorded[], theirs: readonly InLog[]): readonly [number, number] {
  const most = Math.min(AHEAD_MAX, Math.max(mine.length, theirs.length))
  for (let sum = 1; sum <= most * 2; sum += 1) {
    for (let lost = 0; lost <= sum; lost += 1) {
      const extra = sum - lost
      const statement = theirs[extra]
      if (statement === undefined || lost >= mine.length) continue
      if (meeting(mine.slice(lost), statement) > 0) return [lost, extra]
    }
  }
  // Nothing meets: they stand for each other as long as both have one.
  return [1, 1]
}

function ofCommand(kind: Finding['kind'], command: Recorded, what: string): Finding {
  const { session, command: number, time, text } = command
  return { kind, session, command: number, time, text, what }
}
