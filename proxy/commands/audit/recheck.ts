// `sallyport audit recheck`: does every recorded decision, or that of one receipt, come out the same when it
// is executed again?
import { policyOf } from '../../../engine/policy/bundle.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { GatewayError } from '../../errors.js'
import { checkedReceipt } from '../../recording/check-receipt.js'
import { differenceFrom } from '../../recording/recheck-receipt.js'
import { placeOf } from '../../recording/read-record.js'
import { recheckRecord } from '../../recording/recheck.js'
import type { Recheck } from '../../recording/recheck.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { keptPolicies } from '../kept-policies.js'
import { paintFor, plainText } from '../table.js'
import type { Paint } from '../table.js'
import { fileBytes, fuelOf, keysIn, placeFrom, RECORD_OPTIONS } from './material.js'
import { ownKeyNote, toldJson, toldText, wrongText } from './receipt.js'

export const help = `sallyport audit recheck [DIR]    execute its decisions again and name those that differ
sallyport audit recheck --receipt FILE --bundle FILE [--key FILE]
                                 the same for one receipt, with no record at hand

  --receipt FILE       what audit receipt wrote: signature, proofs and digests are checked first
  --bundle FILE        the bundle that decided (bundle.tar.gz)
  --key FILE           the public key to trust (a line of signing-key.pub, kept elsewhere); without
                       it the key that the receipt names is believed, and that is said
  --fuel N             the budget of one evaluation, as configured when the decisions were made
                       (policy.fuel; the default is the default); what a receipt holds comes first
  --record DIR         directory of the record (default: .sallyport/record), or one segment of it
  --config FILE        take the directory from a configuration file
  --format FORMAT      pretty (default) or json

Exit status: 0 all are the same, 1 one differs or cannot be executed, 2 wrong usage.
`

const OPTIONS = {
  ...RECORD_OPTIONS,
  fuel: { type: 'string' },
  receipt: { type: 'string' },
  bundle: { type: 'string' },
  key: { type: 'string' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const { receipt, bundle, key, fuel } = values
  if (receipt !== undefined) {
    if (bundle === undefined) throw new GatewayError('usage', '--receipt needs --bundle')
    if (positionals.length > 0) throw new GatewayError('usage', '--receipt takes no record')
    return recheckedFile({ receipt, bundle, key, fuel: fuelOf(fuel) }, format, io)
  }
  if (bundle !== undefined || key !== undefined) {
    throw new GatewayError('usage', '--bundle and --key go with --receipt')
  }
  const place = placeFrom(positionals, values, io)
  const policies = keptPolicies(placeOf(place).directory, fuelOf(fuel))
  const found = await recheckRecord(place, policies)
  if (format === 'json') io.stdout.write(`${JSON.stringify(found)}\n`)
  else io.stdout.write(recheckText(place, found, paintFor(io)))
  return found.ok ? 0 : 1
}

async function recheckedFile(
  given: {
    readonly receipt: string
    readonly bundle: string
    readonly key: string | undefined
    readonly fuel: number
  },
  format: 'pretty' | 'json',
  io: Io,
): Promise<number> {
  const { receipt, bundle, key } = given
  const trusted = key === undefined ? key : keysIn(key, io)
  const check = checkedReceipt(fileBytes(receipt, io), trusted)
  const fuel = check.ok ? (check.told.bundle.fuel ?? given.fuel) : given.fuel
  const wrong = check.ok
    ? differenceFrom(check.told, await policyIn(bundle, fuel, io))
    : { at: check.at, what: check.what }
  if (!check.ok || wrong !== undefined) {
    io.stdout.write(wrongText(receipt, wrong ?? { at: 'the file', what: '' }, format, io))
    return 1
  }
  const notes = key === undefined ? [ownKeyNote(check)] : []
  if (format === 'json') {
    io.stdout.write(`${JSON.stringify({ ok: true, ...toldJson(check.told), notes })}\n`)
  } else {
    const told = notes.map((note) => `  ${paintFor(io)('yellow', '•')} ${note}\n`).join('')
    const mark = paintFor(io)('green', '✓ the same')
    io.stdout.write(`${mark}  ${receipt}\n${toldText(check.told)}${told}`)
  }
  return 0
}

async function policyIn(file: string, fuel: number, io: Io): Promise<Policy> {
  try {
    return await policyOf(fileBytes(file, io), { id: 0, fuel })
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('bundle_invalid', `${file}: ${why}`, { cause })
  }
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
