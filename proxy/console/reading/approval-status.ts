// What became of a request, as a mark and as a sentence.
import type { Meaning } from './action-words.js'

type Status = { readonly meaning: Meaning; readonly word: string; readonly sentence: string }

const STATUSES: Readonly<Record<string, Status>> = {
  pending: { meaning: 'hold', word: 'Waiting', sentence: 'The client waits for an answer.' },
  approved: { meaning: 'allow', word: 'Approved', sentence: 'Approved. The client goes on.' },
  used: { meaning: 'allow', word: 'Ran', sentence: 'Approved, and the command ran.' },
  denied: { meaning: 'deny', word: 'Denied', sentence: 'Denied. The client was told why.' },
  expired: { meaning: 'deny', word: 'Expired', sentence: 'Nobody answered in time; nothing ran.' },
  cancelled: {
    meaning: 'deny',
    word: 'Gone',
    sentence: 'The client stopped waiting; nothing ran.',
  },
  void: {
    meaning: 'deny',
    word: 'Void',
    sentence: 'What was asked for is no longer what would run, so nothing ran.',
  },
}

export function statusMark(status: string): Status {
  return STATUSES[status] ?? { meaning: 'deny', word: status, sentence: `Its state is ${status}.` }
}
