// A Bind message is read to its last byte, or not at all.
import t from 'tap'
import { bindOf } from '../../../../proxy/protocols/postgres/bind-message.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'

t.test('values, NULL and formats are read as they stand', async (t) => {
  const bytes = message(
    'B',
    'p',
    's',
    1,
    1,
    2,
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 2, 0x61, 0x62]),
    2,
    0,
    1,
  )
  t.same(bindOf(bytes, 0, bytes.length), {
    portal: 'p',
    statement: 's',
    values: [null, Buffer.from('ab')],
    valueFormats: [1],
    formats: [0, 1],
  })
})

t.test('lengths that do not add up are refused', async (t) => {
  const good = message('B', '', '', 0, 1, Buffer.from([0, 0, 0, 1, 0x61]), 0)
  for (let cut = 5; cut < good.length; cut++) {
    t.equal(bindOf(good.subarray(0, cut), 0, cut), undefined)
  }
  const longer = Buffer.concat([good, Buffer.of(0)])
  t.equal(bindOf(longer, 0, longer.length), undefined)
  for (const length of [
    [0x7f, 0xff, 0xff, 0xff],
    [0x80, 0, 0, 0],
    [0xff, 0xff, 0xff, 0xfe],
  ]) {
    const bad = message('B', '', '', 0, 1, Buffer.from(length), Buffer.from('a'), 0)
    t.equal(bindOf(bad, 0, bad.length), undefined)
  }
})
