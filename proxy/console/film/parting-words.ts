// Where a film under another policy parts from what happened, as a sentence.
import type { UnderEntry } from './film-answers.js'

const WORDS: Readonly<Record<string, string>> = {
  masked: 'More of the answer would have been masked.',
  unmasked: 'Less of the answer would have been masked.',
  unheld: 'Nobody would have been asked.',
  denied: 'It would have been denied.',
  held: 'It would have been held for approval, and what follows may not have happened.',
  refused: 'The gateway would have refused it.',
  limited: 'Its answer would have been cut at a limit.',
  ran: 'It would have run.',
  unknown: 'What would have been decided cannot be computed.',
}

export function partingWords({ parting, action, rules }: UnderEntry): string {
  const words = WORDS[parting ?? ''] ?? `The answer would have been ${action}.`
  const [rule] = rules
  return rule === undefined ? words : `${words} ${rule.message} (${rule.id})`
}
