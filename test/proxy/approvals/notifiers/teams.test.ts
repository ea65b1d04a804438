// Teams: a local receiver that takes what a workflow takes, and the answers that Teams gives.
import { createServer, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { teamsChannel } from '../../../../proxy/approvals/notifiers/teams.js'
import {
  lastingNotifier,
  type LastingParts,
} from '../../../../proxy/approvals/notifiers/lasting.js'
import { createLedger } from '../../../../proxy/approvals/notifiers/ledger.js'
import { systemClock } from '../../../../proxy/clock.js'
import { createLog, silentLog } from '../../../../proxy/log.js'
import { openState } from '../../../../proxy/state/state.js'
import { ann, gatewayOn, heldRequest, rejects, stores } from '../world.js'

const [found] = await stores(t, ['sqlite'])
if (found === undefined) throw new Error('no store')
const sqlite = found
const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

type Answer = (response: ServerResponse, call: number) => void

const taken: Answer = (response) => response.writeHead(202).end()

async function world(t: Test, answer: Answer = taken, parts: Partial<LastingParts> = {}) {
  const cards: { readonly body: unknown; readonly bytes: number; readonly at: number }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      t.equal(request.method, 'POST')
      t.equal(request.headers['content-type'], 'application/json')
      cards.push({ body: JSON.parse(text), bytes: Buffer.byteLength(text), at: Date.now() })
      answer(response, cards.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const lines: string[] = []
  const outcomes: string[] = []
  const notifier = lastingNotifier(
    teamsChannel({
      url: {
        reference: 'env:TEAMS_URL',
        reveal: () => `http://127.0.0.1:${port}/workflows/1?sig=SECRET-SIGNATURE`,
      },
      gatewayUrl: 'https://gate.example',
    }),
    {
      clock: systemClock,
      log: createLog({ level: 'info', destination: { write: (line) => lines.push(line) } }),
      random: Math.random,
      pausesMs: [10, 20],
      onNotice: (_kind, outcome) => outcomes.push(outcome),
      ...parts,
    },
  )
  const gateway = await gatewayOn(t, await sqlite.fresh(), { notifiers: [notifier] })
  return { ...gateway, notifier, cards, lines, outcomes }
}

// What the Adaptive Cards schema 1.5 says of the elements that are used here: every key and its form.
const ELEMENTS: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  AdaptiveCard: {
    $schema: (value) => value === 'http://adaptivecards.io/schemas/adaptive-card.json',
    version: (value) => value === '1.5',
    fallbackText: isText,
    msteams: (value) => typeof value === 'object',
    body: areElements('TextBlock', 'RichTextBlock', 'Container'),
    actions: areElements('Action.OpenUrl'),
  },
  TextBlock: {
    text: isText,
    weight: isOneOf('Default', 'Lighter', 'Bolder'),
    size: isOneOf('Default', 'Small', 'Medium', 'Large', 'ExtraLarge'),
    wrap: (value) => typeof value === 'boolean',
  },
  RichTextBlock: { inlines: areElements('TextRun') },
  TextRun: {
    text: isText,
    weight: isOneOf('Default', 'Lighter', 'Bolder'),
    fontType: isOneOf('Default', 'Monospace'),
    isSubtle: (value) => typeof value === 'boolean',
  },
  Container: {
    style: isOneOf('default', 'emphasis', 'good', 'attention', 'warning', 'accent'),
    items: areElements('RichTextBlock'),
  },
  'Action.OpenUrl': { title: isText, url: (value) => URL.canParse(String(value)) },
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isOneOf(...words: readonly string[]) {
  return (value: unknown): boolean => typeof value === 'string' && words.includes(value)
}

function areElements(...kinds: readonly string[]) {
  return (value: unknown): boolean =>
    Array.isArray(value) && value.every((one) => isElement(one, kinds))
}

function isElement(value: unknown, kinds: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null || !('type' in value)) return false
  const { type, ...members } = value
  const rules = kinds.includes(String(type)) ? ELEMENTS[String(type)] : undefined
  return (
    rules !== undefined &&
    Object.entries(members).every(([name, member]) => rules[name]?.(member) === true)
  )
}

function cardOf(body: unknown): unknown {
  const { type, attachments } = body as { type: unknown; attachments: Record<string, unknown>[] }
  const [one, ...more] = attachments
  if (type !== 'message' || more.length > 0) throw new Error('no message with one card')
  if (one?.['contentType'] !== 'application/vnd.microsoft.card.adaptive') throw new Error('no card')
  return one['content']
}

// In the order in which they are read.
function texts(card: unknown): string {
  const found: string[] = []
  JSON.stringify(card, (name, value: unknown) => {
    if (name === 'text') found.push(String(value))
    return value
  })
  return found.join('')
}

t.test(
  'a card says who wants what, where, why, until when, and leads to the console',
  async (t) => {
    const { cards, approvals, outcomes } = await world(t)
    const hold = await approvals.request(heldRequest())
    const card = cardOf(cards[0]?.body)
    t.ok(isElement(card, ['AdaptiveCard']), 'as Adaptive Cards 1.5 say')
    const text = texts(card)
    t.match(text, 'engineer (human) wants to run on shop (env: prod)')
    t.match(text, 'drop table orders')
    t.match(text, 'a table of production is dropped [destructive/drop]')
    t.match(text, 'May approve: a member of approvers')
    t.match(text, /Until: \d{4}-\d\d-\d\d \d\d:\d\d UTC/)
    t.match(text, `sallyport approvals approve ${hold.id}`)
    t.match(card, {
      actions: [{ type: 'Action.OpenUrl', url: `https://gate.example/#${hold.id}` }],
    })
    t.same(outcomes, ['told'])
  },
)

t.test('how it ended is a second card, and none where the first did not arrive', async (t) => {
  const state = await openState(await sqlite.fresh(), silentLog)
  t.teardown(state.close)
  const { cards, approvals } = await world(t, taken, { ledger: createLedger(state) })
  const hold = await approvals.request(heldRequest())
  await approvals.answer({ id: hold.id, verb: 'deny', approver: ann, reason: 'not today' })
  while (cards.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  const card = cardOf(cards[1]?.body)
  t.ok(isElement(card, ['AdaptiveCard']))
  t.match(texts(card), 'engineer (human) on shop (env: prod): denied by ann: not today')
  const broken = await world(t, (response) => response.writeHead(400).end())
  await rejects(t, broken.approvals.request(heldRequest()), 'state_failed')
  await broken.stop()
  t.equal(broken.cards.length, 1)
})

t.test('Teams that asks for patience gets as much as it asks for', async (t) => {
  const { cards, approvals, outcomes } = await world(t, (response, call) =>
    response.writeHead(call === 1 ? 429 : 202, call === 1 ? { 'retry-after': '1' } : {}).end(),
  )
  await approvals.request(heldRequest())
  t.equal(cards.length, 2)
  t.ok((cards[1]?.at ?? 0) - (cards[0]?.at ?? 0) >= 990)
  t.same(outcomes, ['retried', 'told'])
})

t.test('a refusal that hides behind 200 is one', async (t) => {
  const words =
    'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId 1'
  const { cards, approvals } = await world(t, (response, call) =>
    response.writeHead(200).end(call === 1 ? words : '1'),
  )
  await approvals.request(heldRequest())
  t.equal(cards.length, 2)
})

for (const [name, answer, calls] of [
  ['fails', (response) => response.writeHead(502).end('SECRET-ANSWER'), 3],
  ['knows no such workflow', (response) => response.writeHead(404).end('SECRET-ANSWER'), 1],
  ['redirects', (response) => response.writeHead(302, { location: '/x' }).end(), 1],
] as readonly (readonly [string, Answer, number])[]) {
  t.test(`where Teams ${name}, nobody was asked, and no secret is logged`, async (t) => {
    const { cards, approvals, lines, events } = await world(t, answer)
    await rejects(t, approvals.request(heldRequest()), 'state_failed')
    t.equal(cards.length, calls)
    t.same(events(), ['requested', 'void'])
    t.match(lines.join(''), /Teams \(env:TEAMS_URL\)/)
    t.notMatch(lines.join(''), /SECRET|drop table/)
  })
}

t.test('Teams that does not answer is not waited for longer than a client can be', async (t) => {
  const { approvals } = await world(t, () => undefined)
  const started = Date.now()
  await rejects(t, approvals.request(heldRequest()), 'state_failed')
  t.ok(Date.now() - started < 20_000)
})

t.test('no command draws Markdown, dates or hidden text of its own', async (t) => {
  const { cards, approvals } = await world(t)
  const evil = '[Approve](https://evil.example) {{DATE(2026-01-01)}} \u202E\u0007 **ok**'
  const { requester } = heldRequest()
  await approvals.request(
    heldRequest(
      {},
      {
        text: evil,
        requester: { ...requester, name: evil },
        rules: [{ id: 'a/b', message: evil }],
      },
    ),
  )
  const card = cardOf(cards[0]?.body)
  t.ok(isElement(card, ['AdaptiveCard']))
  t.notMatch(texts(card), /\{\{DATE|[\u202E\u0007]/)
  JSON.stringify(card, (_name, value: unknown) => {
    const isBlock = typeof value === 'object' && value !== null && 'type' in value
    if (isBlock && value.type === 'TextBlock') t.notMatch(value, { text: /evil/ })
    return value
  })
})

t.test('a card stays below what Teams takes, however long the command', async (t) => {
  const { cards, approvals } = await world(t)
  const rules = Array.from({ length: 5 }, () => ({ id: 'a/b', message: '🐘'.repeat(500) }))
  await approvals.request(heldRequest({}, { text: '🐘"'.repeat(100_000), rules }))
  t.ok((cards[0]?.bytes ?? Infinity) < 28_000, `${cards[0]?.bytes} bytes`)
})
