// `sallyport sessions live`: the sessions that are open at a running gateway now, as far as one may see them.
import { asked, listOf, textOf } from '../approvals-client.js'
import { REMOTE_HELP, remoteVerb } from '../gateway/remote-answer.js'
import type { Io } from '../io.js'
import { tableOf } from '../table.js'

export const help = `sallyport sessions live   the sessions open now, newest first

  --target NAME     of this target
  --person TEXT     part of a name or subject
${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const options = { target: { type: 'string' }, person: { type: 'string' } } as const
  const given = await remoteVerb(argv, io, options)
  const query = new URLSearchParams({ state: 'live', limit: '1000' })
  for (const name of ['target', 'person'] as const) {
    const value = given.text(name)
    if (value !== undefined) query.set(name, value)
  }
  const answer = await asked(
    given.remote,
    `/api/sessions?${query.toString().replaceAll('+', '%20')}`,
  )
  return given.print(answer, (found, paint) => {
    const rows = listOf(found, 'sessions').map((one) => [
      textOf(one, 'id'),
      textOf(one, 'since'),
      textOf(one, 'name'),
      textOf(one, 'kind'),
      textOf(one, 'target'),
      textOf(one, 'client_address'),
      textOf(one, 'commands'),
      textOf(one, 'denials'),
      textOf(one, 'held'),
    ])
    const head = [
      'SESSION',
      'SINCE (UTC)',
      'WHO',
      'KIND',
      'TARGET',
      'FROM',
      'COMMANDS',
      'REFUSED',
      'HELD',
    ]
    return rows.length === 0
      ? 'no sessions are open that you may see\n'
      : tableOf(head, rows, paint)
  })
}
