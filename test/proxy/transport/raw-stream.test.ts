// Streams under load: byte for byte, whoever is slow, and whatever becomes of the memory. Both kinds must
// behave the same; only their cost differs.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { streamOf } from '../../../proxy/transport/listen.js'
import type { Stream } from '../../../proxy/transport/stream.js'
import {
  bytesAt,
  Checked,
  KINDS,
  receive,
  seeded,
  send,
  startServer,
  streams,
} from './stream-pair.js'

const MIB = 1024 * 1024
// Several times what garbage may gather before it is collected.
const TOTAL = 384 * MIB
const server = await startServer()
t.teardown(() => server.listening.close())

// As a relay does it: what one side sends goes on in place, and waits where the other side is slow.
function join(from: Stream, to: Stream): void {
  from.onBytes = (chunk) => {
    if (!to.write(chunk)) from.pause()
  }
  to.onDrain = () => from.resume()
  from.onClose = () => to.end()
  to.onClose = () => from.destroy()
  from.resume()
}

function highestMemory(): () => number {
  const { external, arrayBuffers } = process.memoryUsage()
  const before = external + arrayBuffers
  let highest = 0
  const timer = setInterval(() => {
    const now = process.memoryUsage()
    highest = Math.max(highest, now.external + now.arrayBuffers - before)
  }, 5)
  return () => {
    clearInterval(timer)
    return highest
  }
}

for (const { name, raw } of KINDS) {
  t.test(`${name}: 384 MiB arrive as they were sent, past a reader that pauses`, async (t) => {
    const [ours, theirs] = await streams(server, raw)
    const memory = highestMemory()
    const arrived = receive(theirs, 0.02, seeded(7))
    send(ours, TOTAL, seeded(3))
    const { place, wrong } = await arrived
    t.equal(place, TOTAL)
    t.equal(wrong, -1, 'no byte differs')
    t.ok(memory() < 128 * MIB, 'memory stays flat')
  })

  t.test(`${name}: many connections relayed at once keep their bytes apart`, async (t) => {
    const memory = highestMemory()
    const all = Array.from({ length: 24 }, async (_, i) => {
      const [client, gatewayIn] = await streams(server, raw)
      const [gatewayOut, target] = await streams(server, raw)
      join(gatewayIn, gatewayOut)
      gatewayOut.onBytes = () => undefined
      // Every third reader is slow, so that writes towards it have to wait for the kernel.
      const arrived = receive(target, i % 3 === 0 ? 0.3 : 0, seeded(100 + i))
      send(client, 3 * MIB, seeded(200 + i))
      return arrived
    })
    for (const { place, wrong } of await Promise.all(all)) {
      t.equal(place, 3 * MIB)
      t.equal(wrong, -1, 'no byte of another connection')
    }
    t.ok(memory() < 128 * MIB, 'memory stays flat')
  })

  t.test(`${name}: a write behind one that waits keeps its order, and is counted`, async (t) => {
    const [ours, theirs] = await streams(server, raw)
    const checked = new Checked()
    const done = new Promise<void>((resolve) => (theirs.onClose = () => resolve()))
    theirs.onBytes = (chunk) => checked.take(chunk)
    const chance = seeded(5)
    let place = 0
    // Nobody reads yet: most of it waits here.
    for (let i = 0; i < 200; i++) {
      const length = 1 + Math.floor(chance() * 100_000)
      ours.write(bytesAt(place, length))
      place += length
    }
    t.ok(ours.queued() > 0, 'what waits is counted')
    ours.end()
    theirs.resume()
    await done
    t.equal(checked.place, place, 'an end comes after everything written before it')
    t.equal(checked.wrong, -1)
  })

  t.test(
    `${name}: a reset in the middle is told once, and nothing is written after it`,
    async (t) => {
      const [ours, accepted] = await server.sockets()
      const { stream } = streamOf(accepted, raw)
      const told: (Error | undefined)[] = []
      stream.onClose = (error) => void told.push(error)
      stream.onBytes = () => undefined
      stream.resume()
      send(stream, 64 * MIB, seeded(9))
      await new Promise((resolve) => setTimeout(resolve, 30))
      ours.resetAndDestroy()
      while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      await new Promise((resolve) => setTimeout(resolve, 20))
      t.equal(told.length, 1)
      t.match(told[0]?.message, /ECONNRESET|EPIPE/)
      t.ok(stream.write(Buffer.alloc(10)), 'later writes go nowhere')
      stream.end()
      stream.destroy()
      stream.pause()
      stream.resume()
      t.equal(told.length, 1)
    },
  )

  t.test(`${name}: an end of the other side is told without an error`, async (t) => {
    const [ours, theirs] = await streams(server, raw)
    const told = new Promise((resolve) => (theirs.onClose = resolve))
    theirs.resume()
    ours.end()
    t.equal(await told, undefined)
    ours.destroy()
  })

  t.test(`${name}: who never reads does not keep an ended connection`, async (t) => {
    const [ours, accepted] = await server.sockets()
    const { stream } = streamOf(accepted, raw, 200)
    const told = new Promise((resolve) => (stream.onClose = resolve))
    stream.resume()
    for (let taken = true; taken;) taken = stream.write(Buffer.alloc(500_000))
    stream.end()
    t.equal(await told, undefined)
    // `ours` has not read a byte; that the other end is gone shows when it does.
    const closed = new Promise((resolve) => ours.once('close', resolve))
    ours.resume()
    await closed
  })

  t.test(`${name}: an ended connection has time to send what is queued`, async (t) => {
    const [ours, accepted] = await server.sockets()
    const { stream } = streamOf(accepted, raw, 5000)
    let place = 0
    for (let taken = true; taken; place += 500_000) taken = stream.write(bytesAt(place, 500_000))
    stream.end()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const reader = streamOf(ours, raw).stream
    const { place: arrived, wrong } = await receive(reader, 0, seeded(4))
    t.equal(arrived, place)
    t.equal(wrong, -1)
  })

  t.test(`${name}: destroyed with a write under way, the process goes on`, async (t) => {
    for (let i = 0; i < 20; i++) {
      const [ours, theirs] = await streams(server, raw)
      theirs.resume()
      ours.resume()
      for (let n = 0; n < 40; n++) ours.write(Buffer.alloc(200_000))
      if (i % 2 === 0) ours.destroy()
      else theirs.destroy()
      ours.destroy()
      theirs.destroy()
    }
    const [ours, theirs] = await streams(server, raw)
    const arrived = receive(theirs, 0, seeded(1))
    send(ours, MIB, seeded(2))
    t.equal((await arrived).wrong, -1)
  })
}

t.test('the memory of a write under way outlives a collection of garbage', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const [ours, theirs] = await streams(server, true)
  const piece = 500_000
  let place = 0
  for (let taken = true; taken; place += piece) taken = ours.write(bytesAt(place, piece))
  collect()
  // What was freed is likely to be handed out again here.
  const garbage = Array.from({ length: 200 }, () => Buffer.alloc(piece, 0xee))
  collect()
  const checked = new Checked()
  theirs.onBytes = (chunk) => checked.take(chunk)
  theirs.resume()
  while (checked.place < place) await new Promise((resolve) => setTimeout(resolve, 10))
  t.equal(checked.wrong, -1, `no byte differs beside ${garbage.length} pieces of garbage`)
  ours.destroy()
  theirs.destroy()
})
