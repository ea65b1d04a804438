// What masks look like is told from what values look like, in both formats of a Bind; any bytes are taken.
import t from 'tap'
import { maskShape, maskShapeOf } from '../../../../engine/facts/postgres/mask-shape.js'

t.test('what masks leave is seen as one', async (t) => {
  const masks = {
    asterisks: ['****', '*', '**', '****      ', '****1111', 'an****', '\\x2a2a2a2a', '****\n'],
    token: ['tok_0123456789abcdef01234567', 'tok_0123'],
    hash: ['h_0123456789abcdef0123456789abcdef', 'h_012345'],
    within: [
      '{"mail": "****", "n": 1}',
      'call **** before nine, it is about the card that ends in 1111, and not the other one',
      'is tok_0123456789abcdef01234567 known to anybody who reads this, or has it been taken away',
    ],
  }
  for (const [shape, texts] of Object.entries(masks)) {
    for (const text of texts) t.equal(maskShape(text), shape, text)
  }
})

t.test('what people write is not', async (t) => {
  for (const text of [
    '',
    '900-11-2003',
    'ann@mail.example',
    'h_and_m',
    'tok_yo',
    'a * b',
    '***-**-2003',
    '2 ** 3',
    '\\x2a',
    'h_0123456789abcdef0123456789abcdef0',
    '{"mail": "a@b.example"}',
  ]) {
    t.equal(maskShape(text), undefined, text)
  }
})

t.test('a value of Bind is looked at in either format, and never trips', async (t) => {
  t.equal(maskShapeOf(Buffer.from('****')), 'asterisks')
  t.equal(maskShapeOf(Buffer.from('\u0001{"a": "****"}')), 'within', 'jsonb has a version in front')
  t.equal(maskShapeOf(Buffer.alloc(0)), undefined)
  t.equal(maskShapeOf(Buffer.alloc(3 << 20, '*')), undefined, 'too long to be a mask')
  let seed = 7
  const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648)
  for (let round = 0; round < 20_000; round += 1) {
    const bytes = Uint8Array.from({ length: next() % 80 }, () => {
      const kind = next() % 4
      return kind === 0 ? 42 : kind === 1 ? 48 + (next() % 60) : next() % 256
    })
    const shape = maskShapeOf(bytes)
    if (shape === undefined && Buffer.from(bytes).toString('latin1').includes('****')) {
      t.fail(`asterisks in ${Buffer.from(bytes).toString('hex')} were not seen`)
    }
  }
})
