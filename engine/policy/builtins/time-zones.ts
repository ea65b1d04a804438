// Named time zones, from a table of pinned version (moment-timezone's packed IANA data, changes written out
// beyond the last nanosecond of 64 bits), never the machine's: a decision must come out the same everywhere.
import { createRequire } from 'node:module'
import { NoAnswer } from './builtin.js'

export type Zone = {
  readonly offsetAt: (second: number) => Offset
}
// Seconds east of UTC, what that is called, and from and until when it holds.
export type Offset = {
  readonly seconds: number
  readonly name: string
  readonly from: number
  readonly until: number
}

export const UTC: Zone = {
  offsetAt: () => ({ seconds: 0, name: 'UTC', from: -Infinity, until: Infinity }),
}

type Packed = { readonly zones: readonly string[]; readonly links: readonly string[] }

const known = new Map<string, Zone>()
let packed: ReadonlyMap<string, string> | undefined

export function zoneOf(name: string): Zone {
  if (name === '' || name === 'UTC') return UTC
  if (name === 'Local') throw new RangeError('the local time zone differs from machine to machine')
  const kept = known.get(name)
  if (kept !== undefined) return kept
  const text = table().get(name)
  if (text === undefined) throw new NoAnswer('no such time zone')
  const zone = unpacked(text)
  known.set(name, zone)
  return zone
}

function table(): ReadonlyMap<string, string> {
  if (packed !== undefined) return packed
  const data = createRequire(import.meta.url)('moment-timezone/data/packed/latest.json') as Packed
  const zones = new Map(data.zones.map((text) => [text.slice(0, text.indexOf('|')), text]))
  for (const link of data.links) {
    const [name = '', alias = ''] = link.split('|')
    const text = zones.get(name)
    if (text !== undefined) zones.set(alias, text)
  }
  packed = zones
  return zones
}

// `name|abbreviations|offsets|indices|differences|population`: minutes west and between changes, to base 60.
function unpacked(text: string): Zone {
  const [, names = '', offsets = '', indices = '', differences = ''] = text.split('|')
  const kinds = names
    .split(' ')
    .map((name, at) => ({ name, seconds: -Math.round(base60(offsets.split(' ')[at] ?? '0') * 60) }))
  let minute = 0
  const untils = differences
    .split(' ')
    .filter((one) => one !== '')
    .map((one) => (minute += base60(one)) * 60)
    .map(Math.round)
  const order = [...indices].map((one) => kinds[base60(one)] ?? { name: 'UTC', seconds: 0 })
  return {
    offsetAt: (second) => {
      const found = untils.findIndex((until) => second < until)
      const at = found < 0 ? untils.length : found
      const kind = order[at] ?? order.at(-1) ?? { name: 'UTC', seconds: 0 }
      return { ...kind, from: untils[at - 1] ?? -Infinity, until: untils[at] ?? Infinity }
    },
  }
}

function base60(text: string): number {
  const negative = text.startsWith('-')
  const [whole = '', part = ''] = text.replace('-', '').split('.')
  let value = 0
  for (const character of whole) value = value * 60 + digit(character)
  let scale = 1
  for (const character of part) value += digit(character) * (scale /= 60)
  return negative ? -value : value
}

function digit(character: string): number {
  const code = character.charCodeAt(0)
  if (code > 96) return code - 87
  return code > 64 ? code - 29 : code - 48
}
