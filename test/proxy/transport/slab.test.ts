// The memory that readers share: who gets which when a write keeps what it was given.
import t from 'tap'
import {
  consume,
  giveUp,
  isSlab,
  joinShared,
  leaveShared,
  lent,
  type SlabReader,
} from '../../../proxy/transport/slab.js'

type Reader = SlabReader & { slab: Buffer }

function reader(): Reader {
  const one: Reader = {
    slab: Buffer.alloc(0),
    readInto: (slab) => {
      one.slab = slab
    },
  }
  joinShared(one)
  return one
}

t.test('readers share one piece of memory until a write keeps it', async (t) => {
  const [a, b] = [reader(), reader()]
  t.equal(a.slab.buffer, b.slab.buffer)
  t.ok(isSlab(a.slab.subarray(3, 9)))
  t.notOk(isSlab(Buffer.alloc(9)))
  const kept = a.slab.subarray(0, 100)
  consume(a, () => giveUp(kept))
  t.not(b.slab.buffer, kept.buffer, 'the others got a new one')
  t.not(a.slab.buffer, kept.buffer, 'so did the one whose bytes are kept')
  t.not(a.slab.buffer, b.slab.buffer, 'which has its own from now on')
  t.ok(a.slab.length > b.slab.length, 'and a larger one')
  const again = a.slab.subarray(5, 6)
  const shared = b.slab.buffer
  consume(a, () => giveUp(again))
  t.not(a.slab.buffer, again.buffer, 'its own is given up in the same way')
  t.equal(b.slab.buffer, shared, 'without troubling the others')
})

t.test('a reader that left is not handed anything', async (t) => {
  const [a, b] = [reader(), reader()]
  const before = b.slab.buffer
  leaveShared(b)
  consume(a, () => giveUp(a.slab.subarray(0, 1)))
  t.equal(b.slab.buffer, before)
  t.not(reader().slab.buffer, before)
})

t.test('what is thrown while a chunk is consumed does not stay with the next', async (t) => {
  const [a, b] = [reader(), reader()]
  t.throws(() =>
    consume(a, () => {
      throw new Error('x')
    }),
  )
  const kept = b.slab.subarray(0, 1)
  giveUp(kept)
  t.equal(a.slab.buffer, b.slab.buffer, 'nobody consumes: all go on sharing')
  t.not(a.slab.buffer, kept.buffer)
})

t.test(
  'a copy to be written lies in memory of its own, and not in the next one’s once it is kept',
  async (t) => {
    const one = lent(Buffer.from('first'))
    t.ok(isSlab(one))
    t.equal(lent(Buffer.from('second')).buffer, one.buffer, 'used again while nothing keeps it')
    const kept = lent(Buffer.from('kept'))
    giveUp(kept)
    t.not(lent(Buffer.from('later')).buffer, kept.buffer)
    t.equal(Buffer.from(kept).toString(), 'kept')
    const long = Buffer.alloc(100_000, 1)
    t.same(lent(long), long)
    t.not(lent(long).buffer, long.buffer)
  },
)
