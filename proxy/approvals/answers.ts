// What approvers ask and answer: the list, one request, yes or no. Each is judged by `authority.ts`; a
// request that somebody may not see is for them as if it did not exist.
import type { Policy } from '../../engine/policy/policy.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Identity } from '../identity/identity.js'
import type { Log } from '../log.js'
import { stored } from '../state/state.js'
import { approvalView, withoutConsequence, type ApprovalView } from './approval-view.js'
import { holderKey } from './approvals.js'
import { isSameHand, mayList, stepUpFor, whyNot } from './authority.js'
import { handsOf, type Hand } from './hands.js'
import { storedRequest, type ApprovalRow } from './held-request.js'
import { noSuch, rowsWithVotes, rowWithVotes } from './held-request-rows.js'
import { APPROVAL_LIMITS } from './limits.js'
import { alreadySettled, ended, type TransitionParts } from './transitions.js'
import type { Via } from './via.js'
import { approved } from './votes.js'

export type Answer = {
  readonly id: string
  // `withdraw`: by who asked.
  readonly verb: 'approve' | 'deny' | 'withdraw'
  readonly approver: Identity
  readonly reason: string
  // Absent: the API, by whatever called it.
  readonly via?: Via
  // With `approve`: how many rows the command may change at most. It is held to that.
  readonly rowsMax?: number | undefined
}

export type Answers = {
  // Throws GatewayError('not_found' | 'not_allowed' | 'conflict' | 'usage' | 'state_failed' | …).
  readonly answer: (answer: Answer) => Promise<ApprovalView>
  readonly list: (viewer: Identity, which: 'pending' | 'all') => Promise<readonly ApprovalView[]>
  readonly one: (viewer: Identity, id: string) => Promise<ApprovalView>
  // Whether this person may look beyond what is their own.
  readonly mayReview: (viewer: Identity) => boolean
}

export type AnswerParts = TransitionParts & {
  readonly policy: () => Policy | undefined
  readonly clock: Clock
  readonly selfApproval: boolean
  readonly log: Log
  // Of a request that nobody's connection waits for: told by who settled it.
  readonly tellEnd: (id: string) => void
  // Access was granted.
  readonly onGranted: (approval: ApprovalView) => Promise<void>
}

export function createAnswers(parts: AnswerParts): Answers {
  const why = (verb: 'list' | 'approve' | 'deny', hand: Hand, row: ApprovalRow) =>
    whyNot(verb, hand, row, parts.policy(), parts.selfApproval)

  const seen = (viewer: Identity, hands: readonly Hand[], row: ApprovalRow): boolean =>
    row.requester === viewer.key || hands.some((hand) => why('list', hand, row) === undefined)

  const handsFor = (viewer: Identity): Promise<readonly Hand[]> =>
    stored(() => handsOf(parts.state, viewer, parts.clock.now()))

  const one = async (viewer: Identity, id: string) => {
    const [found, hands] = await Promise.all([
      stored(() => rowWithVotes(parts.state, id)),
      handsFor(viewer),
    ])
    if (!seen(viewer, hands, found.row)) throw noSuch(id)
    return { ...found, hands }
  }

  // Those of a person's hands that may do it, or why not one of them may.
  const able = (verb: 'approve' | 'deny', row: ApprovalRow, hands: readonly Hand[]): Hand[] => {
    const refusals = hands.map((hand) => why(verb, hand, row))
    const may = hands.filter((_, i) => refusals[i] === undefined)
    const best = refusals.find((words) => words?.startsWith('nobody approves')) ?? refusals[0]
    if (may.length === 0) throw new GatewayError('not_allowed', best ?? 'nobody may')
    return may
  }

  const demandFresh = (approver: Identity, hands: readonly Hand[], row: ApprovalRow): void => {
    const { authenticatedAtMs: at } = approver
    const ago = at === undefined ? undefined : parts.clock.now() - at
    const ages = hands.map((hand) => stepUpFor(hand, row, parts.policy(), ago))
    const [age] = ages
    // One hand that need not is enough.
    if (age === undefined || ages.includes(undefined)) return
    const words = `the policies want a sign-in of the last ${Math.ceil(age / 1000)} seconds for this`
    throw new GatewayError('step_up_required', `${words}: sign in again, and approve then`)
  }

  return {
    async answer({ id, verb, approver, reason, via = 'api', rowsMax }) {
      const { row, hands } = await one(approver, id)
      if (verb === 'approve') demandFresh(approver, able('approve', row, hands), row)
      const words = cleanReason(reason)
      const about = { id, approver, reason: words, via, rowsMax: cappable(row, verb, rowsMax) }
      await settledBy(parts, row, { ...about, verb }, (one) => able(one, row, hands))
      // A lost word is made up for by looking.
      await parts.state.announce(id).catch((problem: unknown) => {
        parts.log.warn({ err: problem, approval: id }, 'other gateways could not be told')
      })
      const after = await stored(() => rowWithVotes(parts.state, id))
      const view = approvalView(after.row, after.votes)
      if (view.access !== undefined && view.status === 'used') await parts.onGranted(view)
      if (row.gateway === '' && view.status !== 'pending') parts.tellEnd(id)
      return shownTo(approver, after.row, view)
    },
    async list(viewer, which) {
      const [{ rows, votes }, hands] = await Promise.all([
        stored(() => rowsWithVotes(parts.state, which)),
        handsFor(viewer),
      ])
      return rows
        .filter((row) => seen(viewer, hands, row))
        .slice(0, APPROVAL_LIMITS.listed)
        .map((row) => shownTo(viewer, row, approvalView(row, votes)))
    },
    async one(viewer, id) {
      const { row, votes } = await one(viewer, id)
      return shownTo(viewer, row, approvalView(row, votes))
    },
    mayReview: (viewer) => mayList(viewer.facts, parts.policy()),
  }
}

// Whoever asked, and who acts for them, learns nothing of the data beforehand.
function shownTo(viewer: Identity, row: ApprovalRow, view: ApprovalView): ApprovalView {
  const isTheirs = isSameHand(viewer.facts, storedRequest(row).requester)
  return isTheirs ? withoutConsequence(view) : view
}

async function settledBy(
  parts: AnswerParts,
  row: ApprovalRow,
  answer: Required<Omit<Answer, 'rowsMax'>> & Pick<Answer, 'rowsMax'>,
  able: (verb: 'approve' | 'deny') => readonly Hand[],
): Promise<void> {
  const { id, verb, approver, reason, via, rowsMax } = answer
  const { subject, name } = approver.facts
  const now = parts.clock.now()
  const by = { key: approver.key, shown: name === '' ? subject : name }
  switch (verb) {
    case 'approve': {
      const hands = able('approve')
      if (storedRequest(row).terms.reason_required && reason === '') {
        throw new GatewayError('usage', 'the policy asks for a reason with this approval')
      }
      return approved(parts, {
        id,
        approver: approver.key,
        subject,
        name,
        reason,
        via,
        hands,
        rowsMax,
        now,
      })
    }
    case 'deny': {
      const [hand] = able('deny')
      const onBehalf = hand?.onBehalf?.key
      const end = { id, from: ['pending'], to: 'denied', by, reason, via, onBehalf, now } as const
      if (await ended(parts, end)) return
      break
    }
    case 'withdraw': {
      // A person for what acts for them, and not the other way round.
      const { requester } = storedRequest(row)
      const same = holderKey(requester) === holderKey(approver.facts)
      if (row.requester !== approver.key || (!same && approver.facts.actor.length > 0)) {
        throw new GatewayError('not_allowed', 'only who asked can take it back')
      }
      const words = `withdrawn by who asked${reason === '' ? '' : `: ${reason}`}`
      const end = { id, from: ['pending'], to: 'void', by, reason: words, via, now } as const
      if (await ended(parts, end)) return
    }
  }
  const { row: after } = await stored(() => rowWithVotes(parts.state, id))
  throw alreadySettled(id, after.status === 'pending' ? 'expired' : after.status)
}

// Whoever limits the rows is told beforehand where that could not be kept.
function cappable(
  row: ApprovalRow,
  verb: Answer['verb'],
  rowsMax: number | undefined,
): number | undefined {
  if (rowsMax === undefined) return undefined
  const { uncounted, access } = storedRequest(row)
  if (verb !== 'approve' || access !== undefined) {
    throw new GatewayError('usage', 'a number of rows goes with the approval of a command alone')
  }
  if (uncounted === undefined) return rowsMax
  throw new GatewayError('usage', `its rows cannot be limited: ${uncounted}`)
}

// Goes to the client's terminal, to the record and to screens: one line of plain text.
export function cleanReason(reason: string): string {
  const line = reason.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]+/gu, ' ').trim()
  return line.slice(0, APPROVAL_LIMITS.reasonCharacters)
}
