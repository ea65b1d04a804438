// Reads what `audit export` wrote: commands whole, with facts and decision in place, each outcome on a line of its
// own. An export holds what was asked for, so numbers that are missing in it are no gaps.
import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Decision } from '../../engine/schemas/decision.js'
import type { Facts } from '../../engine/schemas/facts.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import { bytesHash } from '../recording/record-line.js'
import type { RecordedOutcome } from '../recording/recorded-outcomes.js'
import { rawLines } from '../recording/segment-lines.js'
import type { Happened, LinePlace } from './happened.js'
import { bundleOf, marksOf, sessionOf, whoOf } from './reading.js'
import { sizeOf } from './record-chain.js'
import type { Source } from './record-source.js'
import { whatOf } from './views.js'

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
  switch (value.kind) {
    case 'command':
      return isCommand(value)
        ? { seq, happened: [commandOf(value, place)] }
        : { why: 'a command lacks its facts or its decision' }
    case 'outcome':
      return { seq, happened: [{ kind: 'outcome', outcome: value as unknown as RecordedOutcome }] }
    case 'session':
      return {
        seq,
        happened: [sessionOf(value as unknown as Extract<RecordLine, { kind: 'session' }>)],
      }
    case 'gateway':
      return { seq, happened: value['event'] === 'started' ? [{ kind: 'started' }] : [] }
    case 'bundle':
      return {
        seq,
        happened: bundleOf(value as unknown as Extract<RecordLine, { kind: 'bundle' }>),
      }
    default:
      return { seq, happened: marksOf(value as unknown as RecordLine) }
  }
}

function commandOf(line: ExportedCommand, place: LinePlace): Happened {
  const { seq, time, session, command, text, go, approval, facts, decision } = line
  return {
    kind: 'command',
    ...{ seq, time, session, command, text, approval, place },
    who: whoOf(facts),
    what: whatOf(facts.command, decision, go),
    outcomes: [],
  }
}

type Line = Readonly<Record<string, unknown>> & {
  readonly kind: string
  readonly seq: number
  readonly time: number
}

const TEXTS: Readonly<Record<string, readonly string[]>> = {
  command: ['session', 'text'],
  outcome: ['session', 'result'],
  session: ['session', 'event'],
  approval: ['approval', 'event'],
  incident: ['event'],
  shadow: ['session', 'shadow_action'],
}

function isLine(value: unknown): value is Line {
  if (typeof value !== 'object' || value === null) return false
  const line = value as Record<string, unknown>
  const { kind } = line
  if (typeof kind !== 'string') return false
  const numbers = ['seq', 'time', ...(kind === 'command' || kind === 'outcome' ? ['command'] : [])]
  return (
    numbers.every((name) => Number.isSafeInteger(line[name])) &&
    (TEXTS[kind] ?? []).every((name) => typeof line[name] === 'string')
  )
}

function isCommand(line: object): line is ExportedCommand {
  const facts: unknown = Reflect.get(line, 'facts')
  const decision: unknown = Reflect.get(line, 'decision')
  return (
    typeof facts === 'object' &&
    facts !== null &&
    'identity' in facts &&
    'target' in facts &&
    typeof decision === 'object' &&
    decision !== null &&
    'action' in decision &&
    'rules' in decision &&
    Array.isArray(decision.rules)
  )
}
