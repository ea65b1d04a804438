// A sealed recording that somebody has changed: every way of it shows, with or without the record at hand,
// and where it was is said.
import t from 'tap'
import { headOf } from '../../../proxy/recordings/film-file.js'
import type { Frame } from '../../../proxy/recordings/film.js'
import { framesOf } from '../../../proxy/recordings/read-film.js'
import { ITEM, putItemHead } from '../../../proxy/recordings/reel.js'
import { compressed, opened, sealed } from '../../../proxy/recordings/seal.js'

const KEY = Buffer.alloc(32, 3)
const SESSION = 'session-1'

function item(kind: number, body: Buffer): Buffer {
  const bytes = Buffer.alloc(11 + body.length)
  body.copy(bytes, putItemHead(bytes, 0, kind, 5, body.length))
  return bytes
}

function command(n: number): Buffer {
  const said = { command: n, text: `SELECT ${n} ${'x'.repeat(300)}` }
  return item(ITEM.command, Buffer.from(JSON.stringify(said)))
}

async function chunk(
  number: number,
  last: boolean,
  plain = command(number),
  session = SESSION,
  key = KEY,
): Promise<Buffer> {
  return Buffer.concat(sealed(key, session, { number, last, ...(await compressed(plain)) }))
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
}

async function read(bytes: Buffer, live = false): Promise<readonly Frame[] | string> {
  const frames: Frame[] = []
  try {
    for await (const frame of framesOf(one(bytes), { session: SESSION, key: KEY }, live)) {
      frames.push(frame)
    }
    return frames
  } catch (problem) {
    return problem instanceof Error ? problem.message : String(problem)
  }
}

t.test('every change of a recording shows', async (t) => {
  const head = headOf(SESSION)
  const [a, b, c] = [await chunk(0, false), await chunk(1, false), await chunk(2, true)]
  const whole = Buffer.concat([head, a, b, c])
  t.equal((await read(whole)).length, 3)

  const flipped = (at: number): Buffer => {
    const copy = Buffer.from(whole)
    copy[at] = (copy[at] ?? 0) ^ 1
    return copy
  }
  for (let at = head.length; at < whole.length; at++) {
    const found = await read(flipped(at))
    if (typeof found === 'string') continue
    // A length that grew past the end: then the rest is missing, and that is said.
    t.match(found.at(-1), { kind: 'cut' }, `byte ${at}`)
    t.ok(found.length <= 3)
  }
  for (const [what, bytes, words] of [
    ['a chunk left out', [head, a, c], /chunk 1 is not what was sealed/],
    ['the first left out', [head, b, c], /chunk 0 is not what was sealed/],
    ['chunks swapped', [head, b, a, c], /chunk 0 is not/],
    ['a chunk repeated', [head, a, a, b, c], /chunk 1 is not/],
    ['something behind the end', [head, a, b, c, c], /behind the last/],
    [
      'another session’s chunk',
      [head, a, await chunk(1, false, command(1), 'session-2'), c],
      /chunk 1/,
    ],
    [
      'another key’s chunk',
      [head, a, await chunk(1, false, command(1), SESSION, Buffer.alloc(32)), c],
      /chunk 1/,
    ],
    ['another session’s file', [headOf('session-2'), a, b, c], /of another session/],
    ['no recording', [Buffer.from('hello, this is no recording')], /no recording/],
    [
      'an empty item kind',
      [head, await chunk(0, true, item(99, Buffer.alloc(3)))],
      /what no database sent/,
    ],
    ['half an item', [head, await chunk(0, true, command(1).subarray(0, 40))], /does not add up/],
  ] as const) {
    t.match(await read(Buffer.concat(bytes)), words, what)
  }
  for (const [what, bytes] of [
    ['cut between chunks', [head, a, b]],
    ['cut within a chunk', [head, a, b, c.subarray(0, 30)]],
    ['cut within the head of a chunk', [head, a, b, c.subarray(0, 4)]],
  ] as const) {
    const frames = await read(Buffer.concat(bytes))
    t.match(typeof frames === 'string' ? frames : frames.at(-1), { kind: 'cut', command: 0 }, what)
    t.equal(frames.length, 3, what)
  }
  t.equal((await read(Buffer.concat([head, a, b]), true)).length, 2, 'live: more may come')
})

t.test('a chunk that would unpack to more than a chunk may hold is refused', async (t) => {
  const { brotliCompressSync } = await import('node:zlib')
  const bomb = brotliCompressSync(Buffer.alloc(64 * 1024 * 1024))
  const bytes = Buffer.concat(
    sealed(KEY, SESSION, { number: 0, last: true, codec: 'brotli', bytes: bomb }),
  )
  t.equal(opened(KEY, SESSION, 0, bytes), undefined)
})
