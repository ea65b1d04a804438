// `sallyport policy status`: which policies decide in a running gateway, since when, and where they are from.
import { asked } from '../approvals-client.js'
import type { Io } from '../io.js'
import { noArguments, operating, REMOTE_HELP, statusText } from './operating.js'

export const help = `sallyport policy status   which policies decide in a running gateway

${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await operating(argv, io)
  noArguments(given)
  return given.print(await asked(given.remote, '/api/policy'), statusText)
}
