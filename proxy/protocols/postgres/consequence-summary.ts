// One line of what was found out about a held command, for messages that have room for no more.
import type { Consequence } from '../../../engine/schemas/consequence.js'

const STRONG = new Set(['SHARE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE'])
const LISTED = 3

export function summaryOf(found: Omit<Consequence, 'summary'>): string {
  const { count, estimate, cascades, locks, sizes, notes } = found
  const parts: string[] = []
  if (count !== undefined) parts.push(`${rows(count)}, counted`)
  else if (estimate !== undefined) parts.push(`about ${rows(estimate)}`)
  const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0)
  if (sizes.length > 0) parts.push(`${size(bytes)} go away`)
  if (cascades.length > 0) {
    const named = cascades.slice(0, LISTED).map(({ table, action }) => `${action} ${table}`)
    const more = cascades.length > LISTED ? ` and ${cascades.length - LISTED} more` : ''
    parts.push(`also ${named.join(', ')}${more}`)
  }
  const strong = locks.find(({ mode }) => STRONG.has(mode))
  if (strong !== undefined) parts.push(`locks ${strong.object} (${strong.mode})`)
  if (parts.length === 0) return notes[0] ?? 'nothing was found out beforehand'
  return parts.join('; ')
}

function rows(value: number): string {
  return `${value.toLocaleString('en-US')} ${value === 1 ? 'row' : 'rows'}`
}

function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`
}
