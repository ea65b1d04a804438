// `sallyport audit`: proves that a record is as it was written, that its decisions can be executed
// again with the same result, and hands it out for other tools. Reads only.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { DEFAULTS } from '../config/defaults.js'
import { GatewayError } from '../errors.js'
import { exportedLines } from '../recording/export-record.js'
import { placeOf } from '../recording/read-record.js'
import { recheckRecord } from '../recording/recheck.js'
import type { Recheck } from '../recording/recheck.js'
import { verifyRecord } from '../recording/verify.js'
import type { Verification } from '../recording/verify.js'
import type { Io } from './io.js'
import { keptPolicies } from './kept-policies.js'
import { recordPlace } from './record-place.js'
import { paintFor, plainText } from './table.js'
import type { Paint } from './table.js'

export const help = `sallyport audit verify [DIR]     prove that the record is as it was written
sallyport audit recheck [DIR]    execute its decisions again and name those that differ
sallyport audit export [DIR]     print it as JSON lines, each command with facts and decision

  --record DIR         directory of the record (default: .sallyport/record)
  --config FILE        take the directory from a configuration file
  --format FORMAT      verify, recheck: pretty (default) or json; export: jsonl

verify:
  --checkpoint FILE    a checkpoint that was kept elsewhere: the record must still contain it
  --key FILE           the public key to trust (a line of signing-key.pub, kept elsewhere);
                       without it the key beside the record is used, which whoever can change the
                       record can change too

recheck:
  --fuel N             the budget of one evaluation, as configured when the decisions were made
                       (policy.fuel; the default is the default)

export:
  --from TIME          only lines from this time on (RFC 3339 or milliseconds)
  --to TIME            only lines before this time
  --session ID         only this session

Exit status: 0 the record is good, 1 it is not (the first bad record is named) or cannot be read,
2 wrong usage. recheck also ends with 1 where a decision differs or cannot be executed.
`

const OPTIONS = {
  record: { type: 'string' },
  config: { type: 'string' },
  format: { type: 'string' },
  checkpoint: { type: 'string' },
  key: { type: 'string' },
  fuel: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  session: { type: 'string' },
} as const

const FORMATS: Readonly<Record<string, readonly string[]>> = {
  verify: ['pretty', 'json'],
  recheck: ['pretty', 'json'],
  export: ['jsonl'],
}

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const [verb = '', ...rest] = argv
  const formats = FORMATS[verb]
  if (formats === undefined) return wrongUsage(io, help)
  let parsed
  try {
    parsed = parseArgs({ args: [...rest], options: OPTIONS, allowPositionals: true })
  } catch (problem) {
    return wrongUsage(io, `${problem instanceof Error ? problem.message : String(problem)}\n`)
  }
  const { values, positionals } = parsed
  const format = values.format ?? formats[0] ?? ''
  if (!formats.includes(format)) {
    return wrongUsage(io, `audit ${verb} prints ${formats.join(' or ')}, not ${format}\n`)
  }
  if (positionals.length > 1) return wrongUsage(io, help)
  try {
    const place = recordPlace({ ...values, positional: positionals[0] }, io)
    if (verb === 'verify') return await verified(place, { ...values, format }, io)
    if (verb === 'recheck') return await rechecked(place, format, fuelOf(values.fuel), io)
    return await exported(place, values, io)
  } catch (problem) {
    if (!(problem instanceof GatewayError)) throw problem
    io.stderr.write(`sallyport: ${problem.message}\n`)
    return problem.code === 'usage' ? 2 : 1
  }
}

async function verified(
  place: string,
  values: { readonly checkpoint?: string; readonly key?: string; readonly format: string },
  io: Io,
): Promise<number> {
  const { directory, only } = placeOf(place)
  const found = await verifyRecord({
    directory,
    ...(only === undefined ? {} : { only }),
    ...(values.key === undefined ? {} : { publicKey: fileText(values.key, io) }),
    ...(values.checkpoint === undefined ? {} : { checkpoint: fileText(values.checkpoint, io) }),
  })
  if (values.format === 'json') io.stdout.write(`${JSON.stringify(found)}\n`)
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

async function rechecked(place: string, format: string, fuel: number, io: Io): Promise<number> {
  const found = await recheckRecord(place, keptPolicies(placeOf(place).directory, fuel))
  if (format === 'json') io.stdout.write(`${JSON.stringify(found)}\n`)
  else io.stdout.write(recheckText(place, found, paintFor(io)))
  return found.ok ? 0 : 1
}

function recheckText(place: string, found: Recheck, paint: Paint): string {
  const mark = found.ok ? paint('green', '✓ the same') : paint('red', '✗ not the same')
  const counts =
    `  ${found.decisions} decisions: ${found.same} the same, ${found.different} different, ` +
    `${found.unchecked} could not be executed\n`
  const listed = found.listed
    .map(
      ({ file, line, seq, session, command, what }) =>
        `  ${paint('bold', `${file}:${line}`)} seq ${seq}, session ${session}, command ${command}\n` +
        `    ${plainText(what)}\n`,
    )
    .join('')
  const missing = found.missingBundles.map((digest) => `  no bundle ${digest}\n`).join('')
  return `${mark}  ${place}\n${counts}${listed}${missing}`
}

async function exported(
  place: string,
  values: { readonly from?: string; readonly to?: string; readonly session?: string },
  io: Io,
): Promise<number> {
  const filter = {
    fromMs: instant(values.from, -Infinity),
    toMs: instant(values.to, Infinity),
    session: values.session,
  }
  for await (const line of exportedLines(place, filter)) {
    // A pipe that is full makes write say so; waiting for it keeps a large record out of memory.
    if (io.stdout.write(`${JSON.stringify(line)}\n`) === false) await drained(io)
  }
  return 0
}

function fuelOf(text: string | undefined): number {
  if (text === undefined) return DEFAULTS.fuel
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new GatewayError('usage', `${text} is not a budget`)
  return Number(text)
}

function instant(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const found = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isNaN(found)) throw new GatewayError('usage', `${text} is not a time`)
  return found
}

async function drained(io: Io): Promise<void> {
  const { stdout } = io
  if (!('once' in stdout) || typeof stdout.once !== 'function') return
  const once: unknown = stdout.once
  if (typeof once !== 'function') return
  await new Promise<void>((done) => once.call(stdout, 'drain', done))
}

function fileText(path: string, io: Io): string {
  try {
    return readFileSync(resolve(io.cwd, path), 'utf8')
  } catch (cause) {
    throw new GatewayError('not_found', `${path} cannot be read`, { cause })
  }
}

function wrongUsage(io: Io, text: string): number {
  io.stderr.write(text)
  return 2
}
