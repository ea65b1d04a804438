// Requests that nobody has settled in time are told again, and others may settle them from then on: by the
// gateway that asked, or by any that finds them overdue.
import { stored } from '../state/state.js'
import type { ApprovalsParts } from './holds.js'
import { tellEscalation } from './telling.js'
import { escalated } from './transitions.js'

export type Escalation = {
  readonly later: (id: string, atMs: number) => void
  // Those that are overdue, of whichever gateway.
  readonly round: () => Promise<void>
  readonly close: () => void
}

const AT_ONCE = 200

export function createEscalation(parts: ApprovalsParts): Escalation {
  const timers = new Set<NodeJS.Timeout>()

  const escalate = async (id: string): Promise<void> => {
    // A timer may come a moment early by the clock of the wall.
    if (!(await escalated(parts, { id, now: parts.clock.now() }))) return
    await parts.state.announce(id).catch(() => undefined)
    await tellEscalation(parts, id)
  }

  const quietly = (id: string): Promise<void> =>
    escalate(id).catch((problem: unknown) => {
      parts.log.warn({ err: problem, approval: id }, 'an escalation failed; it is tried again')
    })

  return {
    later(id, atMs) {
      const timer = setTimeout(
        () => {
          timers.delete(timer)
          void quietly(id)
        },
        Math.max(0, atMs - parts.clock.now()) + 1,
      )
      timer.unref()
      timers.add(timer)
    },
    async round() {
      const now = parts.clock.now()
      const rows = await stored(() =>
        parts.state.db
          .selectFrom('sallyport_approvals')
          .select('id')
          .where('status', '=', 'pending')
          .where('escalate_ms', '<=', now)
          .where('escalated_ms', 'is', null)
          .where('expires_ms', '>', now)
          .limit(AT_ONCE)
          .execute(),
      )
      for (const { id } of rows) await quietly(id)
    },
    close() {
      for (const timer of timers) clearTimeout(timer)
    },
  }
}
