// Everything one running relay knows, in one object that its parts hand to each other. Each field has
// one writer, named where it is not plain.
import type { Catalogue, NameContext } from '../../../engine/facts/postgres/catalogue.js'
import type { Reading } from '../../../engine/facts/postgres/reading.js'
import { NO_MASKS, type ExitMasks } from '../../../engine/facts/postgres/exit-masks.js'
import type { Rewriting, Waiting } from '../../guard.js'
import type { RowWords } from '../../guard-rows.js'
import type { Session } from '../../session.js'
import type { Connected, RelayParts } from './connected.js'
import { createExpected, type Expected } from './expected.js'
import { filmingOf, type Filming } from './filming.js'
import type { InternalQuery } from './internal-query.js'
import type { Capped } from './row-cap.js'
import { createMemory, type Memory, type Portal } from './memory.js'
import type { Failure } from './refuse.js'

// Bytes of one side that are not yet dealt with.
export type Input = {
  bytes: Buffer
  // First byte not yet dealt with, and the end.
  at: number
  end: number
}

export type LastRead = {
  readonly text: string
  readonly catalogue: Catalogue
  readonly names: NameContext
  readonly reading: Reading
}

export type RelayState = {
  readonly connected: Connected
  readonly parts: RelayParts
  readonly session: Session
  readonly expected: Expected
  readonly memory: Memory
  // Absent: the session is not recorded.
  readonly film: Filming | undefined

  // Client side.
  readonly client: Input
  // Bytes [sendFrom, client.at) were judged and wait to be written to the target in one piece.
  sendFrom: number
  // The message in front must wait, and nothing behind it is looked at. `judge`: usually for a moment,
  // so that what was judged before it is not sent alone.
  waiting: 'no' | 'judge' | 'other'
  // A cancel request came before the command that it means was with the target.
  cancelSoon: boolean
  clientPaused: boolean
  // The target takes no more at the moment.
  targetFull: boolean
  readonly asking: Waiting
  // Set while a command waits for its answer: aborts a hold.
  abort: AbortController | undefined
  // How names were read for the command that waits.
  judgedWith: { readonly stamp: number; readonly catalogue: Catalogue } | undefined
  // Makes the text that masks at the source; made once.
  rewriting: Rewriting | undefined
  rows: RowWords | undefined
  // The latest text that had to be read outside, kept for when the message is looked at again.
  lastRead: LastRead | undefined
  // To be called once the target owes nothing more.
  onDrained: (() => void) | undefined
  segment: number
  // Messages of the extended protocol were sent since the last Sync.
  pipelineOpen: boolean
  // The target discards everything up to the next Sync, and so do we.
  skipping: boolean
  copyingIn: boolean
  partialSince: number
  activeAt: number

  // Target side.
  readonly target: Input
  // Bytes still to come of a message whose beginning was passed on already.
  rest: number
  // Within one reading of the target: bytes [passFrom, passTo) of `passing` go on unchanged.
  passing: Buffer
  passFrom: number
  passTo: number
  // The client's side may go on once this reading is dealt with.
  pumpAgain: boolean
  // What must wait until that message is complete.
  afterRest: (() => void)[]
  // Masks of the latest command: they hold for whatever comes unasked.
  masks: ExitMasks
  // The answer in progress was cut short: nothing more of it leaves, up to its ReadyForQuery.
  cut: { cancelled: Promise<void> | undefined } | undefined
  internal: InternalQuery | undefined
  // The command whose changed rows are waited for.
  capped: Capped | undefined

  // How names are read (context.ts).
  names: NameContext | undefined
  ownCatalogue: Catalogue | undefined
  ownBeside: Catalogue | undefined
  lookedAgainUs: number
  stamp: number
  staleNames: boolean
  staleCatalogue: boolean
  // Something of that kind happened in this transaction, and a rollback would undo it.
  touchedNames: boolean
  touchedCatalogue: boolean

  slowSince: number
  // The client has left while the target was at work.
  leavingSince: number
  ended: boolean
  // How the parts reach each other without importing in circles.
  readonly pump: () => void
  readonly fail: (failure: Failure) => void
  // The target sent what PostgreSQL does not send.
  readonly hostile: (what: string) => void
  // The client has left.
  readonly leave: () => void
}

export type Ways = Pick<RelayState, 'pump' | 'fail' | 'hostile' | 'leave' | 'asking'>

const EMPTY = Buffer.alloc(0)

export function relayState(
  connected: Connected,
  parts: RelayParts,
  ways: Ways,
  onGone: (portal: Portal) => void,
): RelayState {
  return {
    connected,
    parts,
    session: connected.session,
    expected: createExpected(),
    memory: createMemory(onGone),
    film: filmingOf(connected.session.tape),
    client: { bytes: EMPTY, at: 0, end: 0 },
    sendFrom: 0,
    waiting: 'no',
    cancelSoon: false,
    clientPaused: false,
    targetFull: false,
    abort: undefined,
    judgedWith: undefined,
    rewriting: undefined,
    rows: undefined,
    lastRead: undefined,
    onDrained: undefined,
    segment: 0,
    pipelineOpen: false,
    skipping: false,
    copyingIn: false,
    partialSince: 0,
    activeAt: parts.clock.monotonicUs(),
    target: { bytes: EMPTY, at: 0, end: 0 },
    rest: 0,
    passing: EMPTY,
    passFrom: 0,
    passTo: 0,
    pumpAgain: false,
    afterRest: [],
    masks: NO_MASKS,
    cut: undefined,
    internal: undefined,
    capped: undefined,
    names: undefined,
    ownCatalogue: undefined,
    ownBeside: undefined,
    lookedAgainUs: -Infinity,
    stamp: 0,
    staleNames: true,
    staleCatalogue: false,
    touchedNames: false,
    touchedCatalogue: false,
    slowSince: 0,
    leavingSince: 0,
    ended: false,
    ...ways,
  }
}

// Appends to what an input still needs (from `from` on); the chunk's own memory is not kept. Answers by
// how much places in the input have moved towards its start.
export function keep(input: Input, from: number, chunk: Uint8Array): number {
  const left = input.end - from
  let moved = 0
  if (input.bytes.length - input.end < chunk.length) {
    const needed = left + chunk.length
    const bytes = input.bytes.length >= needed ? input.bytes : Buffer.allocUnsafeSlow(roomy(needed))
    input.bytes.copy(bytes, 0, from, input.end)
    input.bytes = bytes
    moved = from
    input.at -= from
    input.end = left
  }
  input.bytes.set(chunk, input.end)
  input.end += chunk.length
  return moved
}

function roomy(needed: number): number {
  let size = 1024
  while (size < needed) size *= 2
  return size
}

// Nothing is left: a large buffer is given back.
export function emptied(input: Input): void {
  if (input.bytes.length > KEPT_BYTES_MAX) input.bytes = EMPTY
  input.at = 0
  input.end = 0
}

const KEPT_BYTES_MAX = 65_536
