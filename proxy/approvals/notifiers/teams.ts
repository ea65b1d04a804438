// Tells approvers in a Microsoft Teams channel: a workflow (“when a Teams webhook request is received”) or
// an incoming webhook gets an Adaptive Card with a link to the console, where identity is proven. Its URL
// is a secret: whoever has it can write there.
import { GatewayError } from '../../errors.js'
import { isAcceptableUrl } from '../../loopback.js'
import type { Attempt, Channel } from './channel.js'
import { failureOf, isTaken, posted, type Posted } from './http-attempt.js'
import { NOTICE_LIMITS } from './limits.js'
import { teamsMessage } from './teams-card.js'

export type TeamsOptions = {
  readonly url: { readonly reference: string; readonly reveal: () => string }
  readonly gatewayUrl: string
}

export function teamsChannel({ url, gatewayUrl }: TeamsOptions): Channel {
  return {
    kind: 'teams',
    name: `Teams (${url.reference})`,
    place: url.reference,
    // A card cannot be changed through a webhook, so its end is a card of its own.
    tellsEnd: 'when it told the request',
    attemptMs: NOTICE_LIMITS.httpMs,
    async attempt(notice, { signal }) {
      const address = url.reveal()
      if (!isAcceptableUrl(address)) {
        const words = `${url.reference} holds no https:// URL`
        throw new GatewayError('secret_unavailable', words)
      }
      const body = JSON.stringify(teamsMessage(notice, gatewayUrl))
      const headers = { 'content-type': 'application/json' }
      return outcomeOf(await posted(address, headers, body, signal))
    },
  }
}

// Incoming webhooks say 200 also where Teams itself refused, and tell so in words: “Webhook message
// delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 …”.
function outcomeOf(answer: Posted): Attempt {
  if (!isTaken(answer)) return failureOf(answer)
  const inner = /delivery failed.*?HTTP error (\d{3})/is.exec(answer.body)?.[1]
  return inner === undefined ? { told: true } : failureOf({ ...answer, status: Number(inner) })
}
