// Reads what `audit export` wrote: commands whole, with facts and decision in place, each outcome on a line of its
// own. An export holds what was asked for, so numbers that are missing in it are no gaps.
import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Decision } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import { bytesHash } from '../recording/record-line.js'
import { rawLines, readLine } from '../recording/segment-lines.js'
import type { Happened, LinePlace } from './happened.js'
import { bundleOf, marksOf, sessionOf, soundWhat, soundWho } from './reading.js'
import { sizeOf } from './record-chain.js'
import type { Source } from './record-source.js'

// A command as `audit export` prints it.
type ExportedCommand = {
  readonly kind: 'command'
  readonly seq: number
  readonly time: number
  readonly session: string
  readonly command: number
  readonly text: string
  readonly go: boolean
  readonly approval?: string
  readonly facts: Facts
  readonly decision: Decision
}

// An export is opened already.
const NONE: ReadonlySet<string> = new Set()

export function createExportSource(path: string): Source {
  const file = basename(path)
  const opening = existsSync(path) ? openingHash(path) : ''
  return {
    openingHash: () => opening,
    *linesFrom(position) {
      const from = position?.bytes ?? 0
      let seq = position?.seq ?? 0
      for (const raw of rawLines(path, Infinity, from)) {
        if (!raw.whole) return
        const place = { file, offset: raw.offset, bytes: raw.bytes.length }
        const found = exportedOf(raw.bytes, place)
        const at = { file, bytes: raw.end }
        if ('why' in found) {
          const gap = { from: seq, to: seq, why: `${file}: ${found.why}` }
          yield { happened: [], gap, position: { ...at, seq } }
          continue
        }
        seq = Math.max(seq, found.seq + 1)
        yield { happened: found.happened, gap: undefined, position: { ...at, seq } }
      }
    },
    whyNot(_position, read) {
      const [indexed] = read
      if (indexed === undefined) return undefined
      if (indexed.opening !== opening) return `${file} is another export`
      return sizeOf(dirname(path), file) < indexed.bytes ? `${file} has become shorter` : undefined
    },
    behind: (position) => Math.max(0, sizeOf(dirname(path), file) - (position?.bytes ?? 0)),
    keysUsed: () => NONE,
    keysAtHand: () => NONE,
    forget: () => undefined,
  }
}

function openingHash(path: string): string {
  for (const { bytes } of rawLines(path)) return bytesHash(bytes)
  return ''
}

type Exported =
  { readonly happened: readonly Happened[]; readonly seq: number } | { readonly why: string }

function exportedOf(bytes: Buffer, place: LinePlace): Exported {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch {
    return { why: 'a line is not JSON' }
  }
  if (!isLine(value)) return { why: 'a line is not one of an export' }
  const { seq } = value
  if (value.kind === 'command') {
    return isCommand(value)
      ? { seq, happened: [commandOf(value, place)] }
      : { why: 'a command lacks its text, its facts or its decision' }
  }
  // All else stands in an export as in the record, but for the hash of an outcome that rode on a command.
  const { line, wrong } = readLine(Buffer.from(JSON.stringify({ prev: '', ...value })))
  return line === undefined ? { why: wrong } : { seq, happened: happenedOf(line) }
}

function happenedOf(line: RecordLine): readonly Happened[] {
  switch (line.kind) {
    case 'outcome':
      return [{ kind: 'outcome', outcome: line }]
    case 'session':
      return [sessionOf(line)]
    case 'bundle':
      return bundleOf(line)
    case 'gateway':
      return line.event === 'started' ? [{ kind: 'started' }] : []
    default:
      return marksOf(line)
  }
}

function commandOf(line: ExportedCommand, place: LinePlace): Happened {
  const { seq, time, session, command, text, go, approval, facts, decision } = line
  return {
    kind: 'command',
    ...{ seq, time, session, command, text, approval, place },
    who: soundWho(() => facts),
    what: soundWhat(
      () => facts,
      () => decision,
      go,
    ),
    outcomes: [],
  }
}

type Line = Readonly<Record<string, unknown>> & {
  readonly kind: string
  readonly seq: number
  readonly time: number
}

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null) return false
  const { kind, seq, time } = value as Record<string, unknown>
  const numbers = [seq, time].every((one) => Number.isSafeInteger(one) && Number(one) >= 0)
  return typeof kind === 'string' && numbers
}

function isCommand(line: Line): line is Line & ExportedCommand {
  const { session, text, command, go, approval = '', facts, decision } = line
  return (
    [session, text, approval].every((one) => typeof one === 'string') &&
    Number.isSafeInteger(command) &&
    typeof go === 'boolean' &&
    [facts, decision].every((one) => typeof one === 'object' && one !== null)
  )
}
