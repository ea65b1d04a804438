// `sallyport sessions end`: ends a live session of a running gateway. Its client is told why, and the record
// says who did it.
import { GatewayError } from '../../errors.js'
import { asked, listOf, textOf } from '../approvals-client.js'
import { REMOTE_HELP, remoteVerb } from '../gateway/remote-answer.js'
import type { Io } from '../io.js'

export const help = `sallyport sessions end ID   ends a live session; its client is told why

  --reason TEXT     for the client and the record
${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await remoteVerb(argv, io, { reason: { type: 'string' } }, 1)
  const [part] = given.positionals
  if (part === undefined)
    throw new GatewayError('usage', 'name a session: sessions live lists them')
  const live = listOf(await asked(given.remote, '/api/sessions?state=live&limit=1000'), 'sessions')
  const ids = live.map((one) => textOf(one, 'id')).filter((id) => id.startsWith(part))
  const id = ids.find((one) => one === part) ?? ids[0]
  if (id === undefined) throw new GatewayError('not_found', `no live session begins with ${part}`)
  if (ids.length > 1 && id !== part) {
    throw new GatewayError('conflict', `${ids.length} live sessions begin with ${part}`)
  }
  const body = { reason: given.text('reason') ?? '' }
  const answer = await asked(
    given.remote,
    `/api/sessions/${encodeURIComponent(id)}`,
    body,
    'DELETE',
  )
  return given.print(answer, () => `ended ${id}\n`)
}
