// Calls of Slack's Web API: a POST of JSON with the bot's token, whose answer says `ok` or names an error
// (docs.slack.dev/apis/web-api). Only those names, and no other word of an answer, ever reach a log.
import { isAcceptableUrl } from '../../loopback.js'
import { GatewayError } from '../../errors.js'
import { failureOf, isTaken, posted } from './http-attempt.js'
import type { Failure } from './channel.js'

export type SlackMethod = 'chat.postMessage' | 'chat.update' | 'chat.postEphemeral' | 'views.open'

export type SlackApi = (
  method: SlackMethod,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => Promise<SlackAnswer>

export type SlackAnswer =
  | { readonly ok: true; readonly channel: string; readonly ts: string }
  | { readonly ok: false; readonly failure: Failure }

export type SlackApiOptions = {
  // Without a slash at the end.
  readonly apiUrl: string
  readonly token: { readonly reveal: () => string }
}

export function slackApi({ apiUrl, token }: SlackApiOptions): SlackApi {
  if (!isAcceptableUrl(apiUrl)) {
    throw new GatewayError('config_invalid', 'Slack is asked at an https URL, or on loopback')
  }
  return async (method, body, signal) => {
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      authorization: `Bearer ${token.reveal()}`,
    }
    const answer = await posted(`${apiUrl}/${method}`, headers, JSON.stringify(body), signal)
    if (!isTaken(answer)) return { ok: false, failure: failureOf(answer) }
    const said = objectIn(answer.body)
    if (said['ok'] === true) {
      return { ok: true, channel: textOf(said['channel']), ts: textOf(said['ts']) }
    }
    const name = textOf(said['error'])
    const error = /^[a-z_]{1,60}$/.test(name) ? name : 'an error without a name'
    return {
      ok: false,
      failure: { told: false, again: PASSING.has(name), why: `${method}: ${error}` },
    }
  }
}

// What may be otherwise a moment later.
const PASSING = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
])

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
