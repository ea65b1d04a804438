// Go's time.ParseDuration, with OPA's days, weeks and years.
import { NoAnswer } from './builtin.js'

const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}
const UNIT_HOURS: Readonly<Record<string, number>> = { d: 24, w: 7 * 24, y: 365 * 24 }

export function durationNs(text: string): bigint {
  const [, sign = '', rest = ''] = /^([-+]?)(.*)$/s.exec(text) ?? []
  if (rest === '0') return 0n
  const segment = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h|d|w|y)/gy
  let total = 0n
  let at = 0
  while (at < rest.length) {
    const found = segment.exec(rest)
    if (found === null) throw new NoAnswer('no duration')
    total += segmentNs(found[1] ?? '', found[2] ?? '', found[3] ?? '')
    at = segment.lastIndex
  }
  if (at === 0) throw new NoAnswer('no duration')
  return sign === '-' ? -total : total
}

function segmentNs(digits: string, fraction: string, unit: string): bigint {
  if (digits === '' && fraction === '') throw new NoAnswer('no duration')
  const hours = UNIT_HOURS[unit]
  if (hours !== undefined) {
    const [whole = '', part = ''] = String(Number(`${digits}.${fraction}0`) * hours).split('.')
    if (!/^\d+$/.test(whole)) throw new NoAnswer('no duration')
    return segmentNs(whole, part, 'h')
  }
  const size = UNIT_NS[unit]
  if (size === undefined) throw new NoAnswer('no duration')
  const part = fraction === '' ? 0 : Math.trunc(Number(fraction) * (size / 10 ** fraction.length))
  return BigInt(digits === '' ? 0 : digits) * BigInt(size) + BigInt(part)
}
