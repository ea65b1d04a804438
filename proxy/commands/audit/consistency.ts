// `sallyport audit consistency`: does one checkpoint of a record extend another?
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { GatewayError } from '../../errors.js'
import { consistencyOf } from '../../recording/consistency-proof.js'
import { checkedConsistency } from '../../recording/proof-file.js'
import type { SignedNote } from '../../recording/signed-note.js'
import { noteText, signedNotes } from '../../recording/trusted-keys.js'
import type { TrustedKey } from '../../recording/trusted-keys.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { paintFor, plainText } from '../table.js'
import { checkpointIn, fileBytes, keepFile, keysIn, keysOf } from './material.js'
import { RECORD_OPTIONS, wholeRecord } from './material.js'

export const help = `sallyport audit consistency A B [DIR]   prove that checkpoint B extends checkpoint A (RFC 6962 §2.1.2)
sallyport audit consistency --verify FILE --key FILE   check such a proof, with no record at hand

  A, B                 files of checkpoints that were kept (the last of a file counts), or sizes:
                       the checkpoint beside the record that was signed for so many lines
  --key FILE           the public key to trust (a line of signing-key.pub, kept elsewhere)
  --output FILE        write the proof there, with both checkpoints
  --record DIR         directory of the record (default: .sallyport/record)
  --config FILE        take the directory from a configuration file
  --format FORMAT      pretty (default) or json

Exit status: 0 B extends A, 1 it does not (and why), 2 wrong usage.
`

const OPTIONS = {
  ...RECORD_OPTIONS,
  key: { type: 'string' },
  verify: { type: 'string' },
  output: { type: 'string' },
} as const

type Values = ReturnType<typeof argumentsOf<typeof OPTIONS>>['values']

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  if (values.verify !== undefined) return verified(values, positionals, values.verify, io)
  const [a, b, ...rest] = positionals
  if (a === undefined || b === undefined) {
    throw new GatewayError('usage', 'two checkpoints are compared: A and B')
  }
  const directory = wholeRecord(rest, values, io)
  const keys = keysOf(directory, values.key, io)
  const [first, second] = [named(a, directory, keys, io), named(b, directory, keys, io)]
  const found = consistencyOf(directory, first.checkpoint, second.checkpoint)
  const proof = {
    first: noteText(first, keys),
    second: noteText(second, keys),
    path: found.path.map((node) => node.toString('base64')),
  }
  if (found.ok && values.output !== undefined) {
    keepFile(values.output, `${JSON.stringify(proof, null, 2)}\n`, io)
  }
  const what = found.what === undefined ? {} : { what: found.what }
  if (format === 'json') {
    io.stdout.write(`${JSON.stringify({ ok: found.ok, ...what, ...proof })}\n`)
  } else {
    io.stdout.write(answerText({ first, second, what: found.what, nodes: proof.path }, io))
  }
  return found.ok ? 0 : 1
}

function verified(values: Values, positionals: readonly string[], file: string, io: Io): number {
  if (positionals.length > 0) throw new GatewayError('usage', '--verify takes no checkpoints')
  if (values.key === undefined) {
    throw new GatewayError('usage', '--verify needs --key: who is trusted cannot stand in a proof')
  }
  const check = checkedConsistency(fileBytes(file, io), keysIn(values.key, io))
  if (values.format === 'json') {
    const found = check.ok
      ? {
          ok: true,
          first: check.first.checkpoint.size,
          second: check.second.checkpoint.size,
        }
      : check
    io.stdout.write(`${JSON.stringify(found)}\n`)
  } else if (check.ok) {
    io.stdout.write(answerText({ ...check, what: undefined, nodes: [] }, io))
  } else {
    io.stdout.write(`${paintFor(io)('red', '✗ not proven')}  ${file}\n  ${plainText(check.what)}\n`)
  }
  return check.ok ? 0 : 1
}

function named(text: string, directory: string, keys: readonly TrustedKey[], io: Io): SignedNote {
  if (!/^\d{1,16}$/.test(text) || existsSync(resolve(io.cwd, text))) {
    return checkpointIn(text, keys, io)
  }
  const notes = signedNotes(directory, keys)
  const found = notes.find(({ checkpoint }) => checkpoint.size === Number(text))
  if (found !== undefined) return found
  const sizes = notes.map(({ checkpoint }) => checkpoint.size)
  const near = sizes.length > 8 ? ['…', ...sizes.slice(-8)] : sizes
  throw new GatewayError(
    'not_found',
    `no checkpoint was signed for ${text} lines; there are those for ${near.join(', ')}`,
  )
}

function answerText(
  found: {
    readonly first: SignedNote
    readonly second: SignedNote
    readonly what: string | undefined
    readonly nodes: readonly string[]
  },
  io: Io,
): string {
  const paint = paintFor(io)
  const head = ({ checkpoint: { size, root } }: SignedNote): string =>
    `${size} lines, root ${root.toString('hex')}`
  const mark =
    found.what === undefined
      ? paint('green', '✓ extended')
      : `${paint('red', '✗ not extended')}  ${plainText(found.what)}`
  const path = found.nodes.map((node) => `    ${node}\n`).join('')
  return (
    `${mark}\n  A  ${head(found.first)}\n  B  ${head(found.second)}\n` +
    (path === '' ? '' : `  path\n${path}`)
  )
}
