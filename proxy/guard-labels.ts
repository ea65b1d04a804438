// Labels follow data: what a statement that may go will store of protected values, told to whoever keeps such
// labels before it runs. What is masked for the caller is stored masked and needs none.
import { isMatched, isPattern } from '../engine/facts/postgres/mask-match.js'
import type { Stored } from '../engine/facts/postgres/stored.js'
import type { Mask } from '../engine/schemas/decision.js'
import type { Trial } from './guard.js'
import type { Judgement } from './guard-judgement.js'
import type { Refusal } from './guard.js'
import type { Session } from './session.js'

export type LabelDuty = {
  // undefined where all of it is known already; rejects where it cannot be kept.
  readonly follow: (
    session: Session,
    command: number,
    stored: readonly Stored[],
  ) => Promise<void> | undefined
}

const NOT_FOLLOWED: Refusal = {
  why: 'unavailable',
  rule: 'sallyport/labels',
  message:
    'this would store protected values where no label says so, and the label cannot be kept now',
  hint: 'try again shortly; if it stays so, tell the operators of the gateway',
}

export function storesSome({ commands }: Trial): boolean {
  return commands.some(({ statement }) => statement.stored !== undefined)
}

// Calls back once, at once where there is nothing to keep.
export function followed(
  labels: LabelDuty | undefined,
  trial: Trial,
  { decided }: Judgement,
  then: (refusal: Refusal | undefined) => void,
): void {
  const waiting = trial.commands.flatMap(({ statement }, i) => {
    const stored = inTheClear(statement.stored ?? [], decided[i]?.decision.masks ?? [])
    if (stored.length === 0) return []
    return labels?.follow(trial.session, trial.first + i, stored) ?? []
  })
  if (waiting.length === 0) then(undefined)
  else {
    Promise.all(waiting).then(
      () => then(undefined),
      () => then(NOT_FOLLOWED),
    )
  }
}

// A mask changes what is stored, not what stays where it is under another name.
function inTheClear(stored: readonly Stored[], masks: readonly Mask[]): readonly Stored[] {
  const columns = masks.filter((mask) => !isPattern(mask))
  if (columns.length === 0) return stored
  return stored.filter(
    ({ kept, from, labels }) => kept || !columns.some((mask) => isMatched(mask, from, labels)),
  )
}
