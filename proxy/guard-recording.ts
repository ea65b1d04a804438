// What of a command is recorded beside the record: as its decision asks, else as the configuration does.
// What must be recorded and cannot be is refused before it runs.
import type { Decision } from '../engine/schemas/decision.js'
import type { Decided } from './decision-cache.js'
import type { CommandToJudge, GuardParts, Refusal, Trial } from './guard.js'
import type { Judgement } from './guard-judgement.js'
import { textOf } from './guard-record.js'
import { looksProtected } from './redaction.js'
import type { RecordTerms } from './session-tape.js'

export type RecordingDuty = {
  // `undefined`: the policy asks for nothing of its own.
  readonly termsOf: (asked: Decision['record']) => RecordTerms
  // Why nothing can be recorded at the moment; undefined where it can.
  readonly trouble: () => string | undefined
}

type Parts = Pick<GuardParts, 'recordings'>

const OFF: RecordTerms = { level: 'none', rows: 0, bytes: 0, required: false }
const OFF_AND_ASKED_FOR: RecordTerms = { ...OFF, required: true }

export function recordTermsOf({ recordings }: Parts, { record }: Decision): RecordTerms {
  if (recordings !== undefined) return recordings.termsOf(record)
  return record?.required === true ? OFF_AND_ASKED_FOR : OFF
}

export function unrecorded(
  parts: Parts,
  trial: Trial,
  { decided }: Judgement,
): Refusal | undefined {
  const must = decided.some(({ decision }) => recordTermsOf(parts, decision).required)
  if (!must) return undefined
  const { tape } = trial.session
  const trouble = parts.recordings === undefined ? 'none' : parts.recordings.trouble()
  if (trouble !== undefined || tape === undefined || tape.failed() !== undefined) return UNRECORDED
  tape.require()
  return undefined
}

// Of a session that is about to be opened.
export function unrecordable(parts: Parts, decision: Decision): Refusal | undefined {
  if (!recordTermsOf(parts, decision).required) return undefined
  return parts.recordings === undefined || parts.recordings.trouble() !== undefined
    ? { ...UNRECORDED, message: 'what you do here must be recorded, and that is not possible now' }
    : undefined
}

const UNRECORDED: Refusal = {
  why: 'unavailable',
  rule: 'sallyport/recording-failed',
  message: 'this command must be recorded, and that is not possible now, so it was not run',
  hint: 'try again later; the operator of the gateway was told',
}

// A command that is held was sent before anybody agreed to it.
export function filmHeld(parts: Parts, trial: Trial, { decided }: Judgement): void {
  if (trial.session.tape === undefined) return
  trial.filmed = true
  for (const [at, judged] of decided.entries()) {
    const command = trial.commands[at]
    if (command !== undefined) filmCommand(parts, trial, at, textOf(command, judged).text, judged)
  }
}

// What was sent, into the session's recording: the text as in the record, and its values.
export function filmCommand(
  parts: Parts,
  trial: Trial,
  at: number,
  text: string,
  judged: Decided,
): void {
  const { tape } = trial.session
  const command = trial.commands[at]
  if (tape === undefined || command === undefined) return
  if (recordTermsOf(parts, judged.decision).level === 'none') return
  tape.command(trial.first + at, text, shownBinds(command, judged.labelled))
}

const VALUE_CHARACTERS_MAX = 4096
const VALUES_CHARACTERS_MAX = 262_144

// Values of a command that touches labelled columns are protected like its literals.
export function shownBinds(
  { binds, bindFormats = [] }: Pick<CommandToJudge, 'binds' | 'bindFormats'>,
  labelled: boolean,
): readonly (string | null)[] | undefined {
  if (binds === undefined || binds.length === 0) return undefined
  let left = VALUES_CHARACTERS_MAX
  return binds.map((value, i) => {
    if (labelled || left <= 0) return HIDDEN
    if (value === null) return null
    const format = bindFormats.length === 1 ? bindFormats[0] : bindFormats[i]
    const shown = shownValue(Buffer.from(value.buffer, value.byteOffset, value.length), format ?? 0)
    left -= shown.length
    return shown
  })
}

function shownValue(value: Buffer, format: number): string {
  const text = value.toString('utf8')
  if (looksProtected(text)) return HIDDEN
  const isText = format === 0 || (value.length > 0 && PRINTABLE.test(text))
  const shown = isText ? text : `\\x${value.subarray(0, VALUE_CHARACTERS_MAX / 2).toString('hex')}`
  return shown.length <= VALUE_CHARACTERS_MAX ? shown : `${shown.slice(0, VALUE_CHARACTERS_MAX)}…`
}

const HIDDEN = '…'
const PRINTABLE = /^[^\p{Cc}\ufffd]*$/u
