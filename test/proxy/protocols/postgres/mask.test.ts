// Masked fields keep their type in both formats, and nothing of the value but what the mask keeps.
import t from 'tap'
import { NO_MASKS } from '../../../../engine/facts/postgres/exit-masks.js'
import type { Mask } from '../../../../engine/schemas/decision.js'
import { maskPlan, maskRow, roomFor, searchRow } from '../../../../proxy/protocols/postgres/mask.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import { rowValues } from '../../../conformance/wire-client.js'

const KEY = Buffer.alloc(32, 7)

function field(value: Buffer | string | null): Buffer {
  const length = Buffer.alloc(4)
  if (value === null) {
    length.writeInt32BE(-1)
    return length
  }
  const bytes = Buffer.from(value)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function masked(
  mask: Omit<Mask, 'match'>,
  type: number,
  value: Buffer | string | null,
  format = 0,
  typmod = -1,
) {
  const columns = [0, 1].map((n) => ({
    table: 0,
    attnum: 0,
    type: n === 0 ? 23 : type,
    typmod: n === 0 ? -1 : typmod,
    format: n === 0 ? 1 : format,
  }))
  const masks = { ...NO_MASKS, fields: new Map([[1, { match: 'label:x', ...mask }]]) }
  const plan = maskPlan(masks, columns, KEY, () => false)
  const row = message('D', 2, field(Buffer.from([0, 0, 0, 9])), field(value))
  const out = Buffer.alloc(roomFor(plan, row.length))
  const done = maskRow(plan, row, 0, row.length, out, 0)
  if (done === undefined) return undefined
  t.equal(out.readInt32BE(1), done.length - 1)
  const [first, second] = rowValues(out.subarray(5, done.length))
  t.same(first, Buffer.from([0, 0, 0, 9]))
  return second === null ? null : second
}

const text = (value: Buffer | null | undefined): string | null | undefined =>
  value === null || value === undefined ? value : value.toString()

t.test('text becomes asterisks of one length, whatever it was', async (t) => {
  for (const type of [25, 1043, 1042, 19, 705]) {
    for (const value of ['', 'x', '123-45-6789', 'long '.repeat(100)]) {
      t.equal(text(masked({ method: 'redact' }, type, value)), '****')
      t.equal(text(masked({ method: 'redact' }, type, value, 1)), '****')
    }
  }
})

t.test('the end may stay readable, by characters, where more is hidden than shown', async (t) => {
  const partial = (value: string, keep: number): unknown =>
    text(masked({ method: 'partial', keep }, 25, value))
  t.equal(partial('123-45-6789', 4), '****6789')
  t.equal(partial('1234', 4), '****')
  t.equal(partial('1234567', 4), '****')
  t.equal(partial('12345678', 4), '****5678')
  t.equal(partial('häßlichéé', 2), '****éé')
  t.equal(partial('abc', 0), '****')
})

t.test('other types become NULL, since asterisks would be no value of theirs', async (t) => {
  for (const type of [16, 20, 23, 700, 1700, 1082, 1184, 2950, 114, 3802, 1009, 142, 600]) {
    for (const method of ['redact', 'partial', 'null', 'constant', 'hash', 'token'] as const) {
      t.equal(masked({ method, value: 'x' }, type, Buffer.alloc(8), 1), null)
    }
  }
})

t.test('NULL stays NULL under every mask', async (t) => {
  for (const method of ['redact', 'partial', 'null', 'constant', 'hash', 'token'] as const) {
    t.equal(masked({ method, value: 'x' }, 25, null), null)
  }
})

t.test('hashes join and tokens are recognised, both keyed and apart', async (t) => {
  const hash = text(masked({ method: 'hash' }, 25, 'a'))
  t.match(hash, /^h_[0-9a-f]{32}$/)
  t.equal(text(masked({ method: 'hash' }, 1043, 'a', 1)), hash)
  t.not(text(masked({ method: 'hash' }, 25, 'b')), hash)
  const token = text(masked({ method: 'token' }, 25, 'a'))
  t.match(token, /^tok_[0-9a-f]{24}$/)
  t.notMatch(token, String(hash).slice(2, 12))
})

t.test('bytea keeps its form', async (t) => {
  t.equal(text(masked({ method: 'redact' }, 17, '\\x0102')), '\\x2a2a2a2a')
  t.equal(text(masked({ method: 'redact' }, 17, Buffer.from([1, 2]), 1)), '****')
  const hex = text(masked({ method: 'hash' }, 17, '\\x0102'))
  const raw = masked({ method: 'hash' }, 17, Buffer.from([1, 2]), 1)
  t.equal(hex, `\\x${raw?.toString('hex')}`)
})

t.test('masked words are cut and filled up as the target would store them', async (t) => {
  const shown = (type: number, length: number, mask: Omit<Mask, 'match'>) =>
    text(masked(mask, type, 'a', 0, length + 4))
  t.equal(shown(1042, 8, { method: 'redact' }), '****    ')
  t.equal(shown(1042, 2, { method: 'redact' }), '**')
  t.equal(shown(1043, 3, { method: 'redact' }), '***')
  t.equal(shown(1043, 40, { method: 'redact' }), '****')
  t.equal(shown(1042, 3, { method: 'constant', value: 'é' }), 'é  ')
  t.equal(text(masked({ method: 'redact' }, 1042, 'a')), '****', 'of no declared length')
})

t.test('a constant is what the policy says', async (t) => {
  t.equal(text(masked({ method: 'constant', value: 'hidden' }, 25, 'a')), 'hidden')
})

t.test('a row that does not fit its description is not passed', async (t) => {
  const plan = maskPlan(
    { ...NO_MASKS, fields: new Map([[0, { match: 'label:x', method: 'redact' }]]) },
    [{ table: 0, attnum: 0, type: 25, typmod: -1, format: 0 }],
    KEY,
    () => false,
  )
  const out = Buffer.alloc(10_000)
  for (const row of [
    message('D', 2, field('a'), field('b')),
    message('D', 1),
    message('D', 1, Buffer.from([0, 0, 0, 200]), Buffer.from('a')),
    message('D', 1, Buffer.from([0xff, 0, 0, 0])),
    message('D', 1, field('a'), Buffer.from('more')),
  ]) {
    t.equal(maskRow(plan, row, 0, row.length, out, 0), undefined)
    t.equal(searchRow(plan, row, 0, row.length), undefined)
  }
})

t.test('patterns are looked for in text, not in binary numbers', async (t) => {
  const masks = {
    ...NO_MASKS,
    patterns: [{ pattern: 'ssn', mask: { match: 'pattern:ssn', method: 'redact' } }] as const,
  }
  const columns = [25, 20].map((type) => ({ table: 0, attnum: 0, type, typmod: -1, format: 1 }))
  const plan = maskPlan(masks, columns, KEY, () => false)
  const row = message('D', 2, field('see 123-45-6789.'), field('123-45-6789'))
  t.equal(searchRow(plan, row, 0, row.length), 1)
  t.same(rowValues(row.subarray(5)).map(text), ['see ***********.', '123-45-6789'])
})

t.test('the fraction of a number is no card number, its whole part may be', async (t) => {
  const masks = {
    ...NO_MASKS,
    patterns: [{ pattern: 'card', mask: { match: 'pattern:card', method: 'redact' } }] as const,
  }
  const columns = [1700, 701, 25].map((type) => ({
    table: 0,
    attnum: 0,
    type,
    typmod: -1,
    format: 0,
  }))
  const plan = maskPlan(masks, columns, KEY, () => false)
  const row = message(
    'D',
    3,
    field('42.4242424242424242'),
    field('4242424242424242.5'),
    field('v1.4242424242424242'),
  )
  t.equal(searchRow(plan, row, 0, row.length), 2)
  t.same(rowValues(row.subarray(5)).map(text), [
    '42.4242424242424242',
    `${'*'.repeat(16)}.5`,
    `v1.${'*'.repeat(16)}`,
  ])
})
