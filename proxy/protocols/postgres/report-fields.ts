// The target's own errors and notices on their way to the client: what could quote a protected value or
// tell where the target is, is taken out. What is left is still a complete report (protocol
// documentation 55.8).
import type { ExitMasks } from '../../../engine/facts/postgres/exit-masks.js'
import { caught } from './net.js'
import { message, stringEnd } from './wire-bytes.js'

export type Report = {
  readonly severity: string
  readonly sqlstate: string
  readonly bytes: Buffer
  readonly hits: number
}

// Fields that never quote data: severity, code, position, the names of things, places in the source.
const SAFE = 'SVCPstcdnFLR'

// `start` is the type byte. undefined where the fields do not add up.
export function shownReport(
  bytes: Buffer,
  start: number,
  end: number,
  masks: ExitMasks,
  hiddenWords: readonly string[],
): Report | undefined {
  const type = String.fromCharCode(bytes[start] ?? 0)
  const fields: Buffer[] = []
  let severity = ''
  let sqlstate = ''
  let hits = 0
  let at = start + 5
  while (at < end && bytes[at] !== 0) {
    const code = String.fromCharCode(bytes[at] ?? 0)
    const stop = stringEnd(bytes, at + 1, end)
    if (stop < 0) return undefined
    const value = Buffer.from(bytes.subarray(at + 1, stop))
    if (code === 'C') sqlstate = value.toString('latin1')
    if (code === 'V' || (code === 'S' && severity === '')) severity = value.toString('latin1')
    at = stop + 1
    if (code === 'P' && masks.otherText === true) continue
    if (!SAFE.includes(code)) {
      if (masks.quietErrors && code !== 'M') continue
      hits += caught(value, 0, value.length, masks.patterns)
    }
    const shown = code === 'M' && masks.quietErrors ? quiet(sqlstate) : without(value, hiddenWords)
    fields.push(Buffer.from(code), shown, Buffer.of(0))
  }
  if (at !== end - 1 || sqlstate === '') return undefined
  return { severity, sqlstate, bytes: message(type, ...fields, Buffer.of(0)), hits }
}

function without(value: Buffer, hiddenWords: readonly string[]): Buffer {
  let text: string | undefined
  for (const word of hiddenWords) {
    if (word === '' || !value.includes(word)) continue
    text = (text ?? value.toString('utf8')).replaceAll(word, '…')
  }
  return text === undefined ? value : Buffer.from(text)
}

// What went wrong by the class of its code (documentation, appendix A), without the values in question.
function quiet(sqlstate: string): Buffer {
  const word = CLASSES[sqlstate.slice(0, 2)] ?? 'the statement failed'
  return Buffer.from(`${word} (details withheld: they may quote protected values)`)
}

const CLASSES: Readonly<Record<string, string>> = {
  '00': 'a notice of the target',
  '01': 'a warning of the target',
  '02': 'no data',
  '08': 'connection failure',
  '0A': 'feature not supported',
  '21': 'cardinality violation',
  '22': 'data exception',
  '23': 'constraint violation',
  '24': 'invalid cursor state',
  '25': 'invalid transaction state',
  '26': 'invalid statement name',
  '2B': 'dependent objects still exist',
  '34': 'invalid cursor name',
  '3B': 'no such savepoint',
  '40': 'transaction rolled back',
  '42': 'syntax error or access rule violation',
  '44': 'check option violation',
  '53': 'insufficient resources',
  '54': 'program limit exceeded',
  '55': 'object not in the required state',
  '57': 'operator intervention',
  '58': 'system error',
  P0: 'raised by a function',
  XX: 'internal error of the target',
}
