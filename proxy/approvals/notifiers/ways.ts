// Every way to approvers that the settings name, as notifiers that last.
import type { Notifier } from '../notifier.js'
import type { Channel } from './channel.js'
import { emailChannel, type EmailOptions } from './email.js'
import { lastingNotifier, type LastingParts } from './lasting.js'
import { slackApi, type SlackApiOptions } from './slack-api.js'
import { slackChannel } from './slack.js'
import { teamsChannel, type TeamsOptions } from './teams.js'
import { webhookChannel, type WebhookOptions } from './webhook.js'

export type Ways = {
  readonly webhooks: readonly Pick<WebhookOptions, 'url' | 'secret'>[]
  readonly email: Omit<EmailOptions, 'gatewayUrl'> | undefined
  readonly teams: readonly Pick<TeamsOptions, 'url'>[]
  readonly slack: (SlackApiOptions & { readonly channel: string }) | undefined
}

export function notifiersOf(
  { webhooks, email, teams, slack }: Ways,
  gatewayUrl: string,
  parts: LastingParts,
): readonly Notifier[] {
  const { clock } = parts
  const channels: readonly Channel[] = [
    ...webhooks.map((hook) => webhookChannel({ ...hook, gatewayUrl, clock })),
    ...(email === undefined ? [] : [emailChannel({ ...email, gatewayUrl })]),
    ...teams.map(({ url }) => teamsChannel({ url, gatewayUrl })),
    ...(slack === undefined
      ? []
      : [slackChannel({ api: slackApi(slack), channel: slack.channel, gatewayUrl })]),
  ]
  return channels.map((channel) => lastingNotifier(channel, parts))
}
