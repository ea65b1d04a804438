// Tells approvers by e-mail through the operator's mail server. TLS is required and verified (plain only
// on loopback); addresses come from the configuration alone, and nothing of a request can become a header
// of its own. nodemailer writes the message and speaks SMTP (RFC 5321, RFC 3207, RFC 8314).
import { readFileSync } from 'node:fs'
import { createTransport } from 'nodemailer'
import { GatewayError } from '../../errors.js'
import { isLoopbackHost } from '../../loopback.js'
import type { Attempt, Channel } from './channel.js'
import { mailOf } from './email-message.js'
import { NOTICE_LIMITS } from './limits.js'

export type EmailOptions = {
  readonly host: string
  readonly port: number
  readonly tls: 'starttls' | 'tls' | 'off'
  readonly ca: string | undefined
  readonly login:
    { readonly user: string; readonly password: { readonly reveal: () => string } } | undefined
  readonly from: string
  readonly to: readonly string[]
  readonly gatewayUrl: string
}

export function emailChannel(options: EmailOptions): Channel {
  const { host, port, tls, to, gatewayUrl } = options
  if (tls === 'off' && !isLoopbackHost(host)) {
    throw new GatewayError('config_invalid', 'a mail server must be asked over TLS, or on loopback')
  }
  return {
    kind: 'email',
    name: `e-mail by ${host}`,
    place: [host, port, ...to].join(' '),
    // A second message to everybody would only be noise: the page shows how it ended.
    tellsEnd: 'never',
    attemptMs: NOTICE_LIMITS.mailMs,
    async attempt(notice, { signal }) {
      // One connection for each message: they are rare, and what was changed on disk counts at once.
      const transport = createTransport({ ...connectionOf(options), ...SAFETY })
      try {
        const sent = await transport.sendMail({
          ...mailOf(notice, gatewayUrl),
          from: { name: 'Sallyport', address: options.from },
          to: to.map((address) => ({ name: '', address })),
          // Readable in every mailbox and archive, whatever letters the command has.
          textEncoding: 'quoted-printable',
          signal,
        })
        if (sent.rejected.length === 0) return { told: true }
        const remark = `${sent.rejected.length} of ${to.length} recipients were refused`
        return { told: true, remark }
      } catch (problem) {
        if (problem instanceof GatewayError) throw problem
        return failureOf(problem)
      } finally {
        transport.close()
      }
    },
  }
}

// Whatever a message says, it makes this process read no file and ask no URL.
const SAFETY = { disableFileAccess: true, disableUrlAccess: true } as const

function connectionOf({ host, port, tls, ca, login, gatewayUrl }: EmailOptions) {
  return {
    host,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'off',
    name: new URL(gatewayUrl).hostname,
    connectionTimeout: NOTICE_LIMITS.mailConnectMs,
    greetingTimeout: NOTICE_LIMITS.mailConnectMs,
    socketTimeout: NOTICE_LIMITS.mailMs,
    maxResponseSize: NOTICE_LIMITS.answerBytes,
    tls: {
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }),
    },
    ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password.reveal() } }),
  } as const
}

// What the server said may repeat what it was told, so only its number is kept.
function failureOf(problem: unknown): Attempt {
  const code = memberOf(problem, 'code')
  const status = memberOf(problem, 'responseCode')
  if (typeof status === 'number' && status > 0) {
    const what = code === 'EENVELOPE' ? 'refused the recipients' : 'answered'
    const again = status >= 400 && status < 500
    return { told: false, again, why: `the mail server ${what} with status ${status}` }
  }
  const why = typeof code === 'string' ? (WORDS[code] ?? `failed (${code})`) : 'failed'
  return { told: false, again: code !== 'EAUTH', why: `the mail server ${why}` }
}

const WORDS: Readonly<Record<string, string>> = {
  EAUTH: 'did not accept the login',
  ECONNECTION: 'cannot be reached',
  EDNS: 'cannot be found',
  ESOCKET: 'cannot be reached, or its certificate is not one to trust',
  ETIMEDOUT: 'is late',
  ETLS: 'offers no TLS that can be trusted',
}

function memberOf(problem: unknown, name: string): unknown {
  return typeof problem === 'object' && problem !== null ? Reflect.get(problem, name) : undefined
}
