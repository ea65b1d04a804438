// `sallyport gateway targets`: what a running gateway stands before, and how fresh its names are.
import { asked, listOf, memberOf, textOf, textsOf } from '../approvals-client.js'
import type { Io } from '../io.js'
import { tableOf } from '../table.js'
import { REMOTE_HELP, remoteVerb } from './remote-answer.js'

export const help = `sallyport gateway targets   the targets of a gateway, and what is known of them

${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await remoteVerb(argv, io)
  return given.print(await asked(given.remote, '/api/targets'), (answer, paint) => {
    const rows = listOf(answer, 'targets').map((one) => {
      const labels = memberOf(one, 'labels')
      const names = Object.keys(typeof labels === 'object' && labels !== null ? labels : {})
      const catalogue = memberOf(one, 'catalogue')
      return [
        textOf(one, 'name'),
        textOf(one, 'kind'),
        names.map((name) => `${name}=${textOf(labels, name)}`).join(' '),
        textsOf(one, 'databases').join(' '),
        textOf(one, 'state'),
        textOf(catalogue, 'relations'),
        textOf(one, 'sessions'),
      ]
    })
    const head = ['TARGET', 'KIND', 'LABELS', 'DATABASES', 'NAMES', 'RELATIONS', 'SESSIONS']
    return rows.length === 0 ? 'there are no targets\n' : tableOf(head, rows, paint)
  })
}
