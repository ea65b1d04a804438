// The keys that clients cancel with (55.2.7) are our own: the target's never leave. A request with a
// wrong key is dropped without an answer, as PostgreSQL does it.
import { timingSafeEqual } from 'node:crypto'
import type { Protocol } from './startup.js'

export type CancelKey = { readonly processId: number; readonly key: Buffer }

export type Cancels = {
  // `cancelled` is called for each request that bears the key.
  readonly issue: (protocol: Protocol, cancelled: () => void) => CancelKey
  readonly revoke: (key: CancelKey) => void
  // True where the key was right.
  readonly request: (processId: number, key: Buffer) => boolean
}

const KEY_BYTES: Readonly<Record<Protocol, number>> = { '3.0': 4, '3.2': 32 }

export function createCancels(randomBytes: (count: number) => Buffer): Cancels {
  const issued = new Map<number, { key: Buffer; cancelled: () => void }>()
  const freeProcessId = (): number => {
    for (;;) {
      // Positive and never 0, as the process ids of a server are.
      const id = (randomBytes(4).readUInt32BE() >>> 1) | 1
      if (!issued.has(id)) return id
    }
  }
  return {
    issue: (protocol, cancelled) => {
      const processId = freeProcessId()
      const key = randomBytes(KEY_BYTES[protocol])
      issued.set(processId, { key, cancelled })
      return { processId, key }
    },
    revoke: ({ processId }) => void issued.delete(processId),
    request: (processId, key) => {
      const found = issued.get(processId)
      if (found === undefined || found.key.length !== key.length) return false
      if (!timingSafeEqual(found.key, key)) return false
      found.cancelled()
      return true
    },
  }
}
