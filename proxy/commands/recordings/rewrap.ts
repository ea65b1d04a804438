// `sallyport recordings rewrap`: after a change of recordings.key, the keys of all recordings are sealed with
// the new one, so that the old one can be thrown away. The recordings themselves stay as they are.
import { documentText, rewrapped } from '../../recordings/key-document.js'
import { storedKey } from '../../recordings/store.js'
import { GatewayError } from '../../errors.js'
import { argumentsOf } from '../arguments.js'
import type { Io } from '../io.js'
import { plainText } from '../table.js'
import { CONFIG_HELP, recordingsPlace } from './place.js'

export const help = `sallyport recordings rewrap     seal the keys of all recordings with recordings.key

Put the new key into recordings.key and the one before into recordings.previous_keys, have the gateway read
its configuration again, then run this. Once it says that all are done, the key before may go. Sessions that
are open keep the key they began with until they end.

${CONFIG_HELP}

Exit status: 0 all are sealed with recordings.key, 1 not all, and which, 2 wrong usage.
`

const OPTIONS = { config: { type: 'string' } } as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values } = argumentsOf(argv, OPTIONS)
  const { library, store, keys } = recordingsPlace(values.config, io)
  keys.current()
  let done = 0
  let already = 0
  let open = 0
  const failed: string[] = []
  for await (const document of library.documents()) {
    const name = storedKey(document.session)
    // Not there yet: what moves there from the spool would overwrite it.
    if (document.sealed === undefined || (await store.whole(name)) === undefined) {
      if (document.key !== keys.current().id) open++
      continue
    }
    try {
      const fresh = rewrapped(document, keys)
      if (fresh === undefined) already++
      else {
        await store.put(name, Buffer.from(documentText(fresh)))
        done++
      }
    } catch (problem) {
      if (!(problem instanceof GatewayError)) throw problem
      failed.push(problem.message)
    }
  }
  for (const problem of failed) io.stderr.write(`sallyport: ${plainText(problem)}\n`)
  const still = open === 0 ? '' : `; ${open} open with a key before, try again once they end`
  io.stdout.write(
    `${done} sealed anew, ${already} already were${still}${failed.length === 0 ? '' : `; ${failed.length} could not be`}\n`,
  )
  return failed.length === 0 && open === 0 ? 0 : 1
}
