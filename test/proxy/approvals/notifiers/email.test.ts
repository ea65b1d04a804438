// E-mail against a real SMTP server on loopback: encrypted or not at all, told once, and safe whatever the
// held command says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { emailChannel, type EmailOptions } from '../../../../proxy/approvals/notifiers/email.js'
import {
  lastingNotifier,
  type LastingParts,
} from '../../../../proxy/approvals/notifiers/lasting.js'
import { createLedger } from '../../../../proxy/approvals/notifiers/ledger.js'
import { systemClock } from '../../../../proxy/clock.js'
import { createLog, silentLog } from '../../../../proxy/log.js'
import { openState } from '../../../../proxy/state/state.js'
import { selfMadeCertificate } from '../../../peers/certificate.js'
import { mailServer, type MailServerOptions } from '../../../peers/mail-server.js'
import { ann, gatewayOn, heldRequest, rejects, stores } from '../world.js'

const [found] = await stores(t, ['sqlite'])
if (found === undefined) throw new Error('no store')
const sqlite = found
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

const directory = mkdtempSync(join(tmpdir(), 'sallyport-mail-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
const tls = selfMadeCertificate()
const ca = join(directory, 'ca.pem')
writeFileSync(ca, tls.certificate)

const PASSWORD = 'correct horse battery'

type World = {
  readonly server?: MailServerOptions | 'plain'
  readonly email?: Partial<EmailOptions>
  readonly parts?: Partial<LastingParts>
}

async function world(t: Test, { server = {}, email = {}, parts = {} }: World = {}) {
  const peer = await mailServer(t, server === 'plain' ? {} : { tls, password: PASSWORD, ...server })
  const lines: string[] = []
  const outcomes: string[] = []
  const channel = emailChannel({
    host: 'localhost',
    port: peer.port,
    tls: 'starttls',
    ca,
    login: { user: 'gate', password: { reveal: () => PASSWORD } },
    from: 'gate@example.com',
    to: ['dba@example.com'],
    gatewayUrl: 'https://gate.example',
    ...email,
  })
  const notifier = lastingNotifier(channel, {
    clock: systemClock,
    log: createLog({ level: 'info', destination: { write: (line) => lines.push(line) } }),
    random: Math.random,
    pausesMs: [10, 20],
    onNotice: (_kind, outcome) => outcomes.push(outcome),
    ...parts,
  })
  const gateway = await gatewayOn(t, await sqlite.fresh(), { notifiers: [notifier] })
  return { ...peer, ...gateway, notifier, lines, outcomes }
}

// Quoted-printable (RFC 2045 §6.7) of each part, undone; enough for what our own messages hold.
function decoded(text: string): string {
  return Buffer.from(
    text
      .replace(/=\r?\n/g, '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString('utf8')
}

t.test('an approver learns by mail who wants what, where, why, and how to answer', async (t) => {
  const { mails, approvals, outcomes } = await world(t)
  const hold = await approvals.request(heldRequest())
  const [mail] = mails
  t.match(mail, { from: 'gate@example.com', to: ['dba@example.com'], secure: true, user: 'gate' })
  const text = decoded(mail?.text ?? '')
  t.match(text, /^Subject: Approval wanted: engineer \(human\) on shop/m)
  t.match(text, /^Auto-Submitted: auto-generated/m)
  t.match(text, `Message-ID: <${hold.id}-requested@gate.example>`)
  t.match(text, /^ {4}drop table orders/m)
  t.match(text, 'a table of production is dropped [destructive/drop]')
  t.match(text, 'a member of approvers')
  t.match(text, /Until: {7}\d{4}-\d\d-\d\d \d\d:\d\d UTC/)
  t.match(text, `https://gate.example/#${hold.id}`)
  t.match(text, `<a href="https://gate.example/#${hold.id}"`)
  t.match(text, `sallyport approvals approve ${hold.id}`)
  t.same(outcomes, ['told'])
  await approvals.answer({ id: hold.id, verb: 'approve', approver: ann, reason: '' })
  t.match(await hold.settled, { outcome: 'approved' })
})

t.test('TLS from the start works as well', async (t) => {
  const { mails, approvals } = await world(t, {
    server: { implicitTls: true },
    email: { tls: 'tls' },
  })
  await approvals.request(heldRequest())
  t.match(mails, [{ secure: true, user: 'gate' }])
})

for (const [name, more] of [
  ['whose certificate is not trusted', { email: { ca: undefined } }],
  ['whose certificate names another host', { email: { host: '127.0.0.1' } }],
  [
    'with an untrusted certificate from the start',
    { server: { implicitTls: true }, email: { tls: 'tls', ca: undefined } },
  ],
  ['that offers no STARTTLS', { server: 'plain' }],
] as readonly (readonly [string, World])[]) {
  t.test(`a mail server ${name} is told nothing, and nobody was asked`, async (t) => {
    const { mails, approvals, lines, events } = await world(t, more)
    await rejects(t, approvals.request(heldRequest()), 'state_failed')
    t.same(mails, [])
    t.same(events(), ['requested', 'void'])
    t.match(lines.join(''), /could not be delivered/)
    t.notMatch(lines.join(''), new RegExp(`${PASSWORD}|drop table`))
  })
}

t.test('a wrong password is not tried again, and stands in no log', async (t) => {
  const { mails, approvals, lines, outcomes, connections } = await world(t, {
    server: { password: 'another' },
  })
  await rejects(t, approvals.request(heldRequest()), 'state_failed')
  t.equal(connections(), 1)
  t.same(mails, [])
  t.same(outcomes, ['failed'])
  t.match(lines.join(''), /status 535|did not accept the login/)
  t.notMatch(lines.join(''), new RegExp(PASSWORD))
})

t.test('one recipient that is refused does not keep the others from being told', async (t) => {
  const { mails, approvals, lines, outcomes } = await world(t, {
    server: { status: (to) => (to === 'gone@example.com' ? 550 : 0) },
    email: { to: ['gone@example.com', 'dba@example.com'] },
  })
  await approvals.request(heldRequest())
  t.match(mails, [{ to: ['dba@example.com'] }])
  t.same(outcomes, ['told'])
  t.match(lines.join(''), /1 of 2 recipients were refused/)
})

t.test('where every recipient is refused, nobody was asked', async (t) => {
  const { mails, approvals, lines, connections } = await world(t, {
    server: { status: (to) => (to === '' ? 0 : 550) },
  })
  await rejects(t, approvals.request(heldRequest()), 'state_failed')
  t.same(mails, [])
  t.equal(connections(), 1)
  t.match(lines.join(''), /refused the recipients with status 550/)
  t.notMatch(lines.join(''), /SECRET-OF-THE-SERVER/)
})

t.test('a server that says “later” is asked again, and told once', async (t) => {
  const { mails, approvals, outcomes } = await world(t, {
    server: { status: (to, connection) => (to === '' && connection < 3 ? 451 : 0) },
  })
  await approvals.request(heldRequest())
  t.equal(mails.length, 1)
  t.same(outcomes, ['retried', 'retried', 'told'])
})

t.test('a server that is slow is waited for as long as a client can be kept waiting', async (t) => {
  const { approvals, events } = await world(t, { server: { delayMs: 120_000 } })
  const started = Date.now()
  await rejects(t, approvals.request(heldRequest()), 'state_failed')
  t.ok(Date.now() - started < 60_000)
  t.same(events(), ['requested', 'void'])
})

t.test('a server that is gone is one attempt after the other, then given up', async (t) => {
  const { approvals, outcomes } = await world(t, { email: { port: 1 } })
  await rejects(t, approvals.request(heldRequest()), 'state_failed')
  t.same(outcomes, ['retried', 'retried', 'failed'])
})

t.test('nothing in a request can become a header, markup or a hidden line', async (t) => {
  const { mails, approvals } = await world(t)
  const evil =
    'x\r\nBcc: thief@example.com\r\n\r\n<script>alert(1)</script>\u202Egnp.exe\u0000\u001b[31m'
  const { requester, target } = heldRequest()
  await approvals.request(
    heldRequest(
      { approvers: ['approvers', evil] },
      {
        text: `select '${evil}'\r\n.\r\nMAIL FROM:<x@example.com>`,
        requester: { ...requester, name: evil, actor: [{ subject: evil }] },
        target: { ...target, labels: { [evil]: evil } },
        rules: [{ id: 'a/b', message: evil }],
      },
    ),
  )
  t.equal(mails.length, 1)
  const [mail] = mails
  t.same(mail?.to, ['dba@example.com'])
  const [head = '', ...parts] = (mail?.text ?? '').split('\r\n\r\n')
  t.notMatch(head, /^bcc:/im)
  t.notMatch(head, /[^\r\n\t\x20-\x7e]/)
  const body = decoded(parts.join('\r\n\r\n'))
  const page = body.slice(body.indexOf('<!doctype'))
  t.notMatch(page, '<script>')
  t.match(page, '&lt;script&gt;')
  t.notMatch(body, /[\u202E\u0000\u001b]/)
})

t.test(
  'a text of a megabyte becomes a message of a page, with a word about the rest',
  async (t) => {
    const { mails, approvals } = await world(t)
    await approvals.request(heldRequest({}, { text: '🐘'.repeat(60_000) }))
    const text = decoded(mails[0]?.text ?? '')
    t.ok((mails[0]?.text.length ?? 0) < 40_000)
    t.match(text, 'the rest is in the console')
  },
)

t.test('what is known to be sent is not sent again by a gateway that starts again', async (t) => {
  const options = await sqlite.fresh()
  const before = await openState(options, silentLog)
  const first = await world(t, { parts: { ledger: createLedger(before) } })
  const hold = await first.approvals.request(heldRequest())
  const approval = await first.approvals.one(ann, hold.id)
  const notice = { event: 'requested', key: `${hold.id}-requested`, approval } as const
  await first.notifier.tell(notice)
  t.equal(first.mails.length, 1, 'by the same process')
  await before.close()
  const after = await openState(options, silentLog)
  t.teardown(after.close)
  const { port } = first
  const second = await world(t, { email: { port }, parts: { ledger: createLedger(after) } })
  await second.notifier.tell(notice)
  t.equal(first.mails.length, 1, 'by the next')
  await second.notifier.tell({ ...notice, key: 'another-requested' })
  t.equal(first.mails.length, 2)
})

t.test('one way that fails is not “nobody can be asked”', async (t) => {
  const bad = await world(t, { email: { port: 1 } })
  const good = await world(t)
  const notifiers = [bad.notifier, good.notifier]
  const { approvals } = await gatewayOn(t, await sqlite.fresh(), { notifiers })
  await approvals.request(heldRequest())
  t.equal(approvals.pending(), 1)
  t.equal(good.mails.length, 1)
})

t.test('mail in clear is only ever for this machine', async (t) => {
  const { approvals, mails } = await world(t, {
    server: 'plain',
    email: { tls: 'off', login: undefined },
  })
  await approvals.request(heldRequest())
  t.match(mails, [{ secure: false }])
  await t.rejects(world(t, { email: { host: 'mail.example', tls: 'off' } }), {
    code: 'config_invalid',
  })
})
