// Masking at the source, where the answer itself cannot be masked well: the command goes to the target in other
// words, so that the target never computes on protected values.
import type { Decided, Rewritten } from './decision-cache.js'
import type { GuardParts, Trial } from './guard.js'
import type { Judgement } from './guard-judgement.js'

// A single statement whose answer cannot be masked may still run, where it can be rewritten; one whose
// computed values would be masked whole is answered as on masked data, where it can.
export function maskedAtSource(trial: Trial, judgement: Judgement): Judgement | undefined {
  const [command, another] = trial.commands
  const [decided] = judgement.decided
  if (command?.spliced === undefined || another !== undefined || decided === undefined)
    return undefined
  const { exit, decision } = decided
  if (decision.action !== 'mask-fields') return undefined
  if (!('refused' in exit) && exit.masks.computed !== true) return undefined
  const made = command.spliced(command.text, decision.masks)
  if (!('text' in made)) return undefined
  const { text, statement, masks } = made
  return {
    ...judgement,
    decided: [
      { ...decided, exit: { masks }, rewritten: { text, statement, masks: decision.masks } },
    ],
  }
}

// The same for a text that is prepared now and runs later, under the decision of then.
export function sentInstead(trial: Trial, judgement: Judgement): Rewritten | undefined {
  return maskedAtSource(trial, judgement)?.decided[0]?.rewritten
}

// A prepared statement of which the target has other words than the client's: the decision is made on what
// the client wrote, and must hold for what runs.
export function asSent(
  decided: Decided,
  sent: Rewritten,
  exitMasksOf: GuardParts['exitMasksOf'],
): Decided {
  const { decision } = decided
  if (decision.action === 'deny') return decided
  const exit = exitMasksOf(sent.statement, decision.masks)
  if (!('masks' in exit)) {
    return { ...decided, exit: { refused: exit.refused, hint: 'prepare the statement again' } }
  }
  const masks = { ...exit.masks, quietErrors: true, otherText: true as const }
  return { ...decided, exit: { masks }, rewritten: sent }
}
