// The readers of recordings get damaged, hostile and random bytes: they answer with frames or with words,
// in bounded time and memory, and nothing that was changed on the disk passes for what was recorded.
import t from 'tap'
import { message } from '../../proxy/protocols/postgres/wire-bytes.js'
import { GatewayError } from '../../proxy/errors.js'
import type { Frame } from '../../proxy/recordings/film.js'
import { headOf } from '../../proxy/recordings/film-file.js'
import { documentOf } from '../../proxy/recordings/key-document.js'
import { frameReader } from '../../proxy/recordings/postgres-frames.js'
import { shownText } from '../../proxy/recordings/postgres-values.js'
import { framesOf } from '../../proxy/recordings/read-film.js'
import { ITEM, putItemHead } from '../../proxy/recordings/reel.js'
import { sealed } from '../../proxy/recordings/seal.js'
import { chance, type Chance } from './chance.js'

const INPUTS = Number(process.env['SALLYPORT_FUZZ'] ?? '100000')
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? '11')
const KEY = Buffer.alloc(32, 5)
const SESSION = 'fuzzed'

const COLUMN = Buffer.from('000000000000000000170004ffffffff0001', 'hex')
const LENGTH_4 = Buffer.from([0, 0, 0, 4])
const WIRE = Buffer.concat([
  message('T', Buffer.of(0, 2), 'a', COLUMN, 'b', COLUMN),
  message('D', Buffer.of(0, 2), LENGTH_4, Buffer.alloc(4), Buffer.from([255, 255, 255, 255])),
  message('C', 'SELECT 1'),
  message('N', 'SNOTICE', 'C00000', 'Mlook', Buffer.of(0)),
  message('E', 'SERROR', 'C42501', 'Mno', 'Hhint', Buffer.of(0)),
  message('A', Buffer.alloc(4), 'channel', 'payload'),
  message('H', Buffer.alloc(3)),
  message('d', Buffer.from('1\t2\n')),
  message('c'),
  message('Z', Buffer.from('I')),
])

function item(kind: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(11 + body.length)
  body.copy(bytes, putItemHead(bytes, 0, kind, 5, body.length))
  return bytes
}

const PLAIN = Buffer.concat([
  item(ITEM.command, Buffer.from('{"command":1,"text":"SELECT 1","binds":["a",null]}')),
  item(ITEM.turn, Buffer.from([0, 0, 0, 1])),
  item(
    ITEM.shape,
    Buffer.concat([Buffer.from('{"command":1,"formats":[1]}\0'), message('T', Buffer.of(0, 0))]),
  ),
  item(ITEM.wire, WIRE),
  item(ITEM.cut, Buffer.from('{"command":1,"why":"enough"}')),
])

function damaged(bytes: Buffer, next: Chance): Buffer {
  const copy = Buffer.from(bytes)
  const at = next.below(copy.length)
  const to = Math.min(copy.length, at + 1 + next.below(16))
  switch (next.below(6)) {
    case 0:
      copy[at] = next.below(256)
      return copy
    case 1:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(to)])
    case 2:
      return Buffer.concat([copy.subarray(0, to), copy.subarray(at)])
    case 3:
      return copy.subarray(0, at)
    case 4: {
      for (let i = at; i < to; i++) copy[i] = next.pick([0, 255, 127, 128])
      return copy
    }
    default: {
      const random = Buffer.alloc(1 + next.below(24))
      for (let i = 0; i < random.length; i++) random[i] = next.below(256)
      return Buffer.concat([copy.subarray(0, at), random, copy.subarray(at)])
    }
  }
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(bytes: Buffer, size: number): Promise<readonly Frame[] | string> {
  const frames: Frame[] = []
  try {
    for await (const frame of framesOf(
      pieces(bytes, size),
      { session: SESSION, key: KEY },
      false,
    )) {
      frames.push(frame)
    }
    return frames
  } catch (problem) {
    if (problem instanceof GatewayError && problem.code === 'recording_damaged')
      return problem.message
    throw problem
  }
}

t.test('wire bytes in any state are frames or refused, however they are cut', async (t) => {
  const next = chance(SEED)
  let refused = 0
  const third = Math.ceil(INPUTS / 3)
  for (let i = 0; i < third; i++) {
    const bytes = damaged(WIRE, next)
    const size = 1 + next.below(40)
    const reader = frameReader()
    reader.turn(1)
    let ok = true
    for (let at = 0; at < bytes.length && ok; at += size) {
      ok = reader.wire(at, bytes.subarray(at, at + size)) !== undefined
    }
    if (!ok) refused++
  }
  t.ok(refused > third / 20, `${refused} of ${third} refused`)
})

t.test('sealed contents that no gateway wrote are refused in words', async (t) => {
  const next = chance(SEED + 1)
  let refused = 0
  const third = Math.ceil(INPUTS / 3)
  for (let i = 0; i < third; i++) {
    const bytes = damaged(PLAIN, next)
    const chunk = sealed(KEY, SESSION, { number: 0, last: true, codec: 'plain', bytes })
    const found = await read(Buffer.concat([headOf(SESSION), ...chunk]), 1000)
    if (typeof found === 'string') refused++
  }
  t.ok(refused > third / 4, `${refused} of ${third} refused`)
})

t.test('what was changed on the disk never passes for what was recorded', async (t) => {
  const next = chance(SEED + 2)
  const file = Buffer.concat([
    headOf(SESSION),
    ...sealed(KEY, SESSION, { number: 0, last: false, codec: 'plain', bytes: PLAIN }),
    ...sealed(KEY, SESSION, { number: 1, last: true, codec: 'plain', bytes: PLAIN }),
  ])
  const good = await read(file, 4096)
  t.ok(typeof good !== 'string' && good.length > 10)
  const third = Math.ceil(INPUTS / 3)
  let passed = 0
  for (let i = 0; i < third; i++) {
    const bytes = damaged(file, next)
    if (bytes.equals(file)) continue
    const found = await read(bytes, 1 + next.below(500))
    if (typeof found === 'string') continue
    // It may only end early, and then says so.
    const last = found.at(-1)
    if (last?.kind === 'cut' && last.command === 0) continue
    // What stands behind the last chunk and is none is not looked at here: the digest in the record is.
    if (bytes.subarray(0, file.length).equals(file)) continue
    passed++
  }
  t.equal(passed, 0)
})

t.test('values and key documents of any kind are words or nothing', async (t) => {
  const next = chance(SEED + 3)
  const types = [16, 17, 20, 21, 23, 25, 26, 700, 701, 1082, 1114, 1184, 1700, 2950, 3802, 0]
  for (let i = 0; i < Math.ceil(INPUTS / 5); i++) {
    const value = Buffer.alloc(next.below(24))
    for (let at = 0; at < value.length; at++)
      value[at] = next.pick([0, 1, 127, 255, next.below(256)])
    if (typeof shownText(value, next.pick(types), next.below(3)) !== 'string') t.fail('no words')
    if (i % 10 === 0) documentOf(value.toString('latin1'))
  }
})
