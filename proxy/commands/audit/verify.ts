// `sallyport audit verify`: is the record as it was written, line by line and checkpoint by checkpoint?
import { resolve } from 'node:path'
import { GatewayError } from '../../errors.js'
import { cosignersIn } from '../../recording/cosignature.js'
import { publishedAt } from '../../recording/publishing/published.js'
import { placeOf } from '../../recording/read-record.js'
import { verifyRecord } from '../../recording/verify.js'
import type { Verification } from '../../recording/verify.js'
import type { WitnessTrust } from '../../recording/verify-witnesses.js'
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
  --against PLACE      checkpoints as they were published: a file, an https URL, or
                       git:DIRECTORY[#BRANCH]; the record must still contain every one of them.
                       Several times for several places
  --witness-key FILE   keys of witnesses, one a line: how many lines they stand for is told, and
                       a record that not enough of them ever signed is not good
  --witnesses K        so many of those witnesses are enough (default: all of them)
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
  against: { type: 'string', multiple: true },
  'witness-key': { type: 'string' },
  witnesses: { type: 'string' },
} as const

type Values = ReturnType<typeof argumentsOf<typeof OPTIONS>>['values']

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const place = placeFrom(positionals, values, io)
  const { directory, only } = placeOf(place)
  const witnesses = witnessTrust(values, io)
  const published = await Promise.all(
    (values.against ?? []).map((source) => publishedAt(sourcePlace(source, io))),
  )
  const found = await verifyRecord({
    directory,
    published,
    ...(witnesses === undefined ? {} : { witnesses }),
    ...(only === undefined ? {} : { only }),
    ...(values.key === undefined ? {} : { publicKey: fileText(values.key, io) }),
    ...(values.checkpoint === undefined ? {} : { checkpoint: fileText(values.checkpoint, io) }),
  })
  if (format === 'json') io.stdout.write(`${JSON.stringify(found)}\n`)
  else io.stdout.write(verificationText(place, found, paintFor(io)))
  return found.ok ? 0 : 1
}

// Files are named from where the caller stands.
function sourcePlace(source: string, io: Io): string {
  if (/^https?:\/\//.test(source)) return source
  if (!source.startsWith('git:')) return resolve(io.cwd, source)
  const [directory = '', ...ref] = source.slice(4).split('#')
  return [`git:${resolve(io.cwd, directory)}`, ...ref].join('#')
}

function witnessTrust(values: Values, io: Io): WitnessTrust | undefined {
  const file = values['witness-key']
  if (file === undefined) {
    if (values.witnesses === undefined) return undefined
    throw new GatewayError('usage', '--witnesses needs --witness-key: who are they?')
  }
  const cosigners = cosignersIn(fileText(file, io))
  const quorum = Number(values.witnesses ?? cosigners.length)
  if (cosigners.length === 0) throw new GatewayError('usage', `${file} holds no key of a witness`)
  if (!Number.isInteger(quorum) || quorum < 1 || quorum > cosigners.length) {
    throw new GatewayError('usage', `--witnesses: a number from 1 to ${cosigners.length}`)
  }
  return { cosigners, quorum }
}

function witnessedText({ witnessed }: Verification): string {
  if (witnessed === undefined) return ''
  const by = witnessed.by
    .map(({ name, time }) => `${plainText(name)} (${new Date(time * 1000).toISOString()})`)
    .join(', ')
  return `  ${witnessed.lines} lines witnessed${by === '' ? '' : ` by ${by}`}\n`
}

function verificationText(place: string, found: Verification, paint: Paint): string {
  const { lines, segments, checkpoints, signed, problem } = found
  const notes = found.notes.map((text) => `  ${paint('yellow', '•')} ${plainText(text)}\n`).join('')
  if (problem === undefined) {
    return (
      `${paint('green', '✓ good')}  ${place}\n  ${lines} lines in ${segments} segment(s), ` +
      `${checkpoints} checkpoint(s), ${signed} lines signed\n  root ${found.root}\n${witnessedText(found)}${notes}`
    )
  }
  const where = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}`
  return (
    `${paint('red', '✗ not good')}  ${place}\n  first bad record: ${paint('bold', where)}, ` +
    `seq ${problem.seq}\n  ${plainText(problem.what)}\n  ` +
    `${signed} lines before it are covered by a good checkpoint\n${notes}`
  )
}
