// A proof is believed only for the line, the place, the size and the root that it was made for.
import { createHash } from 'node:crypto'
import t from 'tap'
import { createTree } from '../../../proxy/recording/merkle.js'
import { inclusionRoot, isConsistent } from '../../../proxy/recording/proof-check.js'
import {
  consistencyRanges,
  createNodes,
  inclusionRanges,
} from '../../../proxy/recording/proof-nodes.js'

const SIZES = 48
const leaf = (n: number): Buffer => createHash('sha256').update(`\0${n}`).digest()

function rootOf(size: number): Buffer {
  const tree = createTree()
  for (let n = 0; n < size; n += 1) tree.add(leaf(n).toString('hex'))
  return tree.root()
}
const ROOTS = Array.from({ length: SIZES + 1 }, (_, size) => rootOf(size))
const root = (size: number): Buffer => ROOTS[size] ?? Buffer.alloc(0)

function proof(ranges: ReturnType<typeof inclusionRanges>, size: number): readonly Buffer[] {
  const nodes = createNodes(ranges)
  for (let n = 0; n < size; n += 1) nodes.add(n, leaf(n).toString('hex'))
  return nodes.found() ?? []
}

t.test('every line is proven at its place, and at no other place or size', async (t) => {
  for (let size = 1; size <= SIZES; size += 1) {
    for (let m = 0; m < size; m += 1) {
      const path = proof(inclusionRanges(m, size), size)
      const holds = (seq: number, count: number, nodes: readonly Buffer[]): boolean =>
        inclusionRoot(leaf(m), seq, count, nodes)?.equals(root(size)) === true
      if (!holds(m, size, path)) t.fail(`${m} of ${size}`)
      // A longer proof, a shorter one, another place.
      if (holds(m, size, [...path, leaf(0)])) t.fail(`${m} of ${size}, a node more`)
      if (path.length > 0 && holds(m, size, path.slice(1))) t.fail(`${m} of ${size}, a node less`)
      if (m > 0 && holds(m - 1, size, path)) t.fail(`${m} of ${size} at ${m - 1}`)
      if (m + 1 < size && holds(m + 1, size, path)) t.fail(`${m} of ${size} at ${m + 1}`)
    }
  }
  t.equal(inclusionRoot(leaf(1), 1, 1, []), undefined)
  t.equal(inclusionRoot(leaf(1), -1, 4, []), undefined)
})

t.test('every size extends every smaller one, and no proof shows the contrary', async (t) => {
  const other = leaf(1000)
  for (let size = 1; size <= SIZES; size += 1) {
    for (let m = 1; m <= size; m += 1) {
      const path = proof(consistencyRanges(m, size), size)
      const first = { size: m, root: root(m) }
      const second = { size, root: root(size) }
      if (!isConsistent(first, second, path)) t.fail(`${m} to ${size}`)
      if (isConsistent({ ...first, root: other }, second, path)) t.fail(`${m} to ${size}, other A`)
      if (isConsistent(first, { ...second, root: other }, path)) t.fail(`${m} to ${size}, other B`)
      if (isConsistent(first, second, [...path, other])) t.fail(`${m} to ${size}, a node more`)
      if (m < size && isConsistent(first, second, path.slice(1))) t.fail(`${m} to ${size}, less`)
      if (m < size && isConsistent(second, first, path)) t.fail(`${size} to ${m}`)
    }
  }
  t.equal(isConsistent({ size: 0, root: root(0) }, { size: 3, root: root(3) }, []), true)
  t.equal(isConsistent({ size: 0, root: other }, { size: 3, root: root(3) }, []), false)
})

t.test('the proofs of the reference implementation hold', async (t) => {
  // From the test vectors of Certificate Transparency: eight lines, the path of the sixth, and the proof
  // from six to eight.
  const bytes = (text: string): Buffer => Buffer.from(text, 'hex')
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657']
  const leaves = [...inputs, '606162636465666768696a6b6c6d6e6f'].map((input) =>
    createHash('sha256').update(Buffer.of(0)).update(bytes(input)).digest(),
  )
  const eight = bytes('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
  const six = bytes('76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef')
  const gathered = (ranges: ReturnType<typeof inclusionRanges>): readonly Buffer[] => {
    const nodes = createNodes(ranges)
    for (const [n, hash] of leaves.entries()) nodes.add(n, hash.toString('hex'))
    return nodes.found() ?? []
  }
  const path = [
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ].map(bytes)
  t.same(gathered(inclusionRanges(5, 8)), path)
  t.same(inclusionRoot(leaves[5] ?? six, 5, 8, path), eight)
  const between = [
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ].map(bytes)
  t.same(gathered(consistencyRanges(6, 8)), between)
  t.equal(isConsistent({ size: 6, root: six }, { size: 8, root: eight }, between), true)
})
