// The message itself: a subject on one line, plain text, and the same in simple HTML without scripts,
// pictures or styles from elsewhere. Everything from a request is escaped.
import { domainToASCII } from 'node:url'
import type { Notice } from '../notifier.js'
import { headOf, wordsOf, type Words } from './words.js'

export type Mail = {
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly messageId: string
  readonly headers: Readonly<Record<string, string>>
}

export function mailOf(notice: Notice, gatewayUrl: string): Mail {
  const { key, approval } = notice
  const words = wordsOf(approval, gatewayUrl)
  const host = domainToASCII(new URL(gatewayUrl).hostname) || 'sallyport.invalid'
  return {
    subject: `${headOf(notice)}: ${words.who} on ${words.onTarget}`,
    text: plainText(words),
    html: html(words),
    // The same at every attempt, so that a mailbox can drop repetitions. RFC 5322 §3.6.4.
    messageId: `<${key}@${host}>`,
    // RFC 3834 §5: no machine answers this.
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
  }
}

function plainText(words: Words): string {
  return [
    `${words.who} ${words.wants} ${words.onTarget}:`,
    '',
    ...words.command.split('\n').map((one) => `    ${one}`),
    '',
    'Held because:',
    ...words.why.map((one) => `  - ${one}`),
    '',
    `May approve: ${words.approvers}`,
    `Until:       ${words.expires}`,
    '',
    `See all of it, approve or deny: ${words.url}`,
    `In a terminal: ${words.approveWith}`,
    `           or: ${words.denyWith} --reason "why"`,
    '',
  ].join('\n')
}

function html(words: Words): string {
  const row = (name: string, value: string): string =>
    `<tr><td style="padding:2px 12px 2px 0;color:#666">${name}</td><td>${value}</td></tr>`
  const url = escaped(words.url)
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Approval wanted</title></head>',
    '<body style="font:15px/1.5 sans-serif">',
    `<p><b>${escaped(words.who)}</b> ${words.wants} <b>${escaped(words.onTarget)}</b>:</p>`,
    `<pre style="padding:12px;background:#f4f4f4;color:#111;white-space:pre-wrap">${escaped(words.command)}</pre>`,
    '<table>',
    row('held because', words.why.map(escaped).join('<br>')),
    row('may approve', escaped(words.approvers)),
    row('until', escaped(words.expires)),
    '</table>',
    `<p><a href="${url}" style="font-weight:bold">See all of it, approve or deny</a><br>${url}</p>`,
    `<p>In a terminal: <code>${escaped(words.approveWith)}</code></p>`,
    '</body></html>',
  ].join('\n')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? '')
}
