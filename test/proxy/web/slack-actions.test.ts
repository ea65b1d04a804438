// The buttons in Slack over real HTTP: only what Slack signed a moment ago, once; only people that the
// configuration knows; and one outcome whoever clicks at once.
import t, { type Test } from 'tap'
import { lastingNotifier } from '../../../proxy/approvals/notifiers/lasting.js'
import { slackDesk, type SlackPerson } from '../../../proxy/approvals/notifiers/slack-answers.js'
import { slackApi } from '../../../proxy/approvals/notifiers/slack-api.js'
import { slackChannel } from '../../../proxy/approvals/notifiers/slack.js'
import { systemClock } from '../../../proxy/clock.js'
import { GatewayError } from '../../../proxy/errors.js'
import { createLog } from '../../../proxy/log.js'
import { createMetrics } from '../../../proxy/metrics.js'
import { startWeb } from '../../../proxy/web/server.js'
import type { ApprovalQuestion } from '../../../engine/policy/policy.js'
import {
  signed,
  signedForm,
  SIGNING_SECRET,
  slackPeer,
  TOKEN,
  type Signed,
} from '../../peers/slack.js'
import { engineer, gatewayOn, heldRequest, policy, stores } from '../approvals/world.js'
import { nothing } from './nothing.js'

const [found] = await stores(t, ['sqlite'])
if (found === undefined) throw new Error('no store')
const sqlite = found

const ISSUER = 'https://issuer.example'
const PEOPLE: Readonly<Record<string, SlackPerson>> = {
  UANN: { issuer: ISSUER, subject: 'ann', name: 'Ann', groups: ['approvers'] },
  UBOB: { issuer: ISSUER, subject: 'bob', name: 'Bob', groups: ['approvers'] },
  UENG: { issuer: ISSUER, subject: 'engineer', name: '', groups: ['approvers'] },
  UINT: { issuer: ISSUER, subject: 'intern', name: '', groups: ['interns'] },
}

async function world(t: Test) {
  const slack = await slackPeer(t)
  const gatewayUrl = 'https://gate.example'
  const logged: string[] = []
  const log = createLog({ level: 'info', destination: { write: (line) => logged.push(line) } })
  const access = { apiUrl: slack.apiUrl, token: { reveal: () => TOKEN } }
  const channel = slackChannel({ api: slackApi(access), channel: 'C123', gatewayUrl })
  const notifier = lastingNotifier(channel, { clock: systemClock, log, random: Math.random })
  const asked: ApprovalQuestion[] = []
  const gateway = await gatewayOn(t, await sqlite.fresh(), {
    notifiers: [notifier],
    policy: () => ({
      ...policy,
      mayApprove(question) {
        asked.push(question)
        const { verb, approver } = question
        if (!approver.groups.includes('interns')) return policy.mayApprove(question)
        return { allow: verb === 'list', reason: 'interns only look' }
      },
    }),
  })
  const web = await startWeb({
    host: '127.0.0.1',
    port: 0,
    verify: () => Promise.reject(new GatewayError('token_invalid', 'no')),
    approvals: gateway.approvals,
    slack: slackDesk(
      { ...access, signingSecret: { reveal: () => SIGNING_SECRET } },
      gatewayUrl,
      () => PEOPLE,
    ),
    ...nothing,
    readiness: () => Promise.resolve([]),
    metrics: createMetrics({}, { process: false }),
    clock: systemClock,
    log,
  })
  t.teardown(web.close)
  const send = async ({ headers, body }: Signed) => {
    const url = `http://127.0.0.1:${web.port}/slack/actions`
    const response = await fetch(url, { method: 'POST', headers, body })
    return { status: response.status, text: await response.text() }
  }
  const said = async (): Promise<string> => {
    const words = () => slack.calls.filter(({ method }) => method === 'chat.postEphemeral')
    for (let i = 0; i < 400 && words().length === 0; i++) await pause(5)
    return JSON.stringify(words().at(-1)?.body)
  }
  return { ...gateway, ...slack, send, said, asked, logged, port: web.port }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

t.test('a click approves, as the person that the configuration names', async (t) => {
  const { approvals, send, click, said, events, asked, logged } = await world(t)
  const hold = await approvals.request(heldRequest())
  t.same(await send(click('UANN', 'approve', hold.id)), { status: 200, text: '' })
  t.match(await hold.settled, { outcome: 'approved', approvers: ['ann'] })
  t.same(events(), ['requested', 'approved', 'used'])
  t.match(asked.at(-1), {
    verb: 'approve',
    approver: { subject: 'ann', issuer: ISSUER, mfa: false, claims: { slack_user: 'UANN' } },
  })
  t.match(await said(), `You approved request ${hold.id}`)
  t.match(logged.join(''), '"slack_user":"UANN"')
})

t.test('denying asks for a reason, which reaches the client', async (t) => {
  const { approvals, send, click, submit, calls } = await world(t)
  const hold = await approvals.request(heldRequest())
  t.equal((await send(click('UBOB', 'deny', hold.id))).status, 200)
  const opened = calls.find(({ method }) => method === 'views.open')
  t.match(opened?.body, { view: { callback_id: 'deny', private_metadata: hold.id } })
  t.same(await send(submit('UBOB', 'deny', hold.id, 'use staging')), { status: 200, text: '' })
  t.same(await hold.settled, { outcome: 'denied', by: 'Bob', reason: 'use staging' })
})

t.test(
  'where policies ask for a reason, approving asks for it, and does not do without',
  async (t) => {
    const { approvals, send, click, submit, calls } = await world(t)
    const hold = await approvals.request(heldRequest({ reason_required: true }))
    await send(click('UANN', 'approve', hold.id))
    const opened = calls.find(({ method }) => method === 'views.open')
    t.match(opened?.body, { view: { callback_id: 'approve', blocks: [{ optional: false }] } })
    const without = await send(submit('UANN', 'approve', hold.id, null))
    t.match(JSON.parse(without.text), {
      response_action: 'errors',
      errors: { reason: /asks for a reason/ },
    })
    t.equal(approvals.pending(), 1)
    await send(submit('UANN', 'approve', hold.id, 'ticket 12'))
    t.match(await hold.settled, { outcome: 'approved', reason: 'ticket 12' })
  },
)

for (const [name, user, words] of [
  ['nobody that is known here', 'USTRANGER', /Slack does not say who you are here.*gate\.example/i],
  ['who asked', 'UENG', /nobody approves what they/i],
  ['somebody of another group', 'UINT', /there is no request/i],
] as const) {
  t.test(`${name} approves nothing, and is told why`, async (t) => {
    const { approvals, send, click, submit, said } = await world(t)
    const hold = await approvals.request(heldRequest())
    t.equal((await send(click(user, 'approve', hold.id))).status, 200)
    t.match(await said(), words)
    t.match((await send(submit(user, 'approve', hold.id, 'x'))).text, words)
    t.equal(approvals.pending(), 1)
  })
}

t.test('policies that say no are heard here as well', async (t) => {
  const { approvals, send, click, submit, said } = await world(t)
  const hold = await approvals.request(heldRequest({ approvers: ['interns'] }))
  await send(click('UINT', 'approve', hold.id))
  t.match(await said(), /Interns only look/)
  t.match((await send(submit('UINT', 'deny', hold.id, 'x'))).text, /Interns only look/)
  t.equal(approvals.pending(), 1)
})

t.test('a forged, late or repeated request changes nothing', async (t) => {
  const { approvals, send, click, logged, events } = await world(t)
  const hold = await approvals.request(heldRequest({ quorum: 2 }))
  const { body, headers } = click('UANN', 'approve', hold.id)
  const payload: unknown = JSON.parse(new URLSearchParams(body).get('payload') ?? '')
  const signature = headers['x-slack-signature'] ?? ''
  const bad: readonly (readonly [string, Signed])[] = [
    ['another secret', signed(payload, { secret: 'another' })],
    ['another body', { headers, body: body.replace('UANN', 'UBOB') }],
    ['another time', { body, headers: { ...headers, 'x-slack-request-timestamp': '1700000000' } }],
    ['signed six minutes ago', signed(payload, { ageMs: 360_000 })],
    ['signed in six minutes', signed(payload, { ageMs: -360_000 })],
    ['no signature', { body, headers: { 'content-type': headers['content-type'] ?? '' } }],
    [
      'half a signature',
      { body, headers: { ...headers, 'x-slack-signature': signature.slice(0, 40) } },
    ],
    [
      'another version',
      { body, headers: { ...headers, 'x-slack-signature': signature.replace('v0', 'v1') } },
    ],
    ['an odd time', { body, headers: { ...headers, 'x-slack-request-timestamp': '1e9' } }],
  ]
  for (const [name, request] of bad) {
    const { status, text } = await send(request)
    t.equal(status, 401, name)
    t.notMatch(text, /8f742231|drop table/)
  }
  t.same(events(), ['requested'])
  t.equal((await send({ body, headers })).status, 200)
  t.equal((await send({ body, headers })).status, 409, 'the same again')
  t.same(events(), ['requested', 'approved'])
  t.equal(approvals.pending(), 1, 'one of two')
  t.notMatch(logged.join(''), new RegExp(`${SIGNING_SECRET}|${TOKEN}`))
})

t.test('what is no form, too large or of another kind is refused or left alone', async (t) => {
  const { send, port } = await world(t)
  const url = `http://127.0.0.1:${port}`
  const json = { 'content-type': 'application/json' }
  const asJson = await fetch(`${url}/slack/actions`, { method: 'POST', headers: json, body: '{}' })
  t.equal(asJson.status, 400)
  t.equal((await send(signedForm(`payload=${'x'.repeat(200_000)}`))).status, 413)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const path = `${url}/api/approvals/2222-3333-4444/approve`
  const elsewhere = await fetch(path, { method: 'POST', headers: form, body: 'reason=x' })
  t.equal(elsewhere.status, 415, 'forms are taken nowhere else')
  for (const body of ['', 'payload=', 'payload={}', 'payload=1&payload=2', 'x=1', 'payload=[[[[']) {
    t.same(await send(signedForm(body)), { status: 200, text: '' }, body)
  }
  const link = { type: 'block_actions', user: { id: 'UANN' }, actions: [{ action_id: 'open' }] }
  t.same(await send(signed(link)), { status: 200, text: '' })
})

t.test('two who click at once, 100 times: one outcome each time, one use', async (t) => {
  const { approvals, send, click, submit, lines } = await world(t)
  for (let i = 0; i < 100; i++) {
    const hold = await approvals.request(heldRequest())
    const answers = await Promise.all([
      send(click('UANN', 'approve', hold.id)),
      send(submit('UBOB', 'deny', hold.id, 'no')),
      send(click('UANN', 'approve', hold.id)),
    ])
    if (answers.some(({ status }) => status !== 200)) t.fail('a click was not taken')
    const { outcome } = await hold.settled
    const denied = answers[1]?.text === ''
    if (outcome !== (denied ? 'denied' : 'approved')) t.fail(`${outcome}, but ${answers[1]?.text}`)
  }
  t.equal(approvals.pending(), 0)
  const ends = lines().flatMap((line) =>
    line.kind === 'approval' && line.event !== 'requested'
      ? [`${line.approval} ${line.event}`]
      : [],
  )
  t.equal(new Set(ends).size, ends.length, 'no step twice')
  const settled = ends.filter((end) => /(used|denied)$/.test(end))
  t.equal(new Set(settled.map((end) => end.split(' ')[0])).size, 100)
  t.equal(settled.length, 100)
})

t.test('a request of the requester’s own program is not theirs to approve', async (t) => {
  const { approvals, send, click, said } = await world(t)
  const requester = { ...engineer.facts, subject: 'robot', actor: [{ subject: 'ann' }] }
  const hold = await approvals.request(heldRequest({}, { requester }))
  await send(click('UANN', 'approve', hold.id))
  t.match(await said(), /nobody approves what they/i)
  t.equal(approvals.pending(), 1)
})
