// The messages of the extended protocol that work on what Parse and Bind have made: Describe, Execute,
// Close, Sync, Flush (documentation 55.2.3).
import { flush, forward, insert, swallow } from './client-writes.js'
import { catalogueOf, contextReady, noteSent } from './context.js'
import { entryOf } from './expected.js'
import { later, malformed, refused, sent } from './extended-query.js'
import { isPlain } from './running.js'
import type { Portal } from './memory.js'
import { isReserved, type Failure } from './refuse.js'
import type { RelayState } from './relay-state.js'
import { isFailure, portalNow, resolved } from './resolve.js'
import { awaitCapped, cappedCopyEnds } from './row-cap.js'
import { RESERVED } from './simple-query.js'
import { changesOf } from './statement-changes.js'
import { int32At, message, stringEnd, textOf } from './wire-bytes.js'

const STATEMENT = 0x53
const PORTAL = 0x50

export function describe(r: RelayState, start: number, end: number): boolean {
  const named = namedBy(r, start, end)
  if (named === undefined) return malformed(r, 'Describe')
  const { segment } = r
  if (named.what === STATEMENT) {
    const prepared = r.memory.statement(named.name, segment)
    if (prepared === 'wait') return later(r)
    r.expected.push(entryOf('describe_statement', segment, { prepared }))
    return sent(r, end)
  }
  const portal = portalNow(r, named.name)
  if (portal === 'wait') return later(r)
  if (portal !== undefined) portal.describing = true
  r.expected.push(entryOf('describe_portal', segment, { portal }))
  return sent(r, end)
}

export function close(r: RelayState, start: number, end: number): boolean {
  const named = namedBy(r, start, end)
  if (named === undefined) return malformed(r, 'Close')
  if (isReserved(named.name)) return refused(r, end, RESERVED)
  const kind = named.what === STATEMENT ? 'statement' : 'portal'
  const changes = [[{ kind, name: named.name, to: undefined }]] as const
  r.memory.expect(changes[0], r.segment)
  r.expected.push(entryOf('close', r.segment, { changes }))
  return sent(r, end)
}

export function execute(r: RelayState, start: number, end: number): boolean {
  const { bytes } = r.client
  const nameEnd = stringEnd(bytes, start + 5, end)
  if (nameEnd < 0 || nameEnd + 5 !== end) return malformed(r, 'Execute')
  const name = textOf(bytes, start + 5, nameEnd)
  if (name === undefined) return malformed(r, 'Execute')
  if (isReserved(name)) return refused(r, end, RESERVED)
  const portal = portalNow(r, name)
  if (portal === 'wait') return later(r)
  if (portal === undefined) {
    return refused(r, end, { sqlstate: '34000', message: `portal "${name}" does not exist` })
  }
  const { statement } = portal
  if (statement === undefined) {
    r.expected.push(entryOf('execute', r.segment, { portal }))
    return sent(r, end)
  }
  // Opened by DECLARE: what it reads was judged then, and no command stands for these rows.
  const { running } = portal
  if (running === undefined) return refused(r, end, USE_FETCH)
  const stopped = stoppedBy(r, portal)
  if (stopped === 'wait') return later(r)
  if (stopped === 'reading') return false
  if (stopped !== undefined) return refused(r, end, stopped)
  const capped = running.rowsAffectedMax !== undefined
  // The target has changed all rows by then, and tells how many only after the last row is fetched.
  if (capped && statement.outputs !== undefined && int32At(bytes, nameEnd + 1) !== 0) {
    return refused(r, end, IN_PIECES)
  }
  if (!isPlain(running.masks) && portal.columns === undefined && !portal.describing) {
    // Rows are masked by their types, and the client did not ask for these.
    portal.describing = true
    r.pipelineOpen = true
    insert(
      r,
      message('D', Buffer.of(PORTAL), name),
      entryOf('describe_portal', r.segment, { portal, internal: 'unasked' }),
    )
  }
  const { prepared } = portal
  const instead = typeof prepared?.sent === 'object' ? prepared.sent : undefined
  const changes = portal.executed
    ? NO_CHANGES
    : [changesOf(r, statement, portal.reading, prepared?.text ?? '', 1, instead)]
  const [made] = changes
  if (made?.some((change) => 'name' in change && isReserved(change.name)) === true) {
    return refused(r, end, RESERVED)
  }
  if (made !== undefined && made.length > 0) r.memory.expect(made, r.segment)
  portal.executed = true
  noteSent(r, statement)
  const entry = entryOf('execute', r.segment, { portal, commands: [running], changes })
  r.expected.push(entry)
  sent(r, end)
  if (capped) {
    flush(r)
    awaitCapped(r, entry)
  }
  return true
}

const IN_PIECES: Failure = {
  sqlstate: '0A000',
  message: 'the rows of a command that may change only so many rows cannot be fetched in pieces',
  hint: 'execute it without a maximum of rows (fetch size 0)',
}

const NO_CHANGES: readonly never[] = []

// What the judgement at Bind rested on, and stands no longer.
function stoppedBy(r: RelayState, portal: Portal): Failure | 'wait' | 'reading' | undefined {
  const standing = r.session.identity.standing(r.parts.clock.now())
  if (!standing.valid) {
    return {
      sqlstate: '28000',
      message: 'the token of this session is no longer valid',
      hint: standing.how,
    }
  }
  if (portal.policy !== r.parts.policy()?.id) return CHANGED
  if (portal.executed) return undefined
  // Before its first run the target may still resolve names.
  if (!contextReady(r)) return 'reading'
  if (portal.stamp !== r.stamp || portal.catalogue !== catalogueOf(r)) return CHANGED
  const { resolvedTo, statement, reading } = portal
  if (resolvedTo === undefined || statement === undefined) return undefined
  const found = resolved(r, statement, reading, [])
  if (typeof found === 'string') return found
  return isFailure(found) || found.to !== resolvedTo ? CHANGED : undefined
}

const CHANGED: Failure = {
  sqlstate: '55000',
  message: 'what this portal was judged by has changed since it was bound',
  hint: 'bind it again',
}

const USE_FETCH: Failure = {
  sqlstate: '0A000',
  message: 'a cursor made by DECLARE is read by FETCH',
}

export function sync(r: RelayState, start: number, end: number): boolean {
  if (end - start !== 5) return malformed(r, 'Sync')
  // Ignored while a Query copies, and this one is with the target in other messages.
  if (r.copyingIn && r.capped?.query === true) return ignored(r, end)
  r.skipping = false
  r.pipelineOpen = false
  // The target ignores Sync while it takes a copy's data.
  if (!r.copyingIn) r.expected.push(entryOf('sync', r.segment++))
  forward(r, end)
  return true
}

export function flushMessage(r: RelayState, start: number, end: number): boolean {
  if (end - start !== 5) return malformed(r, 'Flush')
  forward(r, end)
  return true
}

function ignored(r: RelayState, end: number): boolean {
  swallow(r, end)
  return true
}

// CopyData, CopyDone, CopyFail: part of a command that was judged; ignored by the target elsewhere.
export function copyMessage(r: RelayState, type: number, start: number, end: number): boolean {
  if (type !== 0x64) {
    if (type === 0x63 && end - start !== 5) return malformed(r, 'CopyDone')
    r.expected.push(entryOf('copy_end', r.segment))
    r.copyingIn = false
  }
  forward(r, end)
  if (type !== 0x64 && r.capped !== undefined) {
    flush(r)
    cappedCopyEnds(r)
  } else if (r.client.at - r.sendFrom > 65_536) flush(r)
  return true
}

function namedBy(
  r: RelayState,
  start: number,
  end: number,
): { readonly what: number; readonly name: string } | undefined {
  const { bytes } = r.client
  const what = bytes[start + 5] ?? 0
  if (end - start < 7 || stringEnd(bytes, start + 6, end) !== end - 1) return undefined
  const name = textOf(bytes, start + 6, end - 1)
  return name === undefined || (what !== STATEMENT && what !== PORTAL) ? undefined : { what, name }
}
