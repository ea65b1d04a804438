// `sallyport recordings release`: ends a legal hold; from then on retention counts again.
import { GatewayError } from '../../errors.js'
import { argumentsOf } from '../arguments.js'
import type { Io } from '../io.js'
import { plainText } from '../table.js'
import { keeping, KEEPING_HELP, KEEPING_OPTIONS } from './keeping.js'

export const help = `sallyport recordings release HOLD --reason TEXT     end a legal hold

${KEEPING_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, KEEPING_OPTIONS)
  const [id, ...more] = positionals
  if (id === undefined || more.length > 0) throw new GatewayError('usage', 'name one hold')
  await keeping(values, io, ({ release }) => release(id))
  io.stdout.write(`hold ${plainText(id, 80)} is released\n`)
  return 0
}
