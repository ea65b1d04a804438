// `sallyport policy rollback`: puts the bundle before back in force and holds it.
import type { Io } from '../io.js'
import { memberOf } from '../approvals-client.js'
import { bundleText, done, noArguments, operating, REMOTE_HELP } from './operating.js'

export const help = `sallyport policy rollback [--reason TEXT]   put the bundle before back in force

It is held, so that the source does not undo it: “sallyport policy pin --off” follows the source again.
Rolling back again goes one further back.

  --reason TEXT     stands in the record
${REMOTE_HELP}
Rolling back is also open to whom the bundle before lets operate, so that policies which let nobody in can
be undone.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await operating(argv, io, ['reason'])
  noArguments(given)
  const answer = await done(given, 'rollback', { reason: given.reason })
  return given.print(
    answer,
    (status, paint) =>
      `In force and held: ${bundleText(memberOf(status, 'active'), paint)}\n` +
      'What the source offers changes nothing until “sallyport policy pin --off”.\n',
  )
}
