// `net.cidr_*`: what OPA leaves to the host of them; containing and intersecting are compiled in.
import { isArray, isObject, isSet, numberOf, order, type RegoValue } from '../rego-value.js'
import { NoAnswer, membersOf, perCharacter, setOf, textOf, type BuiltinEntry } from './builtin.js'
import {
  addressOf,
  addressText,
  contains,
  firstOf,
  isIpv4,
  lastOf,
  networkOf,
  networkText,
  prefixOf,
  type Network,
} from './ip-address.js'

export const CIDR: readonly BuiltinEntry[] = [
  [
    'net.cidr_is_valid',
    { apply: (text) => typeof text === 'string' && networkOf(text) !== undefined },
  ],
  ['net.cidr_contains_matches', { apply: containsMatches, cost: pairs }],
  ['net.cidr_expand', { apply: expand, cost: addresses }],
  ['net.cidr_merge', { apply: merge, cost: perCharacter(200) }],
]

const EXPANDED_MAX = 65_536
const PAIR_COST = 2_000
const ADDRESS_COST = 500

function pairs(texts: readonly string[]): number {
  const [one = '', other = ''] = texts
  return (PAIR_COST * one.length * other.length) / 100
}

function addresses([text = '']: readonly string[]): number {
  const network = networkOf(text.slice(1, -1))
  return network === undefined ? 0 : ADDRESS_COST * 2 ** Math.min(30, 128 - prefixOf(network))
}

function network(text: string): Network {
  const found = networkOf(text)
  if (found === undefined) throw new NoAnswer('no CIDR')
  return found
}

function expand(text: RegoValue = null): RegoValue {
  const found = network(textOf(text))
  const count = 1n << BigInt(128 - prefixOf(found))
  if (count > EXPANDED_MAX) throw new RangeError(`a CIDR holds ${count} addresses`)
  const first = firstOf(found)
  return { set: Array.from({ length: Number(count) }, (_, at) => addressText(first + BigInt(at))) }
}

type Indexed = readonly [cidr: string, index: RegoValue]

function containsMatches(one: RegoValue = null, other: RegoValue = null): RegoValue {
  const left = indexed(one)
  // What nothing is compared with is not looked at.
  const right = left.length === 0 ? [] : indexed(other)
  return setOf(
    left.flatMap(([cidr, index]) =>
      right.flatMap(([inner, position]) =>
        containsText(cidr, inner) ? [[index, position] as const] : [],
      ),
    ),
  )
}

// With what a match is reported by: the text, a place, a member or a key.
function indexed(value: RegoValue): readonly Indexed[] {
  if (typeof value === 'string') return [[value, value]]
  if (isArray(value)) return value.map((one, at) => [first(one), numberOf(at)] as const)
  if (isSet(value)) return [...value.set].sort(order).map((one) => [first(one), one] as const)
  if (isObject(value)) return value.object.map(([key, one]) => [first(one), key] as const)
  return []
}

function first(value: RegoValue): string {
  if (typeof value === 'string') return value
  if (!isArray(value) || value.length === 0) throw new NoAnswer('no text or array')
  return textOf(value[0])
}

function containsText(cidr: string, inner: string): boolean {
  const outer = network(cidr)
  const address = addressOf(inner)
  if (address !== undefined) return contains(outer, address)
  const found = network(inner)
  return contains(outer, firstOf(found)) && contains(outer, lastOf(found))
}

type Range = { readonly first: bigint; readonly last: bigint; readonly network?: Network }

function merge(list: RegoValue = null): RegoValue {
  const networks = membersOf(list).map(generated)
  const ranges: Range[] = networks
    .map((one) => ({ first: firstOf(one), last: lastOf(one), network: one }))
    .sort((a, b) => compare(a.last, b.last) || compare(a.first, b.first))
  for (let at = ranges.length - 1; at > 0; at--) {
    const [before, own] = [ranges[at - 1], ranges[at]]
    if (before === undefined || own === undefined) continue
    const previous = own.first === 0n || own.first === 0xffffn << 32n ? own.first : own.first - 1n
    if (previous > before.last) continue
    const least = before.first < own.first ? before.first : own.first
    ranges.splice(at - 1, 2, { first: least, last: own.last })
  }
  return setOf(
    ranges.flatMap((range) =>
      (range.network === undefined ? covering(range) : [range.network]).map(networkText),
    ),
  )
}

function compare(one: bigint, other: bigint): number {
  return one < other ? -1 : one > other ? 1 : 0
}

// A bare IPv4 address stands for the network of its class.
function generated(value: RegoValue): Network {
  const text = textOf(value)
  const address = addressOf(text)
  if (address === undefined) return network(text)
  if (!isIpv4(address)) throw new NoAnswer('an IPv6 address needs a prefix length')
  const leading = Number((address >> 24n) & 0xffn)
  return { address, ones: leading < 0x80 ? 8 : leading < 0xc0 ? 16 : 24, bits: 32 }
}

// The fewest networks that hold exactly this range.
function covering({ first, last }: Range): readonly Network[] {
  const found: Network[] = []
  const bits = isIpv4(first) && isIpv4(last) ? 32 : 128
  let at = first
  while (at <= last) {
    let size = 0
    while (
      size < bits &&
      at % (1n << BigInt(size + 1)) === 0n &&
      at + (1n << BigInt(size + 1)) - 1n <= last
    ) {
      size++
    }
    found.push({ address: at, ones: bits - size, bits })
    at += 1n << BigInt(size)
  }
  return found
}
