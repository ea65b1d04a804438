// `sallyport recordings hold`: while a hold stands, neither retention nor people delete what it is on.
import { GatewayError } from '../../errors.js'
import type { HoldScope, LegalHold } from '../../recordings/holds.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { instantOf, paintFor, plainText, tableOf } from '../table.js'
import { keeping, KEEPING_HELP, KEEPING_OPTIONS } from './keeping.js'

export const help = `sallyport recordings hold                              the holds that stand
sallyport recordings hold session ID --reason TEXT     keep the recording of one session
sallyport recordings hold person ISSUER SUBJECT --reason TEXT
                                                       keep all recordings of one person
sallyport recordings hold target NAME --reason TEXT    keep all recordings of one target

What is held is not deleted, neither by retention nor by people, until the hold is released.

${KEEPING_HELP}`

const OPTIONS = { ...KEEPING_OPTIONS, format: { type: 'string' } } as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json'])
  const what = heldBy(positionals)
  const holds = await keeping(values, io, async ({ all, hold }) =>
    what === undefined ? all() : [await hold(what)],
  )
  if (format === 'json') io.stdout.write(`${JSON.stringify(holds)}\n`)
  else if (holds.length === 0) io.stdout.write('there are no holds\n')
  else io.stdout.write(tableOf(HEAD, holds.map(rowOf), paintFor(io)))
  return 0
}

const HEAD = ['HOLD', 'ON', 'OF', 'SINCE (UTC)', 'BY', 'WHY']

function rowOf({ id, scope, of, since, by, reason }: LegalHold): readonly string[] {
  return [id, scope, plainText(of, 60), instantOf(since), plainText(by, 40), plainText(reason, 60)]
}

function heldBy(
  words: readonly string[],
): { readonly scope: HoldScope; readonly of: string } | undefined {
  const [scope, first, second, ...more] = words
  if (scope === undefined) return undefined
  const one = first !== undefined && second === undefined
  if ((scope === 'session' || scope === 'target') && one) return { scope, of: first }
  const both = first !== undefined && second !== undefined && more.length === 0
  if (scope === 'person' && both) return { scope, of: `${first} ${second}` }
  throw new GatewayError('usage', 'a hold is on: session ID, person ISSUER SUBJECT, or target NAME')
}
