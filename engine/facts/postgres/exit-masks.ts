// Which result fields the gateway itself must mask before they leave, given the reading of a
// statement and the masks of its decision; or why that is not possible.
import type { Mask } from '../../schemas/decision.js'

export type Pattern = 'ssn' | 'card' | 'email' | 'iban'

export type ExitMasks = {
  // Zero-based result column → mask. Empty where nothing is masked.
  readonly fields: ReadonlyMap<number, Mask>
  // Values to look for in every text that leaves (rows, copies, errors, notices).
  readonly patterns: readonly { readonly pattern: Pattern; readonly mask: Mask }[]
  // Error details of the target are withheld: they may quote protected values.
  readonly quietErrors: boolean
}

export const NO_MASKS: ExitMasks = { fields: new Map(), patterns: [], quietErrors: false }
