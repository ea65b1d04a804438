// `sallyport approvals`: what waits for approval, and the two answers; access for a time. A thin client of the
// gateway's API, which alone decides who may see and do what.
import { parseArgs } from 'node:util'
import { REQUEST_ID_PATTERN } from '../approvals/request-id.js'
import { GatewayError } from '../errors.js'
import { ACCESS_HELP, ACCESS_VERBS, peopleOf } from './approvals-access.js'
import {
  asked,
  linesOf,
  listOf,
  memberOf,
  remoteOf,
  textOf,
  textsOf,
  type Remote,
} from './approvals-client.js'
import { atMost, beforehand, rowsMaxOf } from './approvals-rows.js'
import { shownDuration } from './duration.js'
import type { Io } from './io.js'
import { paintFor, tableOf, type Paint } from './table.js'

export const help = `sallyport approvals VERB       commands that wait for approval

  list [--all]               what waits and you may see; --all: settled ones too
  show ID                    one request: who, where, the exact command, why
  approve ID [--reason R] [--rows-max N]
                             let it run, once; at most N rows may be changed, else it is undone
  deny ID [--reason R]       refuse it

${ACCESS_HELP}

  --url URL        the gateway's web address; default: $SALLYPORT_URL, else http://127.0.0.1:8470
  --token TOKEN    default: $SALLYPORT_TOKEN, else the token of \`sallyport login\`; other users of this
                   machine can see arguments, so prefer the variable
  --format FORMAT  pretty (default) or json

Exits with 0 when done, 1 when not (already settled, not allowed, no gateway …) with the reason on
standard error, 2 on wrong usage.
`

const OPTIONS = {
  all: { type: 'boolean' },
  reason: { type: 'string' },
  'rows-max': { type: 'string' },
  url: { type: 'string' },
  token: { type: 'string' },
  format: { type: 'string' },
  for: { type: 'string' },
  to: { type: 'string' },
  issuer: { type: 'string' },
  group: { type: 'string', multiple: true },
} as const

type Wanted =
  | { readonly verb: 'list'; readonly all: boolean }
  | { readonly verb: 'show'; readonly id: string }
  | {
      readonly verb: 'approve' | 'deny'
      readonly id: string
      readonly reason: string
      readonly rowsMax: number | undefined
    }
  | {
      readonly verb: 'access'
      readonly name: string
      readonly ask: (remote: Remote) => Promise<unknown>
    }

export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    const { wanted, url, token, json } = wantedOf(argv)
    const remote = await remoteOf(io, { url, token })
    const answer = await answerTo(wanted, remote)
    io.stdout.write(json ? `${JSON.stringify(answer, null, 2)}\n` : pretty(wanted, answer, io))
    return 0
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const hint = error.code === 'usage' ? '\n\nsallyport approvals --help says more.' : ''
    io.stderr.write(`${error.message}${hint}\n`)
    return error.code === 'usage' ? 2 : 1
  }
}

function wantedOf(argv: readonly string[]) {
  const { values, positionals } = parsed(argv)
  const [verb = '', id, ...more] = positionals
  const { url, token, format = 'pretty' } = values
  if (format !== 'pretty' && format !== 'json') {
    throw new GatewayError('usage', '--format is pretty or json')
  }
  const rest = { url, token, json: format === 'json' }
  const access = Object.hasOwn(ACCESS_VERBS, verb) ? ACCESS_VERBS[verb] : undefined
  if (access !== undefined) {
    const operand = operandOf(verb, access.operand, id === undefined ? [] : [id, ...more])
    const { all = false, reason = '', for: time, to, issuer, group = [] } = values
    const ask = access.ask(operand, { all, reason, for: time, to, issuer, group })
    return { wanted: { verb: 'access', name: verb, ask } as Wanted, ...rest }
  }
  if (verb === 'list' && id === undefined) {
    return { wanted: { verb, all: values.all === true } as Wanted, ...rest }
  }
  if (verb !== 'show' && verb !== 'approve' && verb !== 'deny') {
    const others = Object.keys(ACCESS_VERBS).join(', ')
    throw new GatewayError('usage', `say one of: list, show ID, approve ID, deny ID, ${others}`)
  }
  const one = operandOf(verb, 'request', id === undefined ? [] : [id, ...more])
  const { reason = '' } = values
  const rowsMax = rowsMaxOf(verb, values['rows-max'])
  const wanted: Wanted = verb === 'show' ? { verb, id: one } : { verb, id: one, reason, rowsMax }
  return { wanted, ...rest }
}

function operandOf(
  verb: string,
  wanted: 'request' | 'target' | undefined,
  found: readonly string[],
): string {
  const [one = ''] = found
  const what = found.length === 0 ? 'nothing' : `“${found.join(' ')}”`
  if (wanted === undefined) {
    if (found.length === 0) return ''
    throw new GatewayError('usage', `${verb} wants nothing behind it; ${what} found`)
  }
  if (found.length === 1 && (wanted === 'target' || new RegExp(REQUEST_ID_PATTERN).test(one))) {
    return one
  }
  const example = wanted === 'target' ? 'target, such as shop' : 'request, such as k7qf-2m9x-p3dt'
  throw new GatewayError('usage', `${verb} wants one ${example}; ${what} found`)
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true })
  } catch (cause) {
    throw new GatewayError('usage', cause instanceof Error ? cause.message : 'wrong usage', {
      cause,
    })
  }
}

function answerTo(wanted: Wanted, remote: Remote): Promise<unknown> {
  switch (wanted.verb) {
    case 'list':
      return asked(remote, `/api/approvals${wanted.all ? '?status=all' : ''}`)
    case 'show':
      return asked(remote, `/api/approvals/${wanted.id}`)
    case 'approve':
    case 'deny':
      return asked(remote, `/api/approvals/${wanted.id}/${wanted.verb}`, {
        reason: wanted.reason,
        via: 'cli',
        ...(wanted.rowsMax === undefined ? {} : { rows_max: wanted.rowsMax }),
      })
    case 'access':
      return wanted.ask(remote)
  }
}

function pretty(wanted: Wanted, answer: unknown, io: Io): string {
  const paint = paintFor(io)
  switch (wanted.verb) {
    case 'list':
      return list(answer, wanted.all, paint)
    case 'show':
      return request(answer, paint)
    case 'approve':
    case 'deny':
      return `${outcome(answer)}\n`
    case 'access':
      return ACCESS_VERBS[wanted.name]?.print(answer, paint) ?? ''
  }
}

function list(answer: unknown, all: boolean, paint: Paint): string {
  const approvals = listOf(answer, 'approvals')
  if (approvals.length === 0) return all ? 'No requests.\n' : 'Nothing waits for approval.\n'
  const rows = approvals.map((one) => [
    { text: textOf(one, 'id'), colour: 'cyan' as const },
    textOf(one, 'status'),
    until(one),
    requester(one),
    textOf(memberOf(one, 'target'), 'name'),
    shortened(textOf(one, 'text')),
  ])
  return tableOf(['REQUEST', 'STATUS', 'LEFT', 'WHO', 'TARGET', 'COMMAND'], rows, paint)
}

function request(answer: unknown, paint: Paint): string {
  const target = memberOf(answer, 'target')
  const labels = Object.entries(memberOf(target, 'labels') ?? {}).map(
    ([name]) => `${name}=${textOf(memberOf(target, 'labels'), name)}`,
  )
  const given = listOf(answer, 'approvals').map(
    (one) => `${textOf(one, 'subject')}${atMost(one)}${quoted(textOf(one, 'reason'))}`,
  )
  const facts: readonly (readonly [string, string])[] = [
    ['request', textOf(answer, 'id')],
    ['status', `${textOf(answer, 'status')}${quoted(textOf(answer, 'reason'))}`],
    ['left', until(answer)],
    ['who', requester(answer)],
    ['target', [textOf(target, 'name'), textOf(target, 'database'), ...labels].join('  ')],
    ['session', `${textOf(answer, 'session')}, command ${textOf(answer, 'command')}`],
    ['may approve', mayApprove(answer)],
    ['missing', peopleOf(answer, 'groups_missing')],
    ['asked later', escalation(answer)],
    ['access for', accessFor(answer)],
    ['approved by', given.join(', ')],
    ['scope', textOf(answer, 'scope')],
  ]
  const rules = listOf(answer, 'rules').map(
    (rule) => `  ${textOf(rule, 'message')} ${paint('grey', textOf(rule, 'id'))}`,
  )
  const effects = listOf(answer, 'effects').map((effect) =>
    ['', textOf(effect, 'op'), textOf(effect, 'object'), textOf(effect, 'where')]
      .join(' ')
      .trimEnd(),
  )
  const lines = facts.filter(([, value]) => value !== '' && value !== '-')
  return [
    ...lines.map(([name, value]) => `${paint('grey', name.padEnd(12))} ${value}`),
    '',
    ...linesOf(answer, 'text').map((line) => `  ${line}`),
    '',
    ...rules,
    ...effects.map((line) => ` ${line}`),
    ...beforehand(answer, paint),
    '',
  ].join('\n')
}

function mayApprove(answer: unknown): string {
  if (listOf(answer, 'groups').length > 1) return peopleOf(answer, 'groups')
  return `${textOf(answer, 'quorum')} of ${textsOf(answer, 'approvers').join(', ')}`
}

function escalation(answer: unknown): string {
  const found = memberOf(answer, 'escalation')
  const to = textsOf(found, 'to').join(', ')
  if (to === '') return ''
  return textOf(found, 'at') === '' ? `${to}, if nobody answers` : `${to} may settle it as well`
}

function accessFor(answer: unknown): string {
  const found = memberOf(answer, 'access')
  if (found === undefined) return ''
  const most = Number(textOf(answer, 'grant_ms')) || Infinity
  const wanted = Number(textOf(found, 'for_ms')) || Infinity
  const loud = textOf(found, 'break_glass') === 'true' ? 'BREAK GLASS, ' : ''
  const time = Math.min(most, wanted)
  const reason = quoted(textOf(found, 'reason'))
  return `${loud}${Number.isFinite(time) ? shownDuration(time) : 'a while'}${reason}`
}

function outcome(answer: unknown): string {
  const id = textOf(answer, 'id')
  const status = textOf(answer, 'status')
  if (status === 'pending') {
    const given = listOf(answer, 'approvals').length
    const missing = peopleOf(answer, 'groups_missing')
    const still = missing === '' ? '' : `; ${missing} must still approve`
    return `Request ${id}: ${given} of ${textOf(answer, 'quorum')} approvals given${still}.`
  }
  return `Request ${id}: ${status === 'used' ? 'approved' : status}.`
}

function requester(one: unknown): string {
  const who = memberOf(one, 'requester')
  return `${textOf(who, 'name') || textOf(who, 'subject')} (${textOf(who, 'kind')})`
}

function until(one: unknown): string {
  if (textOf(one, 'status') !== 'pending') return '-'
  const seconds = Math.round((Date.parse(textOf(one, 'expires_at')) - Date.now()) / 1000)
  if (!Number.isFinite(seconds) || seconds <= 0) return '0 s'
  return seconds >= 120 ? `${Math.round(seconds / 60)} min` : `${seconds} s`
}

const COMMAND_CHARACTERS = 60

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > COMMAND_CHARACTERS ? `${line.slice(0, COMMAND_CHARACTERS - 1)}…` : line
}

function quoted(words: string): string {
  return words === '' ? '' : ` (${words})`
}
