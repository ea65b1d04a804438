// Whether a request is from Slack, is fresh, and comes for the first time: signature v0, an HMAC-SHA256
// over "v0:timestamp:body" with the app's signing secret (docs.slack.dev/authentication/
// verifying-requests-from-slack), over the bytes as they came.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import { WEB_LIMITS } from './limits.js'

export type SignedBody = {
  readonly signature: unknown
  readonly timestamp: unknown
  readonly body: Buffer
}

export type SlackSignatures = {
  // Throws GatewayError('token_invalid' | 'conflict').
  readonly check: (signed: SignedBody) => void
}

export function slackSignatures(
  secret: { readonly reveal: () => string },
  clock: Clock,
): SlackSignatures {
  // Signatures that were taken, with the time from which they are too old anyway.
  const seen = new Map<string, number>()
  return {
    check({ signature, timestamp, body }) {
      if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) throw forged()
      if (typeof signature !== 'string' || !/^v0=[0-9a-f]{64}$/.test(signature)) throw forged()
      const mac = createHmac('sha256', secret.reveal()).update(`v0:${timestamp}:`).update(body)
      if (!timingSafeEqual(mac.digest(), Buffer.from(signature.slice(3), 'hex'))) throw forged()
      const now = clock.now()
      if (Math.abs(now - Number(timestamp) * 1000) > WEB_LIMITS.slackAgeMs) {
        throw new GatewayError('token_invalid', 'this was signed too long ago')
      }
      for (const [old, until] of seen) {
        if (until > now && seen.size < WEB_LIMITS.slackSeen) break
        seen.delete(old)
      }
      if (seen.has(signature)) throw new GatewayError('conflict', 'this came before')
      seen.set(signature, now + 2 * WEB_LIMITS.slackAgeMs)
    },
  }
}

function forged(): GatewayError {
  return new GatewayError('token_invalid', 'this is not signed by Slack')
}
