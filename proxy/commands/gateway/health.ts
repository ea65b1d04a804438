// `sallyport gateway health`: whether a running gateway can serve, which policies decide, and how busy it is.
import { asked, listOf, memberOf, textOf } from '../approvals-client.js'
import type { Io } from '../io.js'
import { REMOTE_HELP, remoteVerb } from './remote-answer.js'

export const help = `sallyport gateway health   how a gateway is doing

${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await remoteVerb(argv, io)
  return given.print(await asked(given.remote, '/api/health'), (answer, paint) => {
    const [record, bundle] = [memberOf(answer, 'record'), memberOf(answer, 'bundle')]
    const checks = listOf(answer, 'checks').map((check) => {
      const ok = memberOf(check, 'ok') === true
      const why = textOf(check, 'reason')
      return `  ${paint(ok ? 'green' : 'red', ok ? 'good' : 'bad ')}  ${textOf(check, 'name')}  ${why}`.trimEnd()
    })
    const megabytes = Math.round(Number(textOf(answer, 'memory_bytes')) / 1e6)
    return [
      memberOf(answer, 'ready') === true ? paint('green', 'ready') : paint('red', 'not ready'),
      ...checks,
      `  version   ${textOf(answer, 'version')} on Node ${textOf(answer, 'node')}, since ${textOf(answer, 'started_at')}`,
      `  record    ${textOf(record, 'lag')} lines not yet on the disk`,
      `  policies  ${textOf(bundle, 'revision')} ${textOf(bundle, 'digest')}, ${textOf(bundle, 'freshness')}`,
      `  now       ${textOf(answer, 'sessions')} sessions, ${textOf(answer, 'holds')} holds, ` +
        `${textOf(answer, 'signed_in')} signed in, ${textOf(answer, 'streams')} listening`,
      `  process   ${megabytes} MB, event loop p99 ${textOf(answer, 'event_loop_p99_ms')} ms`,
      '',
    ].join('\n')
  })
}
