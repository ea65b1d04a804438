// What the verbs on a running gateway share: its address, the token, and how its policies are shown.
import type { ParseArgsConfig } from 'node:util'
import { GatewayError } from '../../errors.js'
import {
  asked,
  listOf,
  memberOf,
  remoteOf,
  textOf,
  textsOf,
  type Remote,
} from '../approvals-client.js'
import type { Io } from '../io.js'
import { paintFor, type Paint } from '../table.js'
import { argumentsOf, formatArgument } from './toolbox.js'

export const REMOTE_HELP = `  --url URL         the gateway (SALLYPORT_URL, or http://127.0.0.1:8470)
  --token TOKEN     an access token (SALLYPORT_TOKEN, or the one of “sallyport login”)
  --format FORMAT   pretty (default) or json

Who may: people of the groups in policy.operators of the gateway’s configuration, where the policies in
force agree (verb “operate” of the approval entrypoint).
Exit status: 0 done, 1 not done and why on standard error, 2 wrong usage.
`

const OPTIONS = {
  url: { type: 'string' },
  token: { type: 'string' },
  format: { type: 'string' },
  reason: { type: 'string' },
  off: { type: 'boolean' },
} as const satisfies NonNullable<ParseArgsConfig['options']>

export type Operating = {
  readonly remote: Remote
  readonly positionals: readonly string[]
  readonly reason: string
  readonly off: boolean
  // Prints the answer, as JSON or in words.
  readonly print: (answer: unknown, words: (answer: unknown, paint: Paint) => string) => number
}

// `allowed`: of the options beyond those that all have.
export async function operating(
  argv: readonly string[],
  io: Io,
  allowed: readonly ('reason' | 'off')[] = [],
): Promise<Operating> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  for (const name of ['reason', 'off'] as const) {
    if (values[name] !== undefined && !allowed.includes(name)) {
      throw new GatewayError('usage', `--${name} has no meaning here`)
    }
  }
  const format = formatArgument(values.format, ['pretty', 'json'])
  return {
    remote: await remoteOf(io, { url: values.url, token: values.token }),
    positionals,
    reason: values.reason ?? '',
    off: values.off === true,
    print: (answer, words) => {
      const isJson = format === 'json'
      io.stdout.write(isJson ? `${JSON.stringify(answer, null, 2)}\n` : words(answer, paintFor(io)))
      return 0
    },
  }
}

export function noArguments({ positionals }: Operating): void {
  if (positionals.length === 0) return
  throw new GatewayError('usage', `nothing is expected, and “${positionals.join(' ')}” was found`)
}

export function done(
  { remote }: Operating,
  verb: 'activate' | 'rollback' | 'pin' | 'unpin',
  body: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  return asked(remote, `/api/policy/${verb}`, body)
}

const HISTORY_SHOWN = 8

export function statusText(answer: unknown, paint: Paint): string {
  const active = memberOf(answer, 'active')
  const pin = memberOf(answer, 'pin')
  const refused = memberOf(answer, 'refused')
  const shadow = memberOf(answer, 'shadow')
  const freshness = textOf(answer, 'freshness')
  const age = Number(textOf(answer, 'age_ms'))
  const rows: (readonly [string, string])[] = [
    ['active', bundleText(active, paint)],
    ['since', timeOf(active, 'since_ms')],
    ...signedBy(active),
    ['source', `${textOf(answer, 'source')} (${textOf(answer, 'kind')})`],
    [
      'heard of',
      freshness === 'fresh'
        ? durationText(age)
        : paint('red', `${freshness}: ${durationText(age)}`),
    ],
  ]
  if (pin !== null && pin !== undefined) {
    const why = textOf(pin, 'reason')
    const words = `by ${personText(textOf(pin, 'by'))}, ${timeOf(pin, 'at_ms')}`
    rows.push(['held', paint('yellow', `${words}${why === '' ? '' : `: ${why}`}`)])
  }
  if (refused !== null && refused !== undefined) {
    const words = `at “${textOf(refused, 'step')}”: ${textOf(refused, 'reason')}`
    rows.push(['refused', paint('red', words)])
  }
  if (shadow !== null && shadow !== undefined) {
    const digest = textOf(shadow, 'bundle')
    const what = digest === '' ? 'nothing yet' : bundleText({ ...shadow, digest }, paint)
    rows.push(['shadow', `${what}, from ${textOf(shadow, 'source')}`])
  }
  const lines = rows.map(([name, value]) => `${paint('grey', name.padEnd(10))} ${value}`)
  const history = listOf(answer, 'history')
    .slice(-HISTORY_SHOWN)
    .reverse()
    .map((one) => `  ${timeOf(one, 'at_ms')}  ${bundleText(one, paint)}`)
  return `${[...lines, '', 'What the source gave, the latest first:', ...history].join('\n')}\n`
}

function signedBy(active: unknown): readonly (readonly [string, string])[] {
  const signers = textsOf(active, 'signers')
  return signers.length === 0 ? [] : [['signed by', signers.join(', ')]]
}

export function bundleText(bundle: unknown, paint: Paint): string {
  const revision = textOf(bundle, 'revision')
  const digest = textOf(bundle, 'digest')
  return revision === '' ? digest : `${paint('cyan', revision)} ${paint('grey', digest)}`
}

// As it is recorded: issuer and subject.
export function personText(by: string): string {
  try {
    const [issuer = '', subject = ''] = textsOf({ by: JSON.parse(by) as unknown }, 'by')
    return subject === '' ? by : `${subject} (${issuer})`
  } catch {
    return by
  }
}

function timeOf(value: unknown, name: string): string {
  const ms = Number(textOf(value, name))
  return Number.isFinite(ms) && ms > 0 ? new Date(ms).toISOString() : '-'
}

function durationText(ms: number): string {
  if (!Number.isFinite(ms) || ms < 1000) return 'just now'
  const seconds = Math.round(ms / 1000)
  return seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`
}
