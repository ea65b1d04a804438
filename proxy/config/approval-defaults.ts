// The ways to approvers, with every default filled in and every reference made usable.
import type { Config } from '../../engine/schemas/config.js'
import type { Secret } from './secrets.js'
import type { EmailSettings, Settings, SlackSettings } from './settings.js'

type Approvals = NonNullable<Config['approvals']>
type Follow = (reference: string) => Secret
type Locate = (path: string) => string

// RFC 6409 §3.1 and RFC 8314 §3.3.
const SUBMISSION = { starttls: 587, tls: 465, off: 25 } as const

export function approvalSettings(
  { self_approval, webhooks, email, teams, slack }: Approvals,
  locate: Locate,
  follow: Follow,
): Settings['approvals'] {
  return {
    selfApproval: self_approval ?? false,
    webhooks: (webhooks ?? []).map(({ url, secret }) => ({ url, secret: follow(secret) })),
    email: email === undefined ? undefined : emailSettings(email, locate, follow),
    teams: (teams ?? []).map(({ url }) => ({ url: follow(url) })),
    slack: slack === undefined ? undefined : slackSettings(slack, follow),
  }
}

function emailSettings(
  { host, port, tls = 'starttls', ca, user, password, from, to }: NonNullable<Approvals['email']>,
  locate: Locate,
  follow: Follow,
): EmailSettings {
  const hasLogin = user !== undefined && password !== undefined
  return {
    host,
    port: port ?? SUBMISSION[tls],
    tls,
    ca: ca === undefined ? undefined : locate(ca),
    login: hasLogin ? { user, password: follow(password) } : undefined,
    from,
    to,
  }
}

function slackSettings(
  { token, signing_secret, channel, users, api_url }: NonNullable<Approvals['slack']>,
  follow: Follow,
): SlackSettings {
  const people = Object.entries(users ?? {}).map(
    ([user, { issuer, subject, name = '', groups }]) =>
      [user, { issuer, subject, name, groups }] as const,
  )
  return {
    token: follow(token),
    signingSecret: follow(signing_secret),
    channel,
    users: Object.fromEntries(people),
    apiUrl: api_url ?? 'https://slack.com/api',
  }
}
