// `sallyport audit receipt`: one decision with all that it rests on, for somebody who has no record.
import { GatewayError } from '../../errors.js'
import { checkedReceipt } from '../../recording/check-receipt.js'
import type { ReceiptCheck } from '../../recording/check-receipt.js'
import { recordNameOf } from '../../recording/decision-lines.js'
import { makeReceipt } from '../../recording/make-receipt.js'
import type { Told } from '../../recording/receipt.js'
import { signerAmong } from '../../recording/trusted-keys.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { instantOf, paintFor, plainText } from '../table.js'
import { checkpointOf, fileBytes, keepFile, keysIn, keysOf } from './material.js'
import { RECORD_OPTIONS, wholeRecord } from './material.js'

export const help = `sallyport audit receipt RECORD [DIR] --output FILE   one decision with all that it rests on
sallyport audit receipt --verify FILE [--key FILE]   check one, with no record at hand

A receipt holds the command's line, the facts and the decision, the activation of the bundle, the proof
that each of these lines is in the record, and the signed checkpoint. audit recheck --receipt executes
it again.

  RECORD               the number of a command's line (its seq), or SESSION/COMMAND
  --output FILE        where to write it; otherwise it is printed
  --checkpoint FILE    prove it against this checkpoint, not the newest
  --key FILE           the public key to trust (a line of signing-key.pub, kept elsewhere); without
                       it, --verify believes the key that the receipt names, and says so
  --record DIR         directory of the record (default: .sallyport/record)
  --config FILE        take the directory from a configuration file
  --format FORMAT      of what is printed beside it: pretty (default) or json

Exit status: 0 done, or good, 1 not (and what is wrong first), 2 wrong usage.
`

const OPTIONS = {
  ...RECORD_OPTIONS,
  checkpoint: { type: 'string' },
  key: { type: 'string' },
  verify: { type: 'string' },
  output: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  if (values.verify !== undefined) {
    if (positionals.length > 0) throw new GatewayError('usage', '--verify takes no RECORD')
    return verified(values.verify, values.key, format, io)
  }
  const [record, ...rest] = positionals
  if (record === undefined) throw new GatewayError('usage', 'which decision? RECORD is missing')
  const name = recordNameOf(record)
  const directory = wholeRecord(rest, values, io)
  const keys = keysOf(directory, values.key, io)
  const note = checkpointOf(directory, values.checkpoint, keys, io)
  const key = signerAmong(keys, note)
  if (key === undefined) throw new GatewayError('record_damaged', 'the checkpoint is not signed')
  const { text, told } = makeReceipt(directory, name, { note, key })
  if (values.output === undefined) {
    io.stdout.write(text)
    return 0
  }
  keepFile(values.output, text, io)
  if (format === 'json') {
    io.stdout.write(`${JSON.stringify({ ok: true, output: values.output, ...toldJson(told) })}\n`)
  } else {
    io.stdout.write(`${paintFor(io)('green', '✓ written')}  ${values.output}\n${toldText(told)}`)
  }
  return 0
}

function verified(
  file: string,
  key: string | undefined,
  format: 'pretty' | 'json',
  io: Io,
): number {
  const check = checkedReceipt(fileBytes(file, io), key === undefined ? key : keysIn(key, io))
  if (check.ok) {
    const own = key === undefined ? [ownKeyNote(check)] : []
    if (format === 'json') {
      const { size } = check.note.checkpoint
      const about = { ...toldJson(check.told), key: check.key.text, size }
      io.stdout.write(`${JSON.stringify({ ok: true, ...about, notes: own })}\n`)
    } else {
      const notes = own.map((note) => `  • ${note}\n`).join('')
      io.stdout.write(
        `${paintFor(io)('green', '✓ as recorded')}  ${file}\n${toldText(check.told)}${notes}`,
      )
    }
    return 0
  }
  io.stdout.write(wrongText(file, check, format, io))
  return 1
}

export function wrongText(
  file: string,
  { at, what }: { readonly at: string; readonly what: string },
  format: 'pretty' | 'json',
  io: Io,
): string {
  if (format === 'json') return `${JSON.stringify({ ok: false, at, what })}\n`
  const paint = paintFor(io)
  return `${paint('red', '✗ not good')}  ${file}\n  ${paint('bold', at)}: ${plainText(what)}\n`
}

export function ownKeyNote({ key }: Extract<ReceiptCheck, { readonly ok: true }>): string {
  return `signed by the key that it names itself, ${key.name}: give --key to know whose that is`
}

export function toldJson(told: Told): object {
  const { seq, time, session, command, entrypoint } = told.command
  const { decision, factsDigest, bundle } = told
  return { seq, time, session, command, entrypoint, decision, facts_digest: factsDigest, bundle }
}

export function toldText({ command, decision, bundle, facts }: Told): string {
  const rules = decision.rules.map(({ id }) => id).join(', ')
  return (
    `  ${instantOf(command.time)}  ${plainText(facts.identity.name)} on ${facts.target.name}, ` +
    `session ${command.session}, command ${command.command} (seq ${command.seq})\n` +
    `  ${plainText(command.text, 200)}\n` +
    `  ${decision.action}${rules === '' ? '' : `  by ${plainText(rules)}`}` +
    `${command.refusal === undefined ? '' : `  refused: ${plainText(command.refusal)}`}\n` +
    `  bundle ${bundle.digest}, revision ${plainText(bundle.revision)}\n`
  )
}
