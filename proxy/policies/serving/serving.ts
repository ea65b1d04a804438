// Which policies decide. What the source offers is examined step by step and replaces the old policy as a
// whole, between two commands; what is refused changes nothing. People may go back to a bundle that was
// in force before and hold it. One thing at a time, and each of them is told for the record.
import type { BundleStep } from '../../../engine/policy/bundle-problem.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Clock } from '../../clock.js'
import type { Examination } from './activation.js'
import type { Activated } from './history.js'
import { ServedPolicies } from './served-policies.js'
import type { Source } from './source.js'
import type { Pin } from './standing.js'

export type ServingEvent = {
  readonly event: 'activated' | 'refused' | 'pinned' | 'unpinned' | 'rolled_back'
  readonly bundle?: string
  readonly wasm?: string
  readonly revision?: string
  readonly step?: BundleStep
  readonly reason?: string
  // Names of the keys that signed it, where some must.
  readonly signers?: readonly string[]
  // Who asked for it; absent where the source did.
  readonly by?: string
}

export type ServingOptions = Examination & {
  readonly source: Source
  // Where the standing is written down.
  readonly file: string
  // Bytes of a bundle that was kept.
  readonly keptBytes: (digest: string) => Uint8Array | undefined
  // Over the network a bundle that was replaced does not come back by itself.
  readonly olderMayReturn: boolean
  readonly clock: Clock
  readonly onActivated: (policy: Policy) => void
  readonly onEvent: (event: ServingEvent) => void
}

export type Refused = { readonly step: string; readonly reason: string; readonly at_ms: number }

export type ServingStatus = {
  readonly source: string
  readonly kind: Source['kind']
  readonly active: Activated & {
    readonly since_ms: number
    // Of the costliest of the plainest cases.
    readonly fuel: number
    // Names of keys; null where nobody needs to sign.
    readonly signers: readonly string[] | null
  }
  readonly age_ms: number
  // Why the last thing that came was not taken, until something is.
  readonly refused: Refused | null
  readonly pin: Pin | null
  readonly history: readonly Activated[]
}

export type WhyNot = (policy: Policy) => string | undefined

export type Serving = {
  readonly current: () => Policy
  // How long what is in force has not been known to be what the source has: 0 while a folder or file is
  // as it was activated, the time since the last word of a server.
  readonly ageMs: () => number
  readonly status: () => ServingStatus
  // Looks at the source now; true where another policy is in force afterwards. Never rejects.
  readonly reload: () => Promise<boolean>
  // As people ask for it: these reject with a GatewayError that says why it was not done.
  readonly activate: (by: string) => Promise<void>
  // `whyNot` is asked of the bundle that it leads back to.
  readonly rollback: (by: string, reason: string, whyNot?: WhyNot) => Promise<void>
  readonly pin: (by: string, wanted: string, reason: string) => Promise<void>
  readonly unpin: (by: string, reason: string) => Promise<void>
  readonly close: () => void
}

// Rejects where there is no usable policy to begin with.
export async function openServing(options: ServingOptions): Promise<Serving> {
  const { source } = options
  const served = new ServedPolicies(options)
  await served.begin()
  let queue: Promise<unknown> = Promise.resolve()
  const next = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work)
    queue = done.catch(() => undefined)
    return done
  }
  source.follow({
    offered: (offer) => next(() => served.offered(offer, undefined)).then(() => undefined),
    same: () => served.unchanged(),
    failed: (problem, at) => void next(async () => served.failed(problem, at)),
  })
  return {
    current: () => served.current(),
    ageMs: () => served.ageMs(),
    status: () => served.status(),
    reload: () => next(() => served.reload()),
    activate: (by) => next(() => served.activate(by)),
    rollback: (by, reason, whyNot) => next(() => served.rollback(by, reason, whyNot)),
    pin: (by, wanted, reason) => next(() => served.pin(by, wanted, reason)),
    unpin: (by, reason) => next(() => served.unpin(by, reason)),
    close: () => source.close(),
  }
}
