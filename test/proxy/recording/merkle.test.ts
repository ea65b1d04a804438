// The tree is the one of RFC 6962, at every size, and can be taken up again from its peaks.
import { createHash } from 'node:crypto'
import t from 'tap'
import { createTree } from '../../../proxy/recording/merkle.js'

const sha = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

// RFC 6962 §2.1, word for word.
function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha()
  if (leaves.length === 1) return leaves[0] ?? sha()
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return sha(Buffer.of(1), rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)))
}

const leaf = (n: number): Buffer => sha(Buffer.of(0), Buffer.from(String(n)))

t.test('every root up to 300 lines is the one the RFC defines', async (t) => {
  const tree = createTree()
  const leaves: Buffer[] = []
  for (let n = 0; n <= 300; n += 1) {
    if (!tree.root().equals(rootOf(leaves))) t.fail(`root of ${n}`)
    leaves.push(leaf(n))
    tree.add(leaf(n).toString('hex'))
  }
  t.equal(tree.size(), 301)
})

t.test('the known roots of the reference implementation', async (t) => {
  // From the test vectors of Certificate Transparency.
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657']
  const tree = createTree()
  t.equal(
    tree.root().toString('hex'),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
  for (const input of inputs) {
    tree.add(sha(Buffer.of(0), Buffer.from(input, 'hex')).toString('hex'))
  }
  t.equal(
    tree.root().toString('hex'),
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  )
})

t.test('a tree goes on from its peaks as if it had never stopped', async (t) => {
  for (const stop of [0, 1, 2, 3, 7, 64, 100]) {
    const whole = createTree()
    for (let n = 0; n < stop; n += 1) whole.add(leaf(n).toString('hex'))
    const again = createTree(stop, whole.peaks())
    for (let n = stop; n < 150; n += 1) {
      whole.add(leaf(n).toString('hex'))
      again.add(leaf(n).toString('hex'))
    }
    t.same(again.root(), whole.root())
  }
})

t.test('peaks that do not fit a size are refused', async (t) => {
  t.throws(() => createTree(3, ['00']))
  t.throws(() => createTree(0, ['00']))
})

t.test('sizes beyond 32 bits count on', async (t) => {
  const size = 2 ** 40 + 1
  const tree = createTree(size, ['aa'.repeat(32), 'bb'.repeat(32)])
  tree.add('cc'.repeat(32))
  t.equal(tree.size(), size + 1)
  t.equal(tree.peaks().length, 2)
})
