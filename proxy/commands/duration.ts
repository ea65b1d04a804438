// A length of time as people type it: 90s, 30m, 8h, 2d.
import { GatewayError } from '../errors.js'

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

export function durationMs(typed: string, option: string): number {
  const [, count, unit = ''] = /^([1-9][0-9]{0,5})([smhd])$/.exec(typed) ?? []
  const ms = UNITS[unit]
  if (count === undefined || ms === undefined) {
    throw new GatewayError('usage', `${option} wants a time such as 90s, 30m, 8h or 2d`)
  }
  return Number(count) * ms
}

export function shownDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms <= 0) return '0 s'
  const seconds = Math.round(ms / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800
    ? `${Math.round(seconds / 3_600)} h`
    : `${Math.round(seconds / 86_400)} d`
}
