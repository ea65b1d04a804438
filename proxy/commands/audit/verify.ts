// `sallyport audit verify`: is the record as it was written, line by line and checkpoint by checkpoint?
import { placeOf } from '../../recording/read-record.js'
import { verifyRecord } from '../../recording/verify.js'
import type { Verification } from '../../recording/verify.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { paintFor, plainText } from '../table.js'
import type { Paint } from '../table.js'
import { fileText, placeFrom, RECORD_OPTIONS } from './material.js'

export const help = `sallyport audit verify [DIR]     prove that the record is as it was written

  --checkpoint FILE    a checkpoint that was kept elsewhere: the record must still contain it
  --key FILE           the public key to trust (a line of signing-key.pub, kept elsewhere), and
                       with it every later key that it vouched for in the record's checkpoints;
                       without it the key beside the record is used, which whoever can change the
                       record can change too
  --record DIR         directory of the record (default: .sallyport/record), or one segment of it
  --config FILE        take the directory from a configuration file
  --format FORMAT      pretty (default) or json

Exit status: 0 the record is good, 1 it is not (the first bad record is named) or cannot be read,
2 wrong usage.
`

const OPTIONS = {
  ...RECORD_OPTIONS,
  checkpoint: { type: 'string' },
  key: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const place = placeFrom(positionals, values, io)
  const { directory, only } = placeOf(place)
  const found = await verifyRecord({
    directory,
    ...(only === undefined ? {} : { only }),
    ...(values.key === undefined ? {} : { publicKey: fileText(values.key, io) }),
    ...(values.checkpoint === undefined ? {} : { checkpoint: fileText(values.checkpoint, io) }),
  })
  if (format === 'json') io.stdout.write(`${JSON.stringify(found)}\n`)
  else io.stdout.write(verificationText(place, found, paintFor(io)))
  return found.ok ? 0 : 1
}

function verificationText(place: string, found: Verification, paint: Paint): string {
  const { lines, segments, checkpoints, signed, problem } = found
  const notes = found.notes.map((text) => `  ${paint('yellow', '•')} ${plainText(text)}\n`).join('')
  if (problem === undefined) {
    return (
      `${paint('green', '✓ good')}  ${place}\n  ${lines} lines in ${segments} segment(s), ` +
      `${checkpoints} checkpoint(s), ${signed} lines signed\n  root ${found.root}\n${notes}`
    )
  }
  const where = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}`
  return (
    `${paint('red', '✗ not good')}  ${place}\n  first bad record: ${paint('bold', where)}, ` +
    `seq ${problem.seq}\n  ${plainText(problem.what)}\n  ` +
    `${signed} lines before it are covered by a good checkpoint\n${notes}`
  )
}
