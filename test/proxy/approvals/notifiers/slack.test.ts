// Slack's Web API as published, on loopback: one message for a request, changed when it is settled.
import t, { type Test } from 'tap'
import {
  lastingNotifier,
  type LastingParts,
} from '../../../../proxy/approvals/notifiers/lasting.js'
import { createLedger } from '../../../../proxy/approvals/notifiers/ledger.js'
import { slackApi } from '../../../../proxy/approvals/notifiers/slack-api.js'
import { slackChannel } from '../../../../proxy/approvals/notifiers/slack.js'
import { systemClock } from '../../../../proxy/clock.js'
import { createLog, silentLog } from '../../../../proxy/log.js'
import { openState, type State, type StateOptions } from '../../../../proxy/state/state.js'
import { slackPeer, TOKEN, type Interference } from '../../../peers/slack.js'
import { ann, gatewayOn, heldRequest, rejects, stores } from '../world.js'

const [found] = await stores(t, ['sqlite'])
if (found === undefined) throw new Error('no store')
const sqlite = found
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

async function ledgerState(t: Test): Promise<State> {
  const state = await openState(await sqlite.fresh(), silentLog)
  t.teardown(state.close)
  return state
}

async function world(
  t: Test,
  interfere?: Interference,
  token: string = TOKEN,
  more: Partial<LastingParts> = {},
  options?: StateOptions,
) {
  const slack = await slackPeer(t, interfere)
  const lines: string[] = []
  const outcomes: string[] = []
  const parts: LastingParts = {
    clock: systemClock,
    log: createLog({ level: 'info', destination: { write: (line) => lines.push(line) } }),
    random: Math.random,
    ledger: createLedger(await ledgerState(t)),
    pausesMs: [10, 20],
    onNotice: (_kind, outcome) => outcomes.push(outcome),
    ...more,
  }
  const { apiUrl } = slack
  const notifierOf = () => {
    const api = slackApi({ apiUrl, token: { reveal: () => token } })
    return lastingNotifier(
      slackChannel({ api, channel: 'C123', gatewayUrl: 'https://gate.example' }),
      parts,
    )
  }
  const notifier = notifierOf()
  const store = options ?? (await sqlite.fresh())
  const gateway = await gatewayOn(t, store, { notifiers: [notifier] })
  return { ...gateway, ...slack, notifier, notifierOf, lines, outcomes }
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5))
}

t.test('a message says who wants what, where and why, with buttons', async (t) => {
  const { calls, approvals, outcomes } = await world(t)
  const hold = await approvals.request(heldRequest())
  t.equal(calls.length, 1)
  t.match(calls[0], {
    method: 'chat.postMessage',
    body: { channel: 'C123', text: 'Approval wanted: engineer (human) on shop (env: prod)' },
  })
  const text = JSON.stringify(calls[0]?.body)
  for (const said of ['drop table orders', 'a table of production is dropped [destructive/drop]']) {
    t.match(text, said)
  }
  t.match(text, `"action_id":"approve"`)
  t.match(text, `"action_id":"deny"`)
  t.match(text, `"value":"${hold.id}"`)
  t.match(text, `"url":"https://gate.example/#${hold.id}"`)
  t.same(outcomes, ['told'])
})

t.test(
  'the same message is changed when the request is settled, and loses its buttons',
  async (t) => {
    const { calls, approvals } = await world(t)
    const hold = await approvals.request(heldRequest())
    await approvals.answer({ id: hold.id, verb: 'deny', approver: ann, reason: 'not today' })
    await until(() => calls.length === 2)
    t.match(calls[1], { method: 'chat.update', body: { channel: 'C123', ts: '1700000000.000001' } })
    const text = JSON.stringify(calls[1]?.body)
    t.match(text, 'denied by ann: not today')
    t.notMatch(text, /"action_id":"(approve|deny)"/)
  },
)

t.test('a client that leaves takes the buttons with it', async (t) => {
  const { calls, approvals } = await world(t)
  const hold = await approvals.request(heldRequest())
  hold.abandon('the client left')
  await until(() => calls.length === 2)
  t.match(JSON.stringify(calls[1]?.body), 'no longer wanted: the client left')
})

t.test('a gateway that starts again posts nothing twice, and can still change it', async (t) => {
  const { calls, approvals, notifier, notifierOf } = await world(t)
  const hold = await approvals.request(heldRequest())
  await notifier.close()
  const approval = await approvals.one(ann, hold.id)
  const next = notifierOf()
  await next.tell({ event: 'requested', key: `${hold.id}-requested`, approval })
  t.equal(calls.length, 1)
  await next.tell({ event: 'settled', key: `${hold.id}-settled`, approval })
  await next.tell({ event: 'settled', key: `${hold.id}-settled`, approval })
  t.match(calls.slice(1), [{ method: 'chat.update', body: { ts: '1700000000.000001' } }])
  t.equal(calls.length, 2)
})

t.test('Slack that asks for patience, or fails for a moment, is asked again', async (t) => {
  const { calls, approvals, outcomes } = await world(t, (_call, response, count) => {
    if (count === 1) response.writeHead(429, { 'retry-after': '1' }).end()
    else if (count === 2) response.writeHead(200).end('{"ok":false,"error":"internal_error"}')
    return count < 3
  })
  const started = Date.now()
  await approvals.request(heldRequest())
  t.ok(Date.now() - started >= 990)
  t.equal(calls.length, 3)
  t.same(outcomes, ['retried', 'retried', 'told'])
})

t.test('a wrong token is not tried again, and stands in no log', async (t) => {
  const { calls, approvals, lines } = await world(t, undefined, 'xoxb-WRONG-SECRET')
  await rejects(t, approvals.request(heldRequest()), 'state_failed')
  t.equal(calls.length, 1)
  t.match(lines.join(''), /chat\.postMessage: invalid_auth/)
  t.notMatch(lines.join(''), /SECRET|drop table/)
})

t.test('words of Slack that are no name of an error stay out of the log', async (t) => {
  const { approvals, lines } = await world(t, (_call, response) => {
    response.writeHead(200).end('{"ok":false,"error":"SECRET <b>"}')
    return true
  })
  await rejects(t, approvals.request(heldRequest()), 'state_failed')
  t.notMatch(lines.join(''), /SECRET/)
})

t.test('no command mentions a channel, draws a link or breaks the form', async (t) => {
  const { calls, approvals } = await world(t)
  const evil = '<!channel> <https://evil.example|Approve> *x* `y` \u202E\u0000'
  const { requester, target } = heldRequest()
  await approvals.request(
    heldRequest(
      {},
      {
        text: '',
        requester: { ...requester, name: evil },
        target: { ...target, labels: {} },
        rules: Array.from({ length: 60 }, () => ({ id: 'a/b', message: evil.repeat(100) })),
      },
    ),
  )
  const text = String(calls[0]?.body['text'])
  t.notMatch(text, /[<>\u202E\u0000]/)
  t.notMatch(JSON.stringify(calls[0]?.body), /mrkdwn/)
  await approvals.request(heldRequest({}, { text: '"'.repeat(60_000) }))
  t.equal(approvals.pending(), 2)
})

t.test('what a gateway that is gone left behind loses its buttons as well', async (t) => {
  const options = await sqlite.fresh()
  const before = await world(t, undefined, TOKEN, {}, options)
  const hold = await before.approvals.request(heldRequest())
  // As after kill -9: the rows stay, nobody waits.
  await before.state.db.deleteFrom('sallyport_gateways').execute()
  await gatewayOn(t, options, { notifiers: [before.notifierOf()] })
  await until(() => before.calls.length === 2)
  t.match(before.calls[1], {
    method: 'chat.update',
    body: { channel: 'C123', ts: '1700000000.000001' },
  })
  t.match(JSON.stringify(before.calls[1]?.body), 'the gateway that held it is gone')
  t.match(await hold.settled, { outcome: 'void' })
})
