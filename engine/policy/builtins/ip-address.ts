// IP addresses and networks as Go's `net` reads and writes them: strict, with IPv4 as what IPv6 maps it to.

export type Address = { readonly value: bigint }
// The address as written, not masked; `ones` of `bits`.
export type Network = { readonly address: bigint; readonly ones: number; readonly bits: 32 | 128 }

const MAPPED = 0xffffn << 32n
const ALL = (1n << 128n) - 1n

export function isIpv4(address: bigint): boolean {
  return address >> 32n === 0xffffn
}

// IPv4 comes back as IPv6 maps it.
export function addressOf(text: string): bigint | undefined {
  const first = /[.:%]/.exec(text)?.[0]
  if (first === '.') {
    const found = ipv4(text)
    return found === undefined ? undefined : MAPPED | found
  }
  return first === ':' ? ipv6(text) : undefined
}

function ipv4(text: string): bigint | undefined {
  const fields = text.split('.')
  if (fields.length !== 4) return undefined
  let value = 0n
  for (const field of fields) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(field) || Number(field) > 255) return undefined
    value = (value << 8n) | BigInt(field)
  }
  return value
}

function ipv6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half, at) => groupsOf(half, at === halves.length - 1))
  const [head, tail] = groups
  if (head === undefined || (halves.length === 2 && tail === undefined)) return undefined
  if (tail === undefined) return head.length === 8 ? joined(head) : undefined
  const missing = 8 - head.length - tail.length
  if (missing < 1) return undefined
  return joined([...head, ...Array.from({ length: missing }, () => 0n), ...tail])
}

function groupsOf(text: string, last: boolean): readonly bigint[] | undefined {
  if (text === '') return []
  const groups: bigint[] = []
  const fields = text.split(':')
  for (const [at, field] of fields.entries()) {
    if (last && at === fields.length - 1 && field.includes('.')) {
      const embedded = ipv4(field)
      if (embedded === undefined) return undefined
      groups.push(embedded >> 16n, embedded & 0xffffn)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(field)) {
      groups.push(BigInt(`0x${field}`))
    } else {
      return undefined
    }
  }
  return groups
}

function joined(groups: readonly bigint[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | group, 0n)
}

export function networkOf(text: string): Network | undefined {
  const [, address = '', prefix = ''] = /^([^/]*)\/(\d{1,8})$/.exec(text) ?? []
  const found = addressOf(address)
  if (found === undefined) return undefined
  const bits = address.includes(':') ? 128 : 32
  const ones = Number(prefix)
  if (ones > bits) return undefined
  return { address: masked(found, ones + 128 - bits), ones, bits }
}

export function masked(address: bigint, ones: number): bigint {
  return address & (ALL ^ ((1n << BigInt(128 - ones)) - 1n))
}

// How many leading bits of 128 a network fixes.
export function prefixOf({ ones, bits }: Network): number {
  return ones + 128 - bits
}

export function firstOf(network: Network): bigint {
  return masked(network.address, prefixOf(network))
}

export function lastOf(network: Network): bigint {
  return firstOf(network) | ((1n << BigInt(128 - prefixOf(network))) - 1n)
}

// As Go's: never across the families.
export function contains(network: Network, address: bigint): boolean {
  if (isIpv4(firstOf(network)) !== isIpv4(address)) return false
  return masked(address, prefixOf(network)) === firstOf(network)
}

export function addressText(address: bigint): string {
  if (isIpv4(address)) {
    return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 0xffn)).join('.')
  }
  const groups = Array.from({ length: 8 }, (_, at) => (address >> BigInt(112 - 16 * at)) & 0xffffn)
  const run = longestRun(groups)
  const text = (some: readonly bigint[]): string => some.map((one) => one.toString(16)).join(':')
  if (run.length < 2) return text(groups)
  return `${text(groups.slice(0, run.at))}::${text(groups.slice(run.at + run.length))}`
}

function longestRun(groups: readonly bigint[]): { readonly at: number; readonly length: number } {
  let best = { at: 0, length: 0 }
  let at = 0
  while (at < groups.length) {
    let end = at
    while (groups[end] === 0n) end++
    if (end - at > best.length) best = { at, length: end - at }
    at = Math.max(end, at + 1)
  }
  return best
}

export function networkText({ address, ones, bits }: Network): string {
  const length = bits === 128 && isIpv4(address) ? Math.max(0, ones - 96) : ones
  return `${addressText(address)}/${length}`
}
