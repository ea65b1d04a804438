// `sallyport policy history`: which bundles were in force at a running gateway, and which files and rules
// changed between two of them.
import { GatewayError } from '../../errors.js'
import { asked, linesOf, listOf, memberOf, textOf, textsOf } from '../approvals-client.js'
import { REMOTE_HELP, remoteVerb } from '../gateway/remote-answer.js'
import type { Io } from '../io.js'
import { instantOf, tableOf, type Paint } from '../table.js'

export const help = `sallyport policy history             the bundles that were in force, newest first
sallyport policy history FROM TO     which rules and files changed between two of them

  --text            whole texts of what changed
${REMOTE_HELP}`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await remoteVerb(argv, io, { text: { type: 'boolean' } }, 2)
  const [from, to] = given.positionals
  if (from === undefined) {
    return given.print(await asked(given.remote, '/api/policy/history'), historyText)
  }
  if (to === undefined) throw new GatewayError('usage', 'name two bundles, or none')
  const [one, other] = [from, to].map(encodeURIComponent)
  const answer = await asked(given.remote, `/api/policy/diff?from=${one}&to=${other}`)
  return given.print(answer, (found, paint) => changesText(found, paint, given.is('text')))
}

function historyText(answer: unknown, paint: Paint): string {
  const active = textOf(answer, 'active')
  const rows = listOf(answer, 'history').map((one) => [
    textOf(one, 'digest') === active ? 'in force' : '',
    instantOf(Number(textOf(one, 'at_ms'))),
    textOf(one, 'revision'),
    textOf(one, 'digest'),
  ])
  return tableOf(['', 'SINCE (UTC)', 'REVISION', 'BUNDLE'], rows, paint)
}

function changesText(answer: unknown, paint: Paint, whole: boolean): string {
  const rules = memberOf(answer, 'rules')
  const lines = [
    ...textsOf(rules, 'added').map((id) => paint('green', `+ rule ${id}`)),
    ...textsOf(rules, 'removed').map((id) => paint('red', `- rule ${id}`)),
  ]
  for (const file of listOf(answer, 'files')) {
    lines.push(`${textOf(file, 'change')}  ${textOf(file, 'path')}`)
    if (!whole) continue
    lines.push(...linesOf(file, 'before').map((line) => paint('red', `- ${line}`)))
    lines.push(...linesOf(file, 'after').map((line) => paint('green', `+ ${line}`)))
  }
  return `${lines.join('\n') || 'the two are the same'}\n`
}
