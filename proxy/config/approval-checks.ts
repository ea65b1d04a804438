// What a schema cannot say of the ways to approvers: that nothing about a held command travels in clear
// over a network, and that secrets and certificates are there.
import type { Config } from '../../engine/schemas/config.js'
import { isAcceptableUrl, isLoopbackHost } from '../loopback.js'
import { checkCertificate, checkSecret, type Surroundings } from './place-checks.js'

type Approvals = NonNullable<Config['approvals']>

export function checkApprovals(
  { webhooks, email, teams, slack }: Approvals,
  issuers: readonly string[],
  around: Surroundings,
): void {
  for (const [index, webhook] of (webhooks ?? []).entries()) {
    const path = ['approvals', 'webhooks', index]
    checkSecret([...path, 'secret'], webhook.secret, around)
    if (!isAcceptableUrl(webhook.url)) {
      const allowed = 'an https:// URL; http:// only on loopback; no user or password in it'
      around.report([...path, 'url'], 'a URL that is not safe or not whole', allowed)
    }
  }
  if (email !== undefined) checkEmail(email, around)
  for (const [index, { url }] of (teams ?? []).entries()) {
    const path = ['approvals', 'teams', index, 'url']
    const address = checkSecret(path, url, around)
    if (address !== undefined && !isAcceptableUrl(address)) {
      around.report(
        path,
        'a reference to no https:// URL',
        'a reference to the URL that Teams gave',
      )
    }
  }
  if (slack !== undefined) checkSlack(slack, issuers, around)
}

function checkEmail(email: NonNullable<Approvals['email']>, around: Surroundings): void {
  const path = ['approvals', 'email']
  const { tls, ca, user, password, host } = email
  if (tls === 'off' && !isLoopbackHost(host)) {
    const allowed = 'starttls or tls, since the mail server is not on loopback'
    around.report([...path, 'tls'], '“off”', allowed)
  }
  if (ca !== undefined) checkCertificate([...path, 'ca'], ca, around)
  if (password !== undefined) checkSecret([...path, 'password'], password, around)
  if (user !== undefined && password === undefined) {
    around.report([...path, 'password'], 'nothing', 'a reference to the password of `user`')
  }
  if (password !== undefined && user === undefined) {
    around.report([...path, 'user'], 'nothing', 'the user that the password belongs to')
  }
}

function checkSlack(
  slack: NonNullable<Approvals['slack']>,
  issuers: readonly string[],
  around: Surroundings,
): void {
  const path = ['approvals', 'slack']
  checkSecret([...path, 'token'], slack.token, around)
  checkSecret([...path, 'signing_secret'], slack.signing_secret, around)
  if (slack.api_url !== undefined && !isAcceptableUrl(slack.api_url)) {
    const allowed = 'an https:// URL; http:// only on loopback; no user or password in it'
    around.report([...path, 'api_url'], 'a URL that is not safe or not whole', allowed)
  }
  for (const [user, { issuer }] of Object.entries(slack.users ?? {})) {
    // Otherwise nobody would notice that somebody settles what they asked for themselves.
    if (issuers.includes(issuer)) continue
    const allowed = `the issuer of this person’s tokens: ${issuers.join(', ')}`
    around.report([...path, 'users', user, 'issuer'], 'an issuer that is none of issuers', allowed)
  }
}
