// Makes the receipt of one decision from a record: finds its lines, proves each of them under the newest
// checkpoint, and writes down what they say. Two walks over the record, whatever its length.
import { GatewayError } from '../errors.js'
import type { RecordLine } from '../../engine/schemas/record.js'
import { decisionLines } from './decision-lines.js'
import type { RecordName } from './decision-lines.js'
import { provenLines } from './inclusion-proof.js'
import type { ProvenLine } from './inclusion-proof.js'
import { LINE_NAMES, receiptText, toldBy } from './receipt.js'
import type { LineName, Material, Told } from './receipt.js'
import { readLine } from './segment-lines.js'
import type { SignedNote } from './signed-note.js'
import { noteText } from './trusted-keys.js'
import type { TrustedKey } from './trusted-keys.js'

export function makeReceipt(
  directory: string,
  name: RecordName,
  signed: { readonly note: SignedNote; readonly key: TrustedKey },
): { readonly text: string; readonly told: Told } {
  const { size } = signed.note.checkpoint
  const found = decisionLines(directory, name, size)
  const checkpoint = noteText(signed.note, [signed.key])
  const seqs = LINE_NAMES.map((line) => found[line])
  const proven = provenLines(directory, seqs, { note: signed.note, text: checkpoint })
  const byName = new Map(LINE_NAMES.map((line, at) => [line, proven[at]]))
  const of = (line: LineName): ProvenLine => {
    const one = byName.get(line)
    if (one === undefined) throw damaged(`its ${line} line is missing`)
    return one
  }
  const parsed = (line: LineName): RecordLine => {
    const { file, number, line: bytes } = of(line)
    const read = readLine(bytes)
    if (read.line === undefined) throw damaged(`${file}:${number}: ${read.wrong}`)
    return read.line
  }
  for (const line of ['command', 'base'] as const) refuseSealed(parsed(line))
  const told = toldBy({
    command: parsed('command'),
    base: parsed('base'),
    facts: parsed('facts'),
    decision: parsed('decision'),
    bundle: parsed('bundle'),
  })
  if ('what' in told) throw damaged(`${told.at}: ${told.what}`)
  const written = (line: LineName): Material['lines'][LineName] => ({
    line: textOf(of(line)),
    path: of(line).path.map((node) => node.toString('base64')),
  })
  const lines = {
    command: written('command'),
    base: written('base'),
    facts: written('facts'),
    decision: written('decision'),
    bundle: written('bundle'),
  }
  return { text: receiptText(told, { key: signed.key.text, checkpoint, lines }), told }
}

// A receipt would have to hold the key of the person, and with it all that lies under it.
function refuseSealed(line: RecordLine): void {
  if (!('sealed' in line) && !(line.kind === 'part' && 'sealed' in line.value)) return
  throw new GatewayError(
    'conflict',
    'it was recorded so that it can be erased (record.erasable): such decisions have no receipts; ' +
      'audit prove proves its lines',
  )
}

function textOf({ line, file, number }: ProvenLine): string {
  const text = line.toString('utf8')
  if (Buffer.from(text).equals(line)) return text
  throw damaged(`${file}:${number}: the line is no text`)
}

function damaged(what: string): GatewayError {
  return new GatewayError('record_damaged', `no receipt can be made: ${what}`)
}
