// `sallyport gateway who-can`: which kinds of identity, with which groups, could send a command to a target of a
// running gateway, and in which circumstances it comes out otherwise.
import { asked, listOf, textOf, textsOf } from '../approvals-client.js'
import type { Io } from '../io.js'
import { tableOf } from '../table.js'
import { REMOTE_HELP, remoteVerb } from './remote-answer.js'
import { commandBody } from './try.js'

export const help = `sallyport gateway who-can SQL --target T   who could send it; nothing is executed

  --target NAME     target of the gateway, or NAME/DATABASE
${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await remoteVerb(argv, io, { target: { type: 'string' } }, 1)
  const body = commandBody(given.positionals[0], given.text('target'))
  return given.print(await asked(given.remote, '/api/who-can', body), (answer, paint) => {
    const rows = listOf(answer, 'rows').map((row) => [
      textOf(row, 'kind'),
      textOf(row, 'group') || 'any group',
      textOf(row, 'result'),
      [
        ...textsOf(row, 'rules'),
        ...textsOf(row, 'approvers').map((one) => `waits for ${one}`),
      ].join(', '),
      listOf(row, 'otherwise')
        .map((one) => `${textOf(one, 'result')} ${textOf(one, 'when')}`)
        .join(', '),
    ])
    return tableOf(['KIND', 'GROUP', 'RESULT', 'BY', 'OTHERWISE'], rows, paint)
  })
}
