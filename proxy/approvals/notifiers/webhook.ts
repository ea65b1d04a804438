// Tells a receiver of the operator's choice by HTTP, signed as the Standard Webhooks specification 1.0
// says, so that receivers can use a library for it: headers webhook-id, webhook-timestamp and
// webhook-signature (v1, HMAC-SHA256 over "id.timestamp.body", base64).
import { createHmac } from 'node:crypto'
import type { Clock } from '../../clock.js'
import { GatewayError } from '../../errors.js'
import { isAcceptableUrl } from '../../loopback.js'
import type { Notice } from '../notifier.js'
import type { Channel } from './channel.js'
import { failureOf, isTaken, posted } from './http-attempt.js'
import { NOTICE_LIMITS } from './limits.js'

export type WebhookOptions = {
  readonly url: string
  readonly secret: { readonly reveal: () => string }
  // Where people reach this gateway's API and console.
  readonly gatewayUrl: string
  readonly clock: Clock
}

export function webhookChannel(options: WebhookOptions): Channel {
  const { url, secret, gatewayUrl, clock } = options
  if (!isAcceptableUrl(url)) {
    throw new GatewayError('config_invalid', 'a webhook must be an https URL, or on loopback')
  }
  return {
    kind: 'webhook',
    name: `webhook ${new URL(url).host}`,
    place: url,
    tellsEnd: 'always',
    attemptMs: NOTICE_LIMITS.httpMs,
    async attempt(notice, { signal }) {
      const body = webhookBody(notice, gatewayUrl)
      const timestamp = Math.floor(clock.now() / 1000).toString()
      const headers = {
        'content-type': 'application/json',
        'webhook-id': notice.key,
        'webhook-timestamp': timestamp,
        'webhook-signature': webhookSignature(secret.reveal(), notice.key, timestamp, body),
      }
      const answer = await posted(url, headers, body, signal)
      return isTaken(answer) ? { told: true } : failureOf(answer)
    },
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
    timestamp: timeOf(event, approval),
    data: {
      ...data,
      url: `${gatewayUrl}/#${approval.id}`,
      approve_with: `sallyport approvals approve ${approval.id}`,
    },
  })
}

function timeOf(event: Notice['event'], approval: Notice['approval']): string | undefined {
  switch (event) {
    case 'requested':
      return approval.created_at
    case 'escalated':
      return approval.escalation?.at
    case 'settled':
      return approval.settled_at
  }
}
