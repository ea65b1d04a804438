// Every way to approvers that the settings name, as notifiers that last.
import type { Notifier } from '../notifier.js'
import type { Channel } from './channel.js'
import { emailChannel, type EmailOptions } from './email.js'
import { lastingNotifier, type LastingParts } from './lasting.js'
import { teamsChannel, type TeamsOptions } from './teams.js'
import { webhookChannel, type WebhookOptions } from './webhook.js'

export type Ways = {
  readonly webhooks: readonly Pick<WebhookOptions, 'url' | 'secret'>[]
  readonly email: Omit<EmailOptions, 'gatewayUrl'> | undefined
  readonly teams: readonly Pick<TeamsOptions, 'url'>[]
}

export function notifiersOf(
  { webhooks, email, teams }: Ways,
  gatewayUrl: string,
  parts: LastingParts,
): readonly Notifier[] {
  const { clock } = parts
  const channels: readonly Channel[] = [
    ...webhooks.map((hook) => webhookChannel({ ...hook, gatewayUrl, clock })),
    ...(email === undefined ? [] : [emailChannel({ ...email, gatewayUrl })]),
    ...teams.map(({ url }) => teamsChannel({ url, gatewayUrl })),
  ]
  return channels.map((channel) => lastingNotifier(channel, parts))
}
