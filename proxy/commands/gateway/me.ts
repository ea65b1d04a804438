// `sallyport gateway me`: who the token is for, and what the policies of that gateway let them do.
import { asked, memberOf, textOf, textsOf } from '../approvals-client.js'
import type { Io } from '../io.js'
import { REMOTE_HELP, remoteVerb } from './remote-answer.js'

export const help = `sallyport gateway me   who you are to the gateway, and what you may see and do there

${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await remoteVerb(argv, io)
  return given.print(await asked(given.remote, '/api/me'), (answer, paint) => {
    const may = memberOf(answer, 'may')
    const rights = Object.entries(typeof may === 'object' && may !== null ? may : {})
    const granted = rights.filter(([, yes]) => yes === true).map(([name]) => name)
    return [
      `${paint('bold', textOf(answer, 'name') || textOf(answer, 'subject'))} (${textOf(answer, 'kind')})`,
      `  at      ${textOf(answer, 'issuer')}`,
      `  groups  ${textsOf(answer, 'groups').join(', ') || 'none'}`,
      `  until   ${textOf(answer, 'expires_at')}`,
      `  may     ${granted.join(', ') || 'see what is your own'}`,
      '',
    ].join('\n')
  })
}
