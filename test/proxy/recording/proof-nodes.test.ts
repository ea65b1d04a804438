// Proofs are those that RFC 6962 defines, for every line and every pair of sizes, and take one walk.
import { createHash } from 'node:crypto'
import t from 'tap'
import {
  consistencyRanges,
  createNodes,
  inclusionRanges,
} from '../../../proxy/recording/proof-nodes.js'
import type { Range } from '../../../proxy/recording/proof-nodes.js'

const SIZES = 48

const sha = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
const leaf = (n: number): Buffer => sha(Buffer.of(0), Buffer.from(String(n)))

const power = (n: number): number => {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

// RFC 6962 §2.1, §2.1.1 and §2.1.2, word for word.
function rootOf(d: readonly Buffer[]): Buffer {
  if (d.length <= 1) return d[0] ?? sha()
  const k = power(d.length)
  return sha(Buffer.of(1), rootOf(d.slice(0, k)), rootOf(d.slice(k)))
}

function path(m: number, d: readonly Buffer[]): Buffer[] {
  if (d.length <= 1) return []
  const k = power(d.length)
  return m < k
    ? [...path(m, d.slice(0, k)), rootOf(d.slice(k))]
    : [...path(m - k, d.slice(k)), rootOf(d.slice(0, k))]
}

function subproof(m: number, d: readonly Buffer[], whole: boolean): Buffer[] {
  if (m === d.length) return whole ? [] : [rootOf(d)]
  const k = power(d.length)
  return m <= k
    ? [...subproof(m, d.slice(0, k), whole), rootOf(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), rootOf(d.slice(0, k))]
}

function gathered(ranges: readonly Range[], size: number): readonly Buffer[] | undefined {
  const nodes = createNodes(ranges)
  for (let n = 0; n < size; n += 1) nodes.add(n, leaf(n).toString('hex'))
  return nodes.found()
}

const hex = (nodes: readonly Buffer[] | undefined): string =>
  nodes === undefined ? 'none' : nodes.map((node) => node.toString('hex')).join()

t.test(`the path of every line of up to ${SIZES} is the one the RFC defines`, async (t) => {
  const leaves = Array.from({ length: SIZES }, (_, n) => leaf(n))
  for (let size = 1; size <= SIZES; size += 1) {
    for (let m = 0; m < size; m += 1) {
      const found = gathered(inclusionRanges(m, size), size)
      if (hex(found) !== hex(path(m, leaves.slice(0, size)))) t.fail(`line ${m} of ${size}`)
    }
  }
  t.pass()
})

t.test(`the proof between any two sizes up to ${SIZES} is the one the RFC defines`, async (t) => {
  const leaves = Array.from({ length: SIZES }, (_, n) => leaf(n))
  for (let size = 1; size <= SIZES; size += 1) {
    for (let m = 1; m <= size; m += 1) {
      const found = gathered(consistencyRanges(m, size), size)
      if (hex(found) !== hex(subproof(m, leaves.slice(0, size), true))) t.fail(`${m} to ${size}`)
    }
  }
  t.pass()
})

t.test('what cannot be proven has no ranges, and missing lines no nodes', async (t) => {
  t.same(inclusionRanges(5, 5), [])
  t.same(inclusionRanges(-1, 5), [])
  t.same(inclusionRanges(Number.NaN, 5), [])
  t.same(consistencyRanges(0, 5), [])
  t.same(consistencyRanges(6, 5), [])
  t.equal(gathered(inclusionRanges(1, 8), 7), undefined)
})

t.test('sizes beyond 32 bits are split where they should be', async (t) => {
  const [first, ...rest] = inclusionRanges(0, 2 ** 40 + 1)
  t.same(first, { start: 1, end: 2 })
  t.same(rest.at(-1), { start: 2 ** 40, end: 2 ** 40 + 1 })
  t.equal(rest.length, 40)
})
