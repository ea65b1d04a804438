// `sallyport audit prove`: one line of the record, with what shows anybody that it is in it.
import { checkedProof, proofJson, provenLines, readProof } from '../../recording/inclusion-proof.js'
import { tlogProofText } from '../../recording/inclusion-proof.js'
import type { ProvenLine } from '../../recording/inclusion-proof.js'
import { recordNameOf, seqOf } from '../../recording/decision-lines.js'
import { GatewayError } from '../../errors.js'
import { noteText } from '../../recording/trusted-keys.js'
import { readNote } from '../../recording/signed-note.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { paintFor, plainText } from '../table.js'
import type { Paint } from '../table.js'
import { checkpointIn, checkpointOf, fileBytes, keepFile, keysIn, keysOf } from './material.js'
import { RECORD_OPTIONS, wholeRecord } from './material.js'

export const help = `sallyport audit prove RECORD [DIR]     prove that a line is in the record (RFC 6962 §2.1.1)
sallyport audit prove --verify FILE --key FILE     check such a proof, with no record at hand

  RECORD               the number of a line (its seq), or SESSION/COMMAND
  --checkpoint FILE    prove it against this checkpoint, not the newest; with --verify: it must be
                       the one that the proof rests on
  --key FILE           the public key to trust (a line of signing-key.pub, kept elsewhere)
  --output FILE        write the proof there
  --record DIR         directory of the record (default: .sallyport/record)
  --config FILE        take the directory from a configuration file
  --format FORMAT      pretty (default), json, or tlog: a C2SP tlog-proof, its extra data the line.
                       --verify reads json and tlog

Exit status: 0 proven, 1 not (and why), 2 wrong usage.
`

const OPTIONS = {
  ...RECORD_OPTIONS,
  checkpoint: { type: 'string' },
  key: { type: 'string' },
  verify: { type: 'string' },
  output: { type: 'string' },
} as const

type Values = ReturnType<typeof argumentsOf<typeof OPTIONS>>['values']

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  if (values.verify !== undefined) return verified(values, positionals, values.verify, io)
  const format = formatArgument(values.format, ['pretty', 'json', 'tlog'])
  const [record, ...rest] = positionals
  if (record === undefined) throw new GatewayError('usage', 'which line? RECORD is missing')
  const name = recordNameOf(record)
  const directory = wholeRecord(rest, values, io)
  const keys = keysOf(directory, values.key, io)
  const note = checkpointOf(directory, values.checkpoint, keys, io)
  const seq = seqOf(directory, name, note.checkpoint.size)
  const text = noteText(note, keys)
  const [proof] = provenLines(directory, [seq], { note, text })
  if (proof === undefined) throw new GatewayError('not_found', `line ${seq} was not found`)
  const file = format === 'json' ? `${JSON.stringify(proofJson(proof))}\n` : tlogProofText(proof)
  if (values.output !== undefined) keepFile(values.output, file, io)
  if (format === 'pretty') io.stdout.write(provenText(proof, paintFor(io)))
  else if (values.output === undefined) io.stdout.write(file)
  return 0
}

function verified(values: Values, positionals: readonly string[], file: string, io: Io): number {
  const format = formatArgument(values.format, ['pretty', 'json'])
  if (positionals.length > 0) throw new GatewayError('usage', '--verify takes no RECORD')
  if (values.key === undefined) {
    throw new GatewayError('usage', '--verify needs --key: who is trusted cannot stand in a proof')
  }
  const keys = keysIn(values.key, io)
  const kept =
    values.checkpoint === undefined ? undefined : checkpointIn(values.checkpoint, keys, io)
  const proof = readProof(fileBytes(file, io))
  const check =
    typeof proof === 'string'
      ? { ok: false as const, what: proof }
      : checkedProof(proof, keys, kept)
  const paint = paintFor(io)
  if (format === 'json') {
    const found = check.ok
      ? { ok: true, ...proofJson(check.proof), key: check.key.text }
      : { ok: false, what: check.what }
    io.stdout.write(`${JSON.stringify(found)}\n`)
  } else if (check.ok) {
    io.stdout.write(`${paint('green', '✓ proven')}  ${file}\n${factsText(check.proof)}`)
  } else {
    io.stdout.write(`${paint('red', '✗ not proven')}  ${file}\n  ${plainText(check.what)}\n`)
  }
  return check.ok ? 0 : 1
}

function provenText(proof: ProvenLine, paint: Paint): string {
  const where = paint('bold', `${proof.file}:${proof.number}`)
  const path = proof.path.map((node) => `    ${node.toString('base64')}\n`).join('')
  return `${paint('green', '✓ proven')}  ${where}\n${factsText(proof)}  path\n${path}`
}

function factsText(proof: Pick<ProvenLine, 'seq' | 'note' | 'line'>): string {
  const checkpoint = readNote(proof.note)?.checkpoint
  return (
    `  line ${proof.seq} of the ${checkpoint?.size ?? 0} that ${checkpoint?.origin ?? ''} signed\n` +
    `  root ${checkpoint?.root.toString('hex') ?? ''}\n` +
    `  ${plainText(proof.line.toString('utf8'), 400)}\n`
  )
}
