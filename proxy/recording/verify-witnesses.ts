// How much of a record witnesses stand for: the largest checkpoint that as many of them signed as are asked
// for. That it fits the lines is checked with all other checkpoints.
import { cosignedBy } from './cosignature.js'
import type { Cosigned, Cosigner } from './cosignature.js'
import type { Check } from './verify-checkpoints.js'

export type WitnessTrust = { readonly cosigners: readonly Cosigner[]; readonly quorum: number }

export type Witnessed = {
  // So many lines, from the first.
  readonly lines: number
  readonly by: readonly Cosigned[]
  readonly wrong?: string
}

// `checks`: smallest first, signed by the record.
export function witnessedBy(checks: readonly Check[], trust: WitnessTrust): Witnessed {
  const { cosigners, quorum } = trust
  for (const { note } of checks.toReversed()) {
    const by = cosignedBy(note, cosigners)
    if (by.length >= quorum) return { lines: note.checkpoint.size, by }
  }
  const wrong = `no checkpoint is signed by ${quorum} of the ${cosigners.length} witnesses named`
  return { lines: 0, by: [], wrong }
}
