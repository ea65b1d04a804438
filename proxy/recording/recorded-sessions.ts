// Sessions as the record tells them: who came, what each command was, what was decided, and what came
// of it. Made from the lines alone, so that it shows the same after years and on another machine.
import type { Decision } from '../../engine/schemas/decision.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import { recordLines } from './read-record.js'
import { createPartsRead } from './recorded-facts.js'
import { outcomesOf, type RecordedOutcome } from './recorded-outcomes.js'

export type SessionSummary = {
  readonly session: string
  readonly openedMs: number
  // Absent while it is open.
  readonly closedMs?: number
  readonly state: 'open' | 'closed' | 'refused' | 'ended with the gateway'
  readonly who: string
  readonly kind: string
  readonly target: string
  readonly commands: number
  readonly refused: number
}

export type ShownApproval = { readonly id: string; readonly events: readonly string[] }

export type ShownCommand = {
  readonly command: number
  readonly timeMs: number
  readonly seq: number
  readonly text: string
  readonly redacted: boolean
  readonly action: string
  readonly rules: readonly string[]
  readonly went: boolean
  readonly refusal?: string
  // undefined where the command did not go, or is still running.
  readonly outcome?: string
  readonly approval?: ShownApproval
}

export type ShownSession = SessionSummary & {
  readonly application: string
  readonly clientAddress: string
  readonly list: readonly ShownCommand[]
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

export async function recordedSessions(place: string): Promise<readonly SessionSummary[]> {
  const sessions = new Map<string, Mutable<SessionSummary>>()
  for await (const { line } of recordLines(place)) follow(line, sessions)
  return [...sessions.values()]
}

export async function recordedSession(
  place: string,
  id: string,
): Promise<ShownSession | undefined> {
  const sessions = new Map<string, Mutable<SessionSummary>>()
  const parts = createPartsRead()
  const commands = new Map<number, Mutable<ShownCommand>>()
  const approvals = new Map<string, string[]>()
  const about = { application: '', clientAddress: '' }
  for await (const { line } of recordLines(place)) {
    parts.take(line)
    follow(line, sessions)
    for (const outcome of outcomesOf(line)) {
      const command = outcome.session === id ? commands.get(outcome.command) : undefined
      if (command !== undefined) command.outcome = outcomeText(outcome)
    }
    if (!('session' in line) || line.session !== id) {
      // Approvals are settled outside the session, and may not name it.
      if (line.kind === 'approval') approvals.get(line.approval)?.push(approvalEvent(line))
      continue
    }
    if (line.kind === 'session') {
      about.application = line.application ?? about.application
      about.clientAddress = line.client_address ?? about.clientAddress
    } else if (line.kind === 'command') {
      commands.set(line.command, shownCommand(line, parts.of(line.decision)))
      if (line.approval !== undefined && !approvals.has(line.approval)) {
        approvals.set(line.approval, [])
      }
    } else if (line.kind === 'approval') {
      const events = approvals.get(line.approval) ?? []
      approvals.set(line.approval, events)
      events.push(approvalEvent(line))
    }
  }
  const summary = sessions.get(id)
  if (summary === undefined) return undefined
  const list = [...commands.values()].map((command) => {
    const { approval } = command
    return approval === undefined
      ? command
      : { ...command, approval: { id: approval.id, events: approvals.get(approval.id) ?? [] } }
  })
  return { ...summary, ...about, list }
}

function follow(line: RecordLine, sessions: Map<string, Mutable<SessionSummary>>): void {
  if (line.kind === 'gateway' && line.event === 'started') {
    for (const session of sessions.values()) {
      if (session.state === 'open') session.state = 'ended with the gateway'
    }
  }
  if (line.kind !== 'session' && line.kind !== 'command') return
  let session = sessions.get(line.session)
  if (session === undefined) {
    session = {
      session: line.session,
      openedMs: line.time,
      state: 'open',
      who: '',
      kind: '',
      target: '',
      commands: 0,
      refused: 0,
    }
    sessions.set(line.session, session)
  }
  if (line.kind === 'command') {
    session.commands += 1
    if (!line.go) session.refused += 1
    return
  }
  session.who = identityText(line.identity) ?? session.who
  session.kind = textMember(line.identity, 'kind') ?? session.kind
  session.target = line.target ?? session.target
  if (line.event === 'opened') return
  session.state = line.event
  session.closedMs = line.time
}

function identityText(identity: object | undefined): string | undefined {
  return textMember(identity, 'name') || textMember(identity, 'subject')
}

function textMember(object: object | undefined, name: string): string | undefined {
  const found: unknown = object === undefined ? undefined : Reflect.get(object, name)
  return typeof found === 'string' ? found : undefined
}

function shownCommand(
  line: Extract<RecordLine, { kind: 'command' }>,
  part: object | undefined,
): ShownCommand {
  // As the bundle returned it, validated before it was recorded.
  const decision = part as Decision | undefined
  return {
    command: line.command,
    timeMs: line.time,
    seq: line.seq,
    text: line.text,
    redacted: line.redacted === true,
    action: decision?.action ?? '?',
    rules: decision?.rules.map((rule) => rule.id) ?? [],
    went: line.go,
    ...(line.refusal === undefined ? {} : { refusal: line.refusal }),
    ...(line.approval === undefined ? {} : { approval: { id: line.approval, events: [] } }),
  }
}

function outcomeText(line: RecordedOutcome): string {
  const details = [
    line.tag,
    line.sqlstate,
    line.rows === undefined ? undefined : `${line.rows} row(s)`,
    line.masked === undefined || line.masked === 0 ? undefined : `${line.masked} masked`,
    line.duration_us === undefined ? undefined : `${(line.duration_us / 1000).toFixed(1)} ms`,
  ]
  return [line.result, ...details.filter((detail) => detail !== undefined && detail !== '')].join(
    ', ',
  )
}

function approvalEvent(line: Extract<RecordLine, { kind: 'approval' }>): string {
  const by = line.by === undefined ? '' : ` by ${line.by}`
  const reason = line.reason === undefined || line.reason === '' ? '' : ` (${line.reason})`
  const via = line.via === undefined ? '' : ` via ${line.via}`
  return `${line.event}${by}${via}${reason}`
}
