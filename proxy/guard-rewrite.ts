// Masking at the source, where the answer itself cannot be masked.
import type { Trial } from './guard.js'
import type { Judgement } from './guard-judgement.js'

// A single statement whose answer cannot be masked may still run, where it can be rewritten so that the
// target never computes on protected values. Made for this exact text, and kept nowhere.
export function maskedAtSource(trial: Trial, judgement: Judgement): Judgement | undefined {
  const [command, another] = trial.commands
  const [decided] = judgement.decided
  if (command?.spliced === undefined || another !== undefined || decided === undefined)
    return undefined
  if (decided.decision.action !== 'mask-fields' || !('refused' in decided.exit)) return undefined
  const made = command.spliced(command.text, decided.decision.masks)
  if (!('text' in made)) return undefined
  const { text, statement, masks } = made
  return {
    ...judgement,
    decided: [{ ...decided, exit: { masks }, rewritten: { text, statement } }],
  }
}
