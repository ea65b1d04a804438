// Rows masked where they lie are the rows that are masked one by one, byte for byte; and what is not as
// usual is left for who looks at rows one by one.
import t from 'tap'
import { NO_MASKS } from '../../../../engine/facts/postgres/exit-masks.js'
import type { Mask } from '../../../../engine/schemas/decision.js'
import {
  maskPlan,
  maskRow,
  roomFor,
  type MaskPlan,
} from '../../../../proxy/protocols/postgres/mask.js'
import { maskRowsInPlace } from '../../../../proxy/protocols/postgres/rows-in-place.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'

const KEY = Buffer.alloc(32, 7)
const COLUMNS = 4
const METHODS: readonly Mask[] = [
  { match: 'label:x', method: 'redact' },
  { match: 'label:x', method: 'null' },
  { match: 'label:x', method: 'partial', keep: 2 },
  { match: 'label:x', method: 'constant', value: 'gone' },
  { match: 'label:x', method: 'hash' },
]
const PATTERNS = (['ssn', 'card', 'email'] as const).map((pattern) => ({
  pattern,
  mask: { match: `pattern:${pattern}`, method: 'redact' } as const,
}))
const WORDS = [
  '',
  'a',
  '123-45-6789',
  'ann@example.org',
  'x'.repeat(80),
  '4111111111111111',
  'words',
]

let seed = 5
function chance(below: number): number {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
  return (seed >>> 8) % below
}

function row(): Buffer {
  const fields = Array.from({ length: COLUMNS }, () => {
    const value = chance(6) === 0 ? null : Buffer.from(WORDS[chance(WORDS.length)] ?? '')
    const length = Buffer.alloc(4)
    length.writeInt32BE(value?.length ?? -1)
    return value === null ? length : Buffer.concat([length, value])
  })
  return message('D', COLUMNS, ...fields)
}

function plan(): MaskPlan {
  const fields = new Map<number, Mask>()
  for (let i = 0; i < COLUMNS; i++) {
    const mask = METHODS[chance(METHODS.length * 2)]
    if (mask !== undefined) fields.set(i, mask)
  }
  const types = [25, 1700, 23, 17]
  const columns = Array.from({ length: COLUMNS }, (_, i) => ({
    table: 0,
    attnum: 0,
    type: chance(3) === 0 ? (types[i] ?? 25) : 25,
    typmod: -1,
    format: 0,
  }))
  const masks = { ...NO_MASKS, fields, patterns: chance(2) === 0 ? PATTERNS : [] }
  return maskPlan(masks, columns, KEY, () => false)
}

function oneByOne(plan: MaskPlan, rows: readonly Buffer[]) {
  let masked = 0
  let hits = 0
  const parts = rows.map((row) => {
    const out = Buffer.alloc(roomFor(plan, row.length))
    const done = maskRow(plan, Buffer.from(row), 0, row.length, out, 0)
    masked += done?.masked ?? 0
    hits += done?.hits ?? 0
    return out.subarray(0, done?.length)
  })
  return { bytes: Buffer.concat(parts), masked, hits }
}

t.test('together or one by one, the bytes are the same', async (t) => {
  let together = 0
  for (let round = 0; round < 3000; round++) {
    const shape = plan()
    const rows = Array.from({ length: 1 + chance(6) }, row)
    const before = Buffer.from('before')
    const chunk = Buffer.concat([before, ...rows, Buffer.from('C...')])
    const end = chunk.length - 4
    const done = { ...maskRowsInPlace(shape, chunk, before.length, end, Infinity) }
    const read = rows.slice(0, done.rows)
    const expected = oneByOne(shape, read)
    let at = done.read
    const left = rows.slice(done.rows).map(({ length }) => chunk.subarray(at, (at += length)))
    const hits = done.hits + oneByOne(shape, left).hits
    const places = [done.read, done.masked, hits, done.written]
    const total = read.reduce((sum, one) => sum + one.length, before.length)
    const same = [
      total,
      expected.masked,
      oneByOne(shape, rows).hits,
      before.length + expected.bytes.length,
    ]
    if (`${places.join()}` !== `${same.join()}`) t.same(places, same)
    if (!chunk.subarray(before.length, done.written).equals(expected.bytes)) t.fail('other bytes')
    if (chunk.subarray(0, before.length).toString() !== 'before') t.fail('wrote before the rows')
    if (chunk.subarray(at).toString() !== 'C...') t.fail('what is left moved')
    together += done.rows
  }
  t.ok(together > 3000, `${together} rows together`)
})

t.test('a mask without room for it ends the run before its row', async (t) => {
  const masks = { ...NO_MASKS, fields: new Map([[0, METHODS[0] as Mask]]) }
  const columns = [{ table: 0, attnum: 0, type: 25, typmod: -1, format: 0 }]
  const shape = maskPlan(masks, columns, KEY, () => false)
  const long = message('D', 1, Buffer.from([0, 0, 0, 6]), Buffer.from('secret'))
  const short = message('D', 1, Buffer.from([0, 0, 0, 1]), Buffer.from('s'))
  const chunk = Buffer.concat([long, short, short])
  const done = { ...maskRowsInPlace(shape, chunk, 0, chunk.length, Infinity) }
  t.match(done, { rows: 1, masked: 1, read: long.length, written: long.length - 2 })
  t.same(chunk.subarray(done.read), Buffer.concat([short, short]), 'the rest is as it was')
})

t.test(
  'no more rows than asked for, none that is not whole, none with other columns',
  async (t) => {
    const masks = { ...NO_MASKS, fields: new Map([[0, METHODS[1] as Mask]]) }
    const columns = [{ table: 0, attnum: 0, type: 25, typmod: -1, format: 0 }]
    const shape = maskPlan(masks, columns, KEY, () => false)
    const one = message('D', 1, Buffer.from([0, 0, 0, 6]), Buffer.from('secret'))
    const two = message('D', 2, Buffer.alloc(8))
    const rows = (parts: readonly Buffer[], end: number, max = Infinity): number => {
      const chunk = Buffer.concat(parts)
      return maskRowsInPlace(shape, chunk, 0, chunk.length + end, max).rows
    }
    t.equal(rows([one, one, one], 0), 3)
    t.equal(rows([one, one, one], 0, 2), 2)
    t.equal(rows([one, one, one], -1), 2)
    t.equal(rows([one, two, one], 0), 1)
    t.equal(rows([one, message('C', 'SELECT 1')], 0), 1)
  },
)

t.test('any bytes are left where they cannot be read', async (t) => {
  const shape = plan()
  for (let round = 0; round < 20_000; round++) {
    const chunk = Buffer.concat([row(), Buffer.from(Array.from({ length: 30 }, () => chance(256)))])
    const at = 5 + chance(chunk.length - 5)
    chunk[at] = chance(256)
    const done = maskRowsInPlace(shape, chunk, 0, chunk.length, Infinity)
    if (done.read > chunk.length || done.written > done.read) t.fail('beyond the end')
  }
})
