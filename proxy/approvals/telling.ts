// What people are told of a request as the store has it: that it waits, that nobody has answered in time, and
// how it ended.
import { stored, type State } from '../state/state.js'
import { approvalView } from './approval-view.js'
import { rowWithVotes } from './held-request-rows.js'
import { APPROVAL_LIMITS } from './limits.js'
import { somebodyTold, type Notifier } from './notifier.js'

export type TellingParts = {
  readonly state: Pick<State, 'db'>
  readonly notifiers: readonly Notifier[]
}

// Rejects where nobody could be told.
export async function tellRequest(parts: TellingParts, id: string): Promise<void> {
  const { row, votes } = await stored(() => rowWithVotes(parts.state, id))
  const notice = { event: 'requested', key: `${id}-requested` } as const
  const approval = approvalView(row, votes)
  await somebodyTold(parts.notifiers, { ...notice, approval }, APPROVAL_LIMITS.tellMs)
}

export async function tellEscalation(parts: TellingParts, id: string): Promise<void> {
  const { row, votes } = await stored(() => rowWithVotes(parts.state, id))
  const approval = approvalView(row, votes)
  const notice = { event: 'escalated', key: `${id}-escalated`, approval } as const
  await Promise.allSettled(parts.notifiers.map((notifier) => notifier.tell(notice)))
}

export async function tellSettled(parts: TellingParts, id: string): Promise<void> {
  const { row, votes } = await stored(() => rowWithVotes(parts.state, id))
  // Its end could not be written: the caretaker comes to it.
  if (row.status === 'pending') return
  const approval = approvalView(row, votes)
  const notice = { event: 'settled', key: `${id}-settled`, approval } as const
  await Promise.allSettled(parts.notifiers.map((notifier) => notifier.tell(notice)))
}
