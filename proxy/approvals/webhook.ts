// Tells a receiver of the operator's choice by HTTP, signed as the Standard Webhooks specification 1.0
// says, so that receivers can use a library for it: headers webhook-id, webhook-timestamp and
// webhook-signature (v1, HMAC-SHA256 over "id.timestamp.body", base64).
import { createHmac } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import { isAcceptableUrl } from '../loopback.js'
import { APPROVAL_LIMITS } from './limits.js'
import type { Notice, Notifier } from './notifier.js'

export type WebhookOptions = {
  readonly url: string
  readonly secret: { readonly reveal: () => string }
  // Where people reach this gateway's API and console.
  readonly gatewayUrl: string
  readonly clock: Clock
  readonly pausesMs?: readonly number[]
}

export function webhookNotifier(options: WebhookOptions): Notifier {
  if (!isAcceptableUrl(options.url)) {
    throw new GatewayError('config_invalid', 'a webhook must be an https URL, or on loopback')
  }
  const closing = new AbortController()
  let waiting = 0
  const { host } = new URL(options.url)
  return {
    name: `webhook ${host}`,
    reaches: 'approvers',
    async tell(notice) {
      if (waiting >= APPROVAL_LIMITS.webhookQueue) throw new Error('too many notices are waiting')
      waiting++
      try {
        await delivered(options, notice, closing.signal)
      } finally {
        waiting--
      }
    },
    close() {
      closing.abort()
      return Promise.resolve()
    },
  }
}

async function delivered(
  options: WebhookOptions,
  notice: Notice,
  closing: AbortSignal,
): Promise<void> {
  const body = webhookBody(notice, options.gatewayUrl)
  const pauses = options.pausesMs ?? APPROVAL_LIMITS.webhookPausesMs
  for (let attempt = 0; ; attempt++) {
    const outcome = await attempted(options, notice.key, body, closing)
    if (outcome === 'told') return
    const wait = pauses[attempt]
    if (!outcome.again || wait === undefined || closing.aborted) throw new Error(outcome.why)
    await pause(wait, undefined, { signal: closing, ref: false })
  }
}

type Attempt = 'told' | { readonly again: boolean; readonly why: string }

async function attempted(
  options: WebhookOptions,
  key: string,
  body: string,
  closing: AbortSignal,
): Promise<Attempt> {
  const timestamp = Math.floor(options.clock.now() / 1000).toString()
  try {
    const response = await fetch(options.url, {
      method: 'POST',
      // What the receiver redirects to was never agreed to be told.
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'sallyport',
        'webhook-id': key,
        'webhook-timestamp': timestamp,
        'webhook-signature': webhookSignature(options.secret.reveal(), key, timestamp, body),
      },
      body,
      signal: AbortSignal.any([closing, AbortSignal.timeout(APPROVAL_LIMITS.webhookMs)]),
    })
    await response.body?.cancel()
    if (response.ok) return 'told'
    const { status } = response
    const again = status >= 500 || status === 408 || status === 425 || status === 429
    return { again, why: `the receiver answered with status ${status}` }
  } catch (problem) {
    const why = problem instanceof Error && problem.name === 'TimeoutError' ? 'late' : 'unreachable'
    return { again: true, why: `the receiver is ${why}` }
  }
}

export function webhookSignature(
  secret: string,
  key: string,
  timestamp: string,
  body: string,
): string {
  const prefix = 'whsec_'
  const bytes = secret.startsWith(prefix)
    ? Buffer.from(secret.slice(prefix.length), 'base64')
    : Buffer.from(secret)
  return `v1,${createHmac('sha256', bytes).update(`${key}.${timestamp}.${body}`).digest('base64')}`
}

// The effects stay here: long, and seen in the console.
function webhookBody({ event, approval }: Notice, gatewayUrl: string): string {
  const { effects: _effects, ...data } = approval
  return JSON.stringify({
    type: `approval.${event}`,
    timestamp: event === 'requested' ? approval.created_at : approval.settled_at,
    data: {
      ...data,
      url: `${gatewayUrl}/#${approval.id}`,
      approve_with: `sallyport approvals approve ${approval.id}`,
    },
  })
}
