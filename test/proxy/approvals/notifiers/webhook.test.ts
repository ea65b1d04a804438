// Webhooks against a real HTTP receiver: signed so that the receiver can tell, repeated until taken, and
// where nobody takes them, nobody was asked.
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import t, { type Test } from 'tap'
import { systemClock } from '../../../../proxy/clock.js'
import { GatewayError } from '../../../../proxy/errors.js'
import { logNotifier } from '../../../../proxy/approvals/notifier.js'
import { lastingNotifier } from '../../../../proxy/approvals/notifiers/lasting.js'
import { webhookChannel } from '../../../../proxy/approvals/notifiers/webhook.js'
import { createLog, silentLog } from '../../../../proxy/log.js'
import { ann, gatewayOn, heldRequest, stores } from '../world.js'

const [sqlite] = await stores(t, ['sqlite'])
if (sqlite === undefined) throw new Error('no store')
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

const SECRET = `whsec_${Buffer.from('twenty-four bytes of key').toString('base64')}`

type Call = { readonly headers: IncomingHttpHeaders; readonly body: string }

async function receiver(t: Test, statuses: (call: number) => number) {
  const calls: Call[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      calls.push({ headers: request.headers, body })
      const status = statuses(calls.length)
      if (status === 0) return
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const channel = webhookChannel({
    url: `http://127.0.0.1:${port}/hook`,
    secret: { reveal: () => SECRET },
    gatewayUrl: 'https://gate.example',
    clock: systemClock,
  })
  const parts = { clock: systemClock, log: silentLog, random: Math.random, pausesMs: [10, 20] }
  const notifier = lastingNotifier(channel, parts)
  return { calls, notifier }
}

t.test('a receiver can check who sent it, and knows a repetition', async (t) => {
  const { calls, notifier } = await receiver(t, (call) => (call === 1 ? 503 : 204))
  const { approvals } = await gatewayOn(t, await sqlite.fresh(), { notifiers: [notifier] })
  const hold = await approvals.request(heldRequest())
  t.equal(calls.length, 2)
  t.equal(calls[0]?.headers['webhook-id'], calls[1]?.headers['webhook-id'])
  const { headers, body } = calls[1] ?? { headers: {}, body: '' }
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
  const key = Buffer.from('twenty-four bytes of key')
  const expected = createHmac('sha256', key).update(signed).digest('base64')
  t.equal(headers['webhook-signature'], `v1,${expected}`)
  t.ok(Math.abs(Number(headers['webhook-timestamp']) * 1000 - Date.now()) < 5_000)
  t.match(JSON.parse(body), {
    type: 'approval.requested',
    data: {
      id: hold.id,
      text: 'drop table orders',
      url: `https://gate.example/#${hold.id}`,
      approve_with: `sallyport approvals approve ${hold.id}`,
    },
  })
  t.notMatch(body, /claims|effects/)
})

t.test('the receiver is told how it ended', async (t) => {
  const { calls, notifier } = await receiver(t, () => 200)
  const { approvals } = await gatewayOn(t, await sqlite.fresh(), { notifiers: [notifier] })
  const hold = await approvals.request(heldRequest())
  await approvals.answer({ id: hold.id, verb: 'deny', approver: ann, reason: 'no' })
  await hold.settled
  while (calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  t.match(JSON.parse(calls[1]?.body ?? ''), {
    type: 'approval.settled',
    data: { id: hold.id, status: 'denied', reason: 'no', settled_by: 'ann' },
  })
})

for (const [name, status] of [
  ['refuses', 403],
  ['fails', 500],
  ['redirects', 302],
] as const) {
  t.test(`where every receiver ${name}, nobody was asked and nothing stays pending`, async (t) => {
    const { calls, notifier } = await receiver(t, () => status)
    const { approvals, events } = await gatewayOn(t, await sqlite.fresh(), {
      notifiers: [notifier],
    })
    await t.rejects(approvals.request(heldRequest()), new GatewayError('state_failed', ''))
    t.equal(calls.length, status === 500 ? 3 : 1)
    t.equal(approvals.pending(), 0)
    t.same(events(), ['requested', 'void'])
  })
}

t.test('one receiver that takes it is enough', async (t) => {
  const good = await receiver(t, () => 200)
  const bad = await receiver(t, () => 0)
  const { approvals } = await gatewayOn(t, await sqlite.fresh(), {
    notifiers: [bad.notifier, good.notifier],
  })
  await approvals.request(heldRequest())
  t.equal(approvals.pending(), 1)
})

t.test('where approvers cannot reach the gateway, nobody was asked', async (t) => {
  const { approvals, events } = await gatewayOn(t, await sqlite.fresh(), {
    reachable: () => false,
  })
  await t.rejects(approvals.request(heldRequest()), { code: 'state_failed' })
  t.same(events(), [])
})

t.test('the log says what waits and how to answer, without the command', async (t) => {
  const lines: string[] = []
  const log = createLog({ level: 'info', destination: { write: (line) => lines.push(line) } })
  const { approvals } = await gatewayOn(t, await sqlite.fresh(), { notifiers: [logNotifier(log)] })
  const hold = await approvals.request(heldRequest())
  t.match(lines[0], `sallyport approvals approve ${hold.id}`)
  t.match(lines[0], /engineer on shop/)
  t.notMatch(lines[0], /drop table/)
})

t.test('a webhook without TLS is only ever on this machine', async (t) => {
  const secret = { reveal: () => SECRET }
  const gatewayUrl = 'https://gate.example'
  t.throws(
    () => webhookChannel({ url: 'http://hooks.example/', secret, gatewayUrl, clock: systemClock }),
    { code: 'config_invalid' },
  )
})
