// `sallyport policy activate`: has a running gateway take what its source has, now rather than at its next
// look, and says why where it does not.
import type { Io } from '../io.js'
import { done, noArguments, operating, REMOTE_HELP, statusText } from './operating.js'

export const help = `sallyport policy activate   take what the source has, now

Every bundle goes through all steps: signatures, roots, schema, builtins, plain cases, cost. What is refused
is said and recorded, and the bundle before goes on deciding. While a bundle is held (policy pin, policy
rollback) nothing is taken.

${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await operating(argv, io)
  noArguments(given)
  return given.print(await done(given, 'activate', {}), statusText)
}
