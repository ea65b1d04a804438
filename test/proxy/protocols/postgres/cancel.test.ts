// The keys that clients cancel with.
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { createCancels } from '../../../../proxy/protocols/postgres/cancel.js'

t.test('a request with the key reaches its session, and no other', async (t) => {
  const cancels = createCancels(randomBytes)
  const seen: string[] = []
  const one = cancels.issue('3.0', () => seen.push('one'))
  const other = cancels.issue('3.2', () => seen.push('other'))
  t.equal(one.key.length, 4)
  t.equal(other.key.length, 32)
  t.ok(cancels.request(one.processId, one.key))
  t.notOk(cancels.request(one.processId, other.key))
  t.notOk(cancels.request(other.processId, other.key.subarray(0, 4)))
  t.notOk(cancels.request(other.processId, Buffer.alloc(32)))
  t.notOk(cancels.request(0, one.key))
  t.same(seen, ['one'])
})

t.test('a key is worth nothing once its session is over', async (t) => {
  const cancels = createCancels(randomBytes)
  const key = cancels.issue('3.0', () => t.fail('cancelled after its end'))
  cancels.revoke(key)
  t.notOk(cancels.request(key.processId, key.key))
})
