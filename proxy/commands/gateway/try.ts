// `sallyport gateway try`: what a running gateway would do with a command, against the names that its target
// has now.
import { GatewayError } from '../../errors.js'
import { asked, listOf, memberOf, textOf, textsOf } from '../approvals-client.js'
import type { Io } from '../io.js'
import type { Paint } from '../table.js'
import { REMOTE_HELP, remoteVerb } from './remote-answer.js'

export const help = `sallyport gateway try SQL --target T   what would happen; nothing is executed

  --target NAME     target of the gateway, or NAME/DATABASE
  --kind KIND       as a human, agent or pipeline, in place of yourself
  --group GROUP     of this group; may be repeated
  --mfa             with a second factor
${REMOTE_HELP}`

const OPTIONS = {
  target: { type: 'string' },
  kind: { type: 'string' },
  group: { type: 'string', multiple: true },
  mfa: { type: 'boolean' },
} as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const given = await remoteVerb(argv, io, OPTIONS, 1)
  const kind = given.text('kind')
  const groups = given.texts('group')
  if (kind === undefined && (groups.length > 0 || given.is('mfa'))) {
    throw new GatewayError('usage', '--group and --mfa need --kind: human, agent or pipeline')
  }
  const as = kind === undefined ? {} : { as: { kind, groups, mfa: given.is('mfa') } }
  const body = { ...commandBody(given.positionals[0], given.text('target')), ...as }
  return given.print(await asked(given.remote, '/api/try', body), triedText)
}

export function commandBody(sql: string | undefined, place: string | undefined) {
  if (sql === undefined) throw new GatewayError('usage', 'name a command, in quotes')
  if (place === undefined) throw new GatewayError('usage', '--target names where it would go')
  const [target = '', database] = place.split('/')
  return { sql, target, ...(database === undefined ? {} : { database }) }
}

function triedText(answer: unknown, paint: Paint): string {
  const opens = memberOf(answer, 'opens')
  const lines =
    memberOf(opens, 'go') === true ? [] : [`cannot open it: ${textOf(opens, 'why')}`, '']
  for (const one of listOf(answer, 'statements')) {
    const said = memberOf(one, 'answer')
    const decision = memberOf(one, 'decision')
    const go = memberOf(said, 'go') === true
    lines.push(
      textOf(one, 'text'),
      `  ${paint(go ? 'green' : 'red', textOf(said, 'action'))}  ${wordsOf(said)}`.trimEnd(),
      ...listOf(decision, 'rules').map(
        (rule) => `  ${textOf(rule, 'id')}: ${textOf(rule, 'message')}`,
      ),
    )
    const rewritten = textOf(one, 'rewritten')
    if (rewritten !== '') lines.push(`  runs as  ${rewritten}`)
    for (const near of listOf(one, 'nearest')) {
      const approvers = textsOf(near, 'approvers')
      const waits = approvers.length === 0 ? '' : `  (waits for ${approvers.join(', ')})`
      lines.push(`  would pass: ${textOf(near, 'change')}${waits}`)
      const text = textOf(near, 'text')
      if (text !== '') lines.push(`    ${text}`)
    }
    lines.push('')
  }
  return `${lines.join('\n')}`
}

function wordsOf(said: unknown): string {
  if (memberOf(said, 'held') === true) return 'it waits for people'
  return [textOf(said, 'message'), textOf(said, 'hint')].filter((one) => one !== '').join('; ')
}
