// Telemetry goes to a collector that answers as collectors do, well or badly: what is lost is counted, and
// nobody waits.
import t, { type Test } from 'tap'
import {
  createSender,
  type DropReason,
  type SENDER_LIMITS,
} from '../../../proxy/telemetry/sender.js'
import { startTestCollector, until, type Answer } from '../../peers/collector.js'

async function sender(
  t: Test,
  answer?: (request: number) => Answer,
  limits: Partial<Record<keyof typeof SENDER_LIMITS, number>> = {},
) {
  const collector = await startTestCollector(answer)
  t.teardown(() => collector.close())
  const dropped: Partial<Record<DropReason, number>> = {}
  let sent = 0
  const trouble: (string | undefined)[] = []
  const own = createSender<number>({
    url: `${collector.url}/v1/traces`,
    headers: () => ({ 'x-api-key': 'secret' }),
    body: (items, resource) => ({ items, resource }),
    resource: { 'service.name': 'sallyport' },
    onSent: (items) => (sent += items),
    onDropped: (items, why) => (dropped[why] = (dropped[why] ?? 0) + items),
    onTrouble: (words) => trouble.push(words),
    random: () => 0,
    limits: { everyMs: 5, firstPauseMs: 5, closeMs: 500, ...limits } as Partial<
      typeof SENDER_LIMITS
    >,
  })
  return { collector, sender: own, dropped, sent: () => sent, trouble }
}

t.test('items go in batches, with the headers of the configuration', async (t) => {
  const world = await sender(t, undefined, { batch: 10 })
  for (let n = 0; n < 25; n++) world.sender.add(n)
  t.ok(await until(() => world.sent() === 25))
  const items = world.collector.taken.flatMap(({ body }) => body['items'] as number[])
  t.same(
    items,
    Array.from({ length: 25 }, (_, n) => n),
  )
  t.match(world.collector.taken[0], {
    path: '/v1/traces',
    headers: { 'x-api-key': 'secret', 'content-type': 'application/json' },
    body: { resource: { 'service.name': 'sallyport' } },
  })
  await world.sender.close()
  t.same(world.dropped, {})
})

t.test('a collector that is busy is asked again, when it says so', async (t) => {
  const world = await sender(t, (n) =>
    n < 3
      ? { status: [429, 503, 502][n] ?? 503, headers: { 'retry-after': '0' } }
      : { status: 200 },
  )
  world.sender.add(1)
  t.ok(await until(() => world.sent() === 1))
  t.match(world.trouble, [/429/, /503/, /502/, undefined])
  await world.sender.close()
})

t.test('what a collector refuses for good is dropped and counted', async (t) => {
  for (const status of [400, 401, 404, 413, 500, 301]) {
    const world = await sender(t, () => ({ status, headers: { location: 'http://127.0.0.1:1/' } }))
    world.sender.add(1)
    t.ok(await until(() => world.dropped.refused === 1), String(status))
    await world.sender.close()
  }
})

t.test('items that a collector rejects among others are counted', async (t) => {
  const body = '{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}'
  const world = await sender(t, () => ({ status: 200, body }))
  for (let n = 0; n < 5; n++) world.sender.add(n)
  t.ok(await until(() => world.sent() === 3))
  t.same(world.dropped, { refused: 2 })
  await world.sender.close()
})

t.test('a collector that is not there costs a bounded queue, and no more', async (t) => {
  const world = await sender(t, undefined, { queue: 100, batch: 10, giveUpMs: 60_000 })
  await world.collector.close()
  for (let n = 0; n < 1_000; n++) world.sender.add(n)
  t.ok(world.sender.waiting() <= 100)
  t.ok((world.dropped.queue_full ?? 0) >= 890)
  t.ok(await until(() => world.trouble.length > 0))
  t.match(world.trouble[0], /cannot be reached \(ECONN/)
  const started = Date.now()
  await world.sender.close()
  t.ok(Date.now() - started < 30_000, 'the end does not wait for it')
  t.equal(world.sent() + Object.values(world.dropped).reduce((sum, n) => sum + n, 0), 1_000)
})

t.test('a collector that never answers is given up', async (t) => {
  const world = await sender(t, () => ({ status: 500, hang: true }), {
    attemptMs: 30,
    giveUpMs: 100,
  })
  world.sender.add(1)
  t.ok(await until(() => world.dropped.gave_up === 1))
  await world.sender.close()
})

t.test('an endless answer is not read', async (t) => {
  const world = await sender(t, () => ({ status: 200, body: 'x'.repeat(1_000_000) }))
  world.sender.add(1)
  t.ok(await until(() => world.sent() === 1))
  await world.sender.close()
})

t.test('what waits at the end is sent', async (t) => {
  const world = await sender(t, undefined, { everyMs: 60_000 })
  world.sender.add(1)
  await world.sender.close()
  t.equal(world.sent(), 1)
  world.sender.add(2)
  t.same(world.dropped, { queue_full: 1 })
})
