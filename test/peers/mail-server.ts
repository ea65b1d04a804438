// A mail server on loopback: real sockets, TLS and logins, whose answers a test chooses.
import type { Test } from 'tap'
import { SMTPServer } from 'smtp-server'

export type Mail = {
  readonly from: string
  readonly to: readonly string[]
  readonly secure: boolean
  readonly user: string
  readonly text: string
}

export type MailServerOptions = {
  readonly tls?: { readonly certificate: string; readonly key: string }
  readonly implicitTls?: boolean
  readonly password?: string
  // SMTP status for a recipient, or for the whole message where the recipient is ''; 0: taken.
  readonly status?: (recipient: string, connection: number) => number
  readonly delayMs?: number
}

export async function mailServer(t: Test, options: MailServerOptions = {}) {
  const mails: Mail[] = []
  let connections = 0
  const { tls, password } = options
  const refusal = (status: number): Error =>
    Object.assign(new Error('said no, and repeats SECRET-OF-THE-SERVER'), { responseCode: status })
  const server = new SMTPServer({
    ...(tls === undefined ? {} : { cert: tls.certificate, key: tls.key }),
    secure: options.implicitTls ?? false,
    authOptional: password === undefined,
    ...(tls === undefined ? { disabledCommands: ['STARTTLS', 'AUTH'] } : {}),
    logger: false,
    onConnect(_session, done) {
      connections++
      setTimeout(() => done(), options.delayMs ?? 0).unref()
    },
    onAuth(auth, _session, done) {
      if (auth.password === password) done(null, { user: auth.username })
      else done(new Error('wrong password'))
    },
    onRcptTo({ address }, _session, done) {
      const status = options.status?.(address, connections) ?? 0
      done(status === 0 ? null : refusal(status))
    },
    onData(stream, session, done) {
      let text = ''
      stream.setEncoding('utf8').on('data', (more: string) => (text += more))
      stream.on('end', () => {
        const status = options.status?.('', connections) ?? 0
        if (status !== 0) return done(refusal(status))
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          user: typeof session.user === 'string' ? session.user : '',
          text,
        })
        done()
      })
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const address = server.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, mails, connections: () => connections }
}
