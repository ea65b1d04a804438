// What the endpoint of the buttons needs: who a Slack user is by the configuration, and ways to say
// something back (the question for a reason, and words that one user sees).
import { NOTICE_LIMITS } from './limits.js'
import { slackApi, type SlackAnswer, type SlackApiOptions } from './slack-api.js'
import { slackReason, slackWord } from './slack-blocks.js'

export type SlackAsk = {
  readonly trigger: string
  readonly verb: 'approve' | 'deny'
  readonly id: string
  readonly required: boolean
}

export type SlackPerson = {
  readonly issuer: string
  readonly subject: string
  readonly name: string
  readonly groups: readonly string[]
}

export type SlackDeskOptions = SlackApiOptions & {
  readonly signingSecret: { readonly reveal: () => string }
}

export function slackDesk(
  options: SlackDeskOptions,
  gatewayUrl: string,
  // Asked for each click, so that a reload counts at once.
  people: () => Readonly<Record<string, SlackPerson>>,
) {
  const api = slackApi(options)
  return {
    signingSecret: options.signingSecret,
    person(user: string): SlackPerson | undefined {
      const known = people()
      return Object.hasOwn(known, user) ? known[user] : undefined
    },
    pageOf: (id: string) => `${gatewayUrl}/#${id}`,
    async ask({ trigger, verb, id, required }: SlackAsk): Promise<void> {
      const view = slackReason(verb, id, required)
      // A trigger is good for three seconds.
      done(await api('views.open', { trigger_id: trigger, view }, inTime()))
    },
    async say(channel: string, user: string, words: string): Promise<void> {
      done(await api('chat.postEphemeral', { channel, user, ...slackWord(words) }, inTime()))
    },
  }
}

function inTime(): AbortSignal {
  return AbortSignal.timeout(NOTICE_LIMITS.httpMs)
}

function done(answer: SlackAnswer): void {
  if (!answer.ok) throw new Error(answer.failure.why)
}
