// Sessions as they are in the index: who opened them, on what, until when, and how much they did. Kept in memory
// while lines about them come, and written once a batch.
import type { RecordedOutcome } from '../recording/recorded-outcomes.js'
import type { IndexedCommand, SessionHappened } from './happened.js'
import { numberOf, textOf, type IndexFile, type Row } from './index-file.js'

type SessionRow = {
  id: number
  who: number | null
  closed: number | null
  state: string
  name: string
  kind: string
  target: string
  database: string
  clientAddress: string
  application: string
  reason: string | null
  commands: number
  refused: number
  held: number
  rows: number
  masked: number
  changed: boolean
}

type Named = { readonly session?: string | undefined; readonly seq: number; readonly time: number }

export type SessionRows = ReturnType<typeof createSessionRows>

// Sessions remembered after a batch.
const KEPT = 10_000

export function createSessionRows(index: IndexFile) {
  let rows = new Map<string, SessionRow>()

  const known = (session: string): SessionRow | undefined => {
    const found = rows.get(session)
    if (found !== undefined) return found
    const stored = index.sql('select * from sessions where session = ?').get(session)
    if (stored === undefined) return undefined
    const row = rowOf(stored)
    rows.set(session, row)
    return row
  }

  const of = ({ session = '', seq, time }: Named): SessionRow => {
    const found = known(session)
    if (found !== undefined) return found
    index
      .sql("insert into sessions (session, first_seq, opened, state) values (?, ?, ?, 'open')")
      .run(session, seq, time)
    const made = rowOf(index.sql('select * from sessions where session = ?').get(session) ?? {})
    rows.set(session, made)
    return made
  }

  return {
    known: (session: string): number | undefined => known(session)?.id,
    idOf: (named: Named): number => of(named).id,
    command(event: IndexedCommand, who: number): void {
      const row = of(event)
      const { identity, target } = event.who
      // It knows the labels of the target, which the opening does not.
      if (row.commands === 0) row.who = who
      row.commands += 1
      if (!event.what.ran) row.refused += 1
      if (event.what.action === 'require-approval') row.held += 1
      // The line that opened it may be gone.
      if (row.name === '') {
        row.name = identity.name || identity.subject
        row.kind = identity.kind
      }
      if (row.target === '') row.target = target.name
      if (row.database === '') row.database = target.database
      row.changed = true
    },
    outcome(
      outcome: RecordedOutcome,
      before: { readonly rows?: number; readonly masked?: number } | undefined,
    ): void {
      const row = known(outcome.session)
      if (row === undefined) return
      row.rows += (outcome.rows ?? 0) - (before?.rows ?? 0)
      row.masked += (outcome.masked ?? 0) - (before?.masked ?? 0)
      row.changed = true
    },
    event(event: SessionHappened, who: number | undefined): void {
      const row = of(event)
      row.who = who ?? row.who
      row.name = event.name ?? row.name
      row.kind = event.identityKind ?? row.kind
      row.target = event.target ?? row.target
      row.database = event.database ?? row.database
      row.clientAddress = event.clientAddress ?? row.clientAddress
      row.application = event.application ?? row.application
      row.reason = event.reason ?? row.reason
      if (event.event !== 'opened') {
        row.state = event.event
        row.closed = event.time
      }
      row.changed = true
    },
    gatewayStarted(): void {
      flush(rows, index)
      index.sql("update sessions set state = 'ended with the gateway' where state = 'open'").run()
      rows = new Map()
    },
    flush(): void {
      flush(rows, index)
      if (rows.size > KEPT) rows = new Map()
    },
    forget(): void {
      rows = new Map()
    },
  }
}

const UPDATE =
  'update sessions set who = ?, closed = ?, state = ?, name = ?, kind = ?, target = ?, database = ?,' +
  ' client_address = ?, application = ?, reason = ?, commands = ?, refused = ?, held = ?, rows = ?,' +
  ' masked = ? where id = ?'

function flush(rows: ReadonlyMap<string, SessionRow>, index: IndexFile): void {
  for (const row of rows.values()) {
    if (!row.changed) continue
    const { id, who, closed, state, name, kind, target, database } = row
    const { clientAddress, application, reason, commands, refused, held, masked } = row
    index
      .sql(UPDATE)
      .run(
        ...[who, closed, state, name, kind, target, database, clientAddress, application, reason],
        ...[commands, refused, held, row.rows, masked, id],
      )
    row.changed = false
  }
}

function rowOf(stored: Row): SessionRow {
  const optional = (name: string): number | null =>
    typeof stored[name] === 'number' ? stored[name] : null
  return {
    id: numberOf(stored, 'id'),
    who: optional('who'),
    closed: optional('closed'),
    state: textOf(stored, 'state'),
    name: textOf(stored, 'name'),
    kind: textOf(stored, 'kind'),
    target: textOf(stored, 'target'),
    database: textOf(stored, 'database'),
    clientAddress: textOf(stored, 'client_address'),
    application: textOf(stored, 'application'),
    reason: textOf(stored, 'reason') || null,
    commands: numberOf(stored, 'commands'),
    refused: numberOf(stored, 'refused'),
    held: numberOf(stored, 'held'),
    rows: numberOf(stored, 'rows'),
    masked: numberOf(stored, 'masked'),
    changed: false,
  }
}
