// The text of record lines, without `seq`, `time` and `prev`, which the chain puts in front. Written by
// hand where a line is written for every command: this is the hot path, and only texts that come
// from outside need escaping.
import { createHash, hash } from 'node:crypto'
import type { Sealed } from './erasure/sealed.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import type {
  ApprovalEvent,
  BundleEvent,
  CommandRecord,
  Outcome,
  RecordingEvent,
  SessionEvent,
  ShadowEvent,
} from './recorder.js'

export const NO_LINE = '0'.repeat(64)
const ZERO = Buffer.of(0)

// RFC 6962 §2.1: the leaf hash, and so `prev` of the next line. The line has no newline.
export function lineHash(line: string): string {
  return hash('sha256', `\0${line}`, 'hex')
}

export function bytesHash(line: Uint8Array): string {
  return createHash('sha256').update(ZERO).update(line).digest('hex')
}

export function textDigest(text: string): string {
  return `sha256:${hash('sha256', text, 'hex')}`
}

export function chained(seq: number, time: number, prev: string, body: string): string {
  return `{"seq":${seq},"time":${time},"prev":"${prev}",${body}`
}

export type CommandParts = {
  readonly base: string
  readonly command: string
  readonly decision: string
}

// What JSON must escape (RFC 8259, section 7), and surrogates, which may stand alone.
const NEEDS_ESCAPE = /["\\\u0000-\u001f\ud800-\udfff]/

// As JSON.stringify, at half the price for what needs no escape.
function quoted(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`
}

// The parts of a command's line that rarely differ from the line before.
let repeated = { command: '', decision: '', bundle: '', entrypoint: '', middle: '', tail: '' }

function repeatedOf(record: CommandRecord, parts: CommandParts): typeof repeated {
  const { command, decision } = parts
  const { bundle, entrypoint } = record
  if (
    repeated.command !== command ||
    repeated.decision !== decision ||
    repeated.bundle !== bundle ||
    repeated.entrypoint !== entrypoint
  ) {
    const middle = `","command":"${command}","overrides":{`
    const tail = `}},"decision":"${decision}","entrypoint":"${entrypoint}","bundle":${quoted(bundle)}`
    repeated = { command, decision, bundle, entrypoint, middle: flat(middle), tail: flat(tail) }
  }
  return repeated
}

// The same text in one piece of memory: joined texts are trees until then.
function flat(text: string): string {
  return Buffer.from(text).toString()
}

export function commandBody(
  record: CommandRecord & { readonly sealed?: Sealed },
  parts: CommandParts,
  outcomes: readonly Outcome[],
): string {
  let overrides = ''
  for (const name in record.facts.overrides) {
    const value = record.facts.overrides[name]
    if (value === undefined) continue
    const written = typeof value === 'string' ? quoted(value) : JSON.stringify(value)
    overrides += `${overrides === '' ? '' : ','}${quoted(name)}:${written}`
  }
  const { middle, tail } = repeatedOf(record, parts)
  return (
    `"kind":"command","session":${quoted(record.session)},"command":${record.command}` +
    `,"text":${quoted(record.text)}${record.redacted ? ',"redacted":true' : ''}` +
    `${record.rewritten === undefined ? '' : `,"rewritten":${quoted(record.rewritten)}`}` +
    `,"go":${record.go ? 'true' : 'false'},"facts":{"base":"${parts.base}${middle}` +
    `${overrides}${tail}${member('approval', record.approval)}` +
    `${member('refusal', record.refusal)}${sealedMember(record.sealed)}${riding(outcomes)}}`
  )
}

// Nothing in it needs to be escaped.
function sealedMember(box: Sealed | undefined): string {
  if (box === undefined) return ''
  const { key, nonce, at, commitment, box: value } = box
  return (
    `,"sealed":{"key":"${key}","nonce":"${nonce}","at":${at}` +
    `,"commitment":"${commitment}","box":"${value}"}`
  )
}

// Outcomes that ride on the line of a later command: a line of their own would cost as much again.
function riding(outcomes: readonly Outcome[]): string {
  let text = ''
  for (const outcome of outcomes) text += `${text === '' ? '{' : ',{'}${outcomeMembers(outcome)}`
  return text === '' ? '' : `,"outcomes":[${text}]`
}

export function outcomeBody(outcome: Outcome): string {
  return `"kind":"outcome",${outcomeMembers(outcome)}`
}

function outcomeMembers(outcome: Outcome): string {
  return (
    `"session":${quoted(outcome.session)},"command":${outcome.command}` +
    `,"result":"${outcome.result}"${member('tag', outcome.tag)}` +
    `${member('sqlstate', outcome.sqlstate)}${integer('rows', outcome.rows)}` +
    `${integer('bytes', outcome.bytes)}${integer('duration_us', outcome.durationUs)}` +
    `${integer('masked', outcome.masked)}}`
  )
}

export function partBody(digest: string, canonical: string): string {
  return `"kind":"part","digest":"${digest}","value":${canonical}}`
}

export function sessionBody(event: SessionEvent): string {
  const { clientAddress, ...rest } = event
  return plainBody('session', { ...rest, client_address: clientAddress })
}

export function approvalBody(event: ApprovalEvent): string {
  return plainBody('approval', event)
}

export function bundleBody(event: BundleEvent): string {
  return plainBody('bundle', event)
}

export function shadowBody(event: ShadowEvent): string {
  return plainBody('shadow', event)
}

export function recordingBody(event: RecordingEvent): string {
  return plainBody('recording', event)
}

export function incidentBody(incident: object): string {
  return plainBody('incident', incident)
}

export type GatewayEvent = Omit<
  Extract<RecordLine, { kind: 'gateway' }>,
  'kind' | 'seq' | 'time' | 'prev'
>

export function gatewayBody(event: GatewayEvent): string {
  return plainBody('gateway', event)
}

function plainBody(kind: string, members: object): string {
  return JSON.stringify({ kind, ...members }).slice(1)
}

function member(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":${quoted(value)}`
}

function integer(name: string, value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '' : `,"${name}":${Math.round(value)}`
}
