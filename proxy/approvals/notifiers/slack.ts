// Tells approvers in a Slack channel, with buttons, and changes the message once the request is settled.
// What the buttons send comes to `web/slack-actions.ts`.
import type { Channel } from './channel.js'
import { NOTICE_LIMITS } from './limits.js'
import type { SlackApi } from './slack-api.js'
import { slackMessage } from './slack-blocks.js'

export type SlackOptions = {
  readonly api: SlackApi
  readonly channel: string
  readonly gatewayUrl: string
}

export function slackChannel({ api, channel, gatewayUrl }: SlackOptions): Channel {
  return {
    kind: 'slack',
    name: `Slack ${channel}`,
    place: channel,
    tellsEnd: 'when it told the request',
    attemptMs: NOTICE_LIMITS.httpMs,
    async attempt(notice, { signal, kept }) {
      const message = {
        ...slackMessage(notice, gatewayUrl),
        unfurl_links: false,
        unfurl_media: false,
      }
      const answer =
        notice.event === 'settled'
          ? await api('chat.update', { ...placeIn(kept), ...message }, signal)
          : await api('chat.postMessage', { channel, ...message }, signal)
      if (!answer.ok) return answer.failure
      return { told: true, kept: JSON.stringify([answer.channel, answer.ts]) }
    },
  }
}

// Written above alone, into a store that nobody else writes.
function placeIn(kept = '["",""]'): { readonly channel: string; readonly ts: string } {
  const [channel = '', ts = ''] = JSON.parse(kept) as readonly string[]
  return { channel, ts }
}
