// Telling people that a command waits for them. What is told holds the masked text only.
import { GatewayError } from '../errors.js'
import type { Log } from '../log.js'
import type { ApprovalView } from './approval-view.js'

export type Notice = {
  readonly event: 'requested' | 'escalated' | 'settled'
  // The same for every attempt to tell the same thing, so that a receiver can drop repetitions.
  readonly key: string
  readonly approval: ApprovalView
}

export type Notifier = {
  readonly name: string
  // Whether it reaches an approver, or only whoever reads the operator's log.
  readonly reaches: 'approvers' | 'operators'
  // Resolves once told; rejects when given up, which it has logged itself by then.
  readonly tell: (notice: Notice) => Promise<void>
  readonly close: () => Promise<void>
}

export function logNotifier(log: Log): Notifier {
  return {
    name: 'log',
    reaches: 'operators',
    tell({ event, approval }) {
      const { id, requester, target, status, rules } = approval
      const fields = { approval: id, target: target.name, rule: rules[0]?.id }
      const who = requester.name === '' ? requester.subject : requester.name
      const loud = approval.access?.break_glass === true ? 'BREAK GLASS: ' : ''
      if (event !== 'settled') {
        const still = event === 'escalated' ? 'still ' : ''
        log.warn(
          { ...fields, session: approval.session, approvers: approval.approvers },
          `${loud}${still}held for approval: ${who} on ${target.name}; sallyport approvals approve ${id}`,
        )
      } else log.info(fields, `request ${id} of ${who} on ${target.name}: ${status}`)
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  }
}

// Resolves as soon as one notifier that reaches approvers has told them; rejects where all failed or
// none did in time. Without such a notifier the API and the command line are where approvers look.
export async function somebodyTold(
  notifiers: readonly Notifier[],
  notice: Notice,
  withinMs: number,
): Promise<void> {
  const told = notifiers.map(async (notifier) => notifier.tell(notice))
  const reaching = told.filter((_, i) => notifiers[i]?.reaches === 'approvers')
  for (const promise of told) promise.catch(() => undefined)
  if (reaching.length === 0) return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), withinMs)
  })
  try {
    await Promise.race([Promise.any(reaching), late])
  } catch (cause) {
    throw new GatewayError('state_failed', 'no approver could be told', { cause })
  } finally {
    clearTimeout(timer)
  }
}
