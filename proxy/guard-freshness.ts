// Whether the policies may still decide: the source that they come from may not have been heard of for
// long, and what is in force here may have been replaced elsewhere.
import type { Refusal } from './guard.js'

// `stale` is for the rules to know; once `expired` nothing runs.
export type Freshness = 'fresh' | 'stale' | 'expired'

export type Aged = { readonly freshness?: () => Freshness }

export function expired({ freshness }: Aged): Refusal | undefined {
  return freshness?.() === 'expired' ? EXPIRED : undefined
}

export function isStale({ freshness }: Aged): boolean {
  return freshness !== undefined && freshness() !== 'fresh'
}

const EXPIRED: Refusal = {
  why: 'unavailable',
  rule: 'sallyport/policy-expired',
  message: 'the policies of the gateway are older than allowed, so this was not run',
  hint: 'try again later; if it stays so, tell the operators of the gateway',
}
