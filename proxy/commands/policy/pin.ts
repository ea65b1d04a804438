// `sallyport policy pin`: holds a bundle that was in force, by revision or digest; `--off` follows the
// source again.
import { GatewayError } from '../../errors.js'
import { memberOf } from '../approvals-client.js'
import type { Io } from '../io.js'
import { bundleText, done, operating, REMOTE_HELP, statusText } from './operating.js'

export const help = `sallyport policy pin BUNDLE [--reason TEXT]   put a bundle in force and hold it
sallyport policy pin --off [--reason TEXT]      follow the source again

BUNDLE is a revision, or a digest or the beginning of one, as “sallyport policy status” lists them.

  --reason TEXT     stands in the record
${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await operating(argv, io, ['reason', 'off'])
  const [bundle, ...more] = given.positionals
  if (more.length > 0 || (bundle === undefined) !== given.off) {
    throw new GatewayError('usage', 'say one bundle, or --off')
  }
  const { reason } = given
  if (bundle === undefined) return given.print(await done(given, 'unpin', { reason }), statusText)
  const answer = await done(given, 'pin', { bundle, reason })
  return given.print(
    answer,
    (status, paint) => `In force and held: ${bundleText(memberOf(status, 'active'), paint)}\n`,
  )
}
