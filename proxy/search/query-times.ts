// Times as people write them in a question: a day, an instant, milliseconds, or how long ago. Days and instants
// without a zone are UTC, as the record is.
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/
const INSTANT = /^(\d{4}-\d{2}-\d{2})[tT](\d{2}:\d{2})(:\d{2}(?:\.\d{1,3})?)?(z|[+-]\d{2}:\d{2})?$/i
const MILLISECONDS = /^\d{11,15}$/
const AGO = /^(\d{1,5})(m|h|d|w)$/

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

export function instantOf(text: string, nowMs: number): number | undefined {
  if (MILLISECONDS.test(text)) return Number(text)
  const [, count, unit] = AGO.exec(text) ?? []
  if (count !== undefined && (unit === 'm' || unit === 'h' || unit === 'd' || unit === 'w')) {
    return nowMs - Number(count) * UNITS_MS[unit]
  }
  if (DAY.test(text)) return dayOf(text)
  const [, day = '', minute, seconds = ':00', zone = 'Z'] = INSTANT.exec(text) ?? []
  if (minute === undefined || dayOf(day) === undefined) return undefined
  const found = Date.parse(`${day}T${minute}${seconds}${zone.toUpperCase()}`)
  return Number.isNaN(found) ? undefined : found
}

// 2026-02-30 is no day, though JavaScript would make one of it.
function dayOf(text: string): number | undefined {
  const found = Date.parse(`${text}T00:00:00Z`)
  if (Number.isNaN(found)) return undefined
  return new Date(found).toISOString().startsWith(text) ? found : undefined
}
