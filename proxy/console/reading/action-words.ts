// The four decisions and what becomes of a held command, each as one word, one sentence and one colour
// that mean the same on every page.
import type { Action } from '../../../engine/schemas/decision.js'

export type Meaning = 'allow' | 'mask' | 'hold' | 'deny'

const MEANINGS: Readonly<Record<Action, Meaning>> = {
  allow: 'allow',
  'mask-fields': 'mask',
  'require-approval': 'hold',
  deny: 'deny',
}

const WORDS: Readonly<Record<Meaning, string>> = {
  allow: 'Allowed',
  mask: 'Masked',
  hold: 'Held',
  deny: 'Denied',
}

export function meaningOf(action: string): Meaning {
  return action in MEANINGS ? MEANINGS[action as Action] : 'deny'
}

export function wordOf(meaning: Meaning): string {
  return WORDS[meaning]
}

// What happened in the end: a command that the policies let pass may still not have run.
export function lastMeaning(entry: { readonly action: string; readonly go: boolean }): Meaning {
  const meaning = meaningOf(entry.action)
  return !entry.go && meaning !== 'hold' ? 'deny' : meaning
}
