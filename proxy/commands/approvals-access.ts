// The verbs of `sallyport approvals` about access to targets for a time and about who approves for whom: what
// each asks of the gateway, and what it prints.
import { GatewayError } from '../errors.js'
import { asked, listOf, memberOf, textOf, textsOf, type Remote } from './approvals-client.js'
import { durationMs, shownDuration } from './duration.js'
import { tableOf, type Paint } from './table.js'

export type AccessOptions = {
  readonly all: boolean
  readonly reason: string
  readonly for: string | undefined
  readonly to: string | undefined
  readonly issuer: string | undefined
  readonly group: readonly string[]
}

type Asked = (remote: Remote) => Promise<unknown>

type Verb = {
  // What stands behind the verb; absent: nothing may.
  readonly operand?: 'request' | 'target'
  readonly ask: (operand: string, options: AccessOptions) => Asked
  readonly print: (answer: unknown, paint: Paint) => string
}

export const ACCESS_HELP = `Access to a target for a time, and approving for others:

  request TARGET --reason R [--for 30m]       ask ahead; once agreed, connect as ever
  break-glass TARGET --reason R [--for 15m]   in an emergency: two of those on call must agree, and
                                              everybody hears of it
  withdraw ID [--reason R]                    take back what you asked for
  grants [--all]                              who has access now; --all: had it, too
  end ID [--reason R]                         end access before its time; its sessions end with it
  reviews                                     broken glass that nobody has looked at afterwards
  review ID --reason FOUND                    say what looking at it found
  delegate --to SUBJECT --for 8h --reason R [--group G …] [--issuer URL]
                                              let somebody approve in your place, for a time
  delegations                                 what you delegated, and what others delegated to you
  undelegate ID                               end one of them`

export const ACCESS_VERBS: Readonly<Record<string, Verb>> = {
  request: {
    operand: 'target',
    ask: (target, options) => access(target, options, false),
    print: waiting,
  },
  'break-glass': {
    operand: 'target',
    ask: (target, options) => access(target, options, true),
    print: waiting,
  },
  withdraw: {
    operand: 'request',
    ask: (id, { reason }) => post(`/api/approvals/${id}/withdraw`, { reason }),
    print: (answer) => `Request ${textOf(answer, 'id')}: withdrawn.\n`,
  },
  grants: {
    ask: (_, { all }) => get(`/api/grants${all ? '?status=all' : ''}`),
    print: grants,
  },
  end: {
    operand: 'request',
    ask: (id, { reason }) => post(`/api/grants/${id}/end`, { reason }),
    print: (answer) => `Access of request ${textOf(answer, 'id')}: ended.\n`,
  },
  reviews: { ask: () => get('/api/grants?status=unreviewed'), print: grants },
  review: {
    operand: 'request',
    ask: (id, { reason }) =>
      post(`/api/grants/${id}/review`, { reason: given(reason, '--reason: what was found') }),
    print: (answer) => `Broken glass of request ${textOf(answer, 'id')}: reviewed.\n`,
  },
  delegate: { ask: (_, options) => delegated(options), print: delegation },
  delegations: { ask: () => get('/api/delegations'), print: delegations },
  undelegate: {
    operand: 'request',
    ask: (id) => (remote) => asked(remote, `/api/delegations/${id}`, undefined, 'DELETE'),
    print: (answer) => `Delegation ${textOf(answer, 'id')}: ended.\n`,
  },
}

function get(path: string): Asked {
  return (remote) => asked(remote, path)
}

function post(path: string, body: Readonly<Record<string, unknown>>): Asked {
  return (remote) => asked(remote, path, { ...body, via: 'cli' })
}

function given(value: string | undefined, option: string): string {
  if (value === undefined || value === '') throw new GatewayError('usage', `say ${option}`)
  return value
}

function access(target: string, { reason, for: time }: AccessOptions, breakGlass: boolean): Asked {
  const body = {
    target,
    reason: given(reason, '--reason: what the access is for'),
    ...(time === undefined ? {} : { for_ms: durationMs(time, '--for') }),
    ...(breakGlass ? { break_glass: true } : {}),
  }
  return (remote) => asked(remote, '/api/approvals', body)
}

function delegated({ to, issuer, group, reason, for: time }: AccessOptions): Asked {
  const subject = given(to, '--to: the subject of who approves in your place')
  return post('/api/delegations', {
    to: issuer === undefined ? { subject } : { subject, issuer },
    for_ms: durationMs(given(time, '--for: how long'), '--for'),
    reason: given(reason, '--reason: why'),
    ...(group.length === 0 ? {} : { groups: group }),
  })
}

function waiting(answer: unknown): string {
  const id = textOf(answer, 'id')
  const missing = peopleOf(answer, 'groups_missing')
  return `Request ${id} waits for ${missing}.\nThey approve it with: sallyport approvals approve ${id}\n`
}

// “one of dba and 2 of security”.
export function peopleOf(answer: unknown, name: string): string {
  return listOf(answer, name)
    .map((one) => {
      const count = textOf(one, 'count')
      return `${count === '1' ? 'one' : count} of ${textsOf(one, 'any_of').join(' or ')}`
    })
    .join(' and ')
}

function grants(answer: unknown, paint: Paint): string {
  const found = listOf(answer, 'grants')
  if (found.length === 0) return 'None.\n'
  const rows = found.map((one) => [
    { text: textOf(one, 'id'), colour: 'cyan' as const },
    textOf(one, 'holder'),
    textOf(one, 'target'),
    textOf(one, 'standing') === 'true' ? left(one) : 'ended',
    textOf(one, 'break_glass') === 'true' ? 'broken' : '-',
    textsOf(one, 'approvers').join(', '),
    textOf(one, 'reason'),
  ])
  return tableOf(['REQUEST', 'WHO', 'TARGET', 'LEFT', 'GLASS', 'AGREED BY', 'REASON'], rows, paint)
}

function left(one: unknown): string {
  return shownDuration(Date.parse(textOf(one, 'until')) - Date.now())
}

function delegation(answer: unknown): string {
  const to = textOf(memberOf(answer, 'to'), 'subject')
  const groups = textsOf(answer, 'groups').join(', ')
  const id = textOf(answer, 'id')
  return `${to} may approve for you as ${groups}, for ${left(answer)}: delegation ${id}.\n`
}

function delegations(answer: unknown, paint: Paint): string {
  const found = listOf(answer, 'delegations')
  if (found.length === 0) return 'None.\n'
  const rows = found.map((one) => [
    { text: textOf(one, 'id'), colour: 'cyan' as const },
    textOf(memberOf(one, 'from'), 'subject'),
    textOf(memberOf(one, 'to'), 'subject'),
    textsOf(one, 'groups').join(', '),
    textOf(one, 'ended_at') === '' ? left(one) : 'ended',
    textOf(one, 'reason'),
  ])
  return tableOf(['DELEGATION', 'FROM', 'TO', 'GROUPS', 'LEFT', 'REASON'], rows, paint)
}
