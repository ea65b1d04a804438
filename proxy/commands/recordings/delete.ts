// `sallyport recordings delete`: the record is told, then the recording's key goes, then its bytes. What is
// under legal hold stays.
import { GatewayError } from '../../errors.js'
import { argumentsOf } from '../arguments.js'
import type { Io } from '../io.js'
import { plainText } from '../table.js'
import { keeping, KEEPING_HELP, KEEPING_OPTIONS } from './keeping.js'

export const help = `sallyport recordings delete SESSION --reason TEXT     delete one recording, with proof

The record keeps a line that says what was deleted (its digest), by whom and why. The key of the recording
goes first: copies that lie elsewhere cannot be read any more. The session’s commands stay in the record.

${KEEPING_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, KEEPING_OPTIONS)
  const [session, ...more] = positionals
  if (session === undefined || more.length > 0) {
    throw new GatewayError('usage', 'name one session, by its whole id')
  }
  await keeping(values, io, ({ remove }) => remove(session))
  io.stdout.write(`the recording of session ${plainText(session, 80)} is deleted\n`)
  return 0
}
