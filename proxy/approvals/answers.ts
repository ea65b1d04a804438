// What approvers ask and answer: the list, one request, yes or no. Each is judged by `authority.ts`; a
// request that somebody may not see is for them as if it did not exist.
import type { Policy } from '../../engine/policy/policy.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import type { Identity } from '../identity/identity.js'
import type { Log } from '../log.js'
import { stored, type State } from '../state/state.js'
import { mayList, whyNot, type Verb } from './authority.js'
import { approvalView, storedRequest } from './held-request.js'
import type { ApprovalRow, ApprovalView, VoteRow } from './held-request.js'
import { APPROVAL_LIMITS } from './limits.js'
import { alreadySettled, approved, ended, type TransitionParts } from './transitions.js'

export type Answer = {
  readonly id: string
  readonly verb: Exclude<Verb, 'list'>
  readonly approver: Identity
  readonly reason: string
}

export type Answers = {
  // Throws GatewayError('not_found' | 'not_allowed' | 'conflict' | 'usage' | 'state_failed' | …).
  readonly answer: (answer: Answer) => Promise<ApprovalView>
  readonly list: (viewer: Identity, which: 'pending' | 'all') => Promise<readonly ApprovalView[]>
  readonly one: (viewer: Identity, id: string) => Promise<ApprovalView>
  // Whether this person may look beyond what is their own.
  readonly mayReview: (viewer: Identity) => boolean
}

type AnswerParts = TransitionParts & {
  readonly policy: () => Policy | undefined
  readonly clock: Clock
  readonly selfApproval: boolean
  readonly log: Log
}

export function createAnswers(parts: AnswerParts): Answers {
  const seen = (viewer: Identity, row: ApprovalRow): boolean =>
    row.requester === viewer.key ||
    whyNot('list', viewer.facts, row, parts.policy(), parts.selfApproval) === undefined

  const one = async (viewer: Identity, id: string) => {
    const found = await stored(() => rowWithVotes(parts.state, id))
    if (!seen(viewer, found.row)) throw noSuch(id)
    return found
  }

  return {
    async answer({ id, verb, approver, reason }) {
      const { row } = await one(approver, id)
      const refusal = whyNot(verb, approver.facts, row, parts.policy(), parts.selfApproval)
      if (refusal !== undefined) throw new GatewayError('not_allowed', refusal)
      const words = cleanReason(reason)
      const { reason_required: required } = storedRequest(row).terms
      if (verb === 'approve' && required && words === '') {
        throw new GatewayError('usage', 'the policy asks for a reason with this approval')
      }
      await answered(parts, row, verb, approver, words)
      // A lost word is made up for by looking.
      await parts.state.announce(id).catch((problem: unknown) => {
        parts.log.warn({ err: problem, approval: id }, 'other gateways could not be told')
      })
      const after = await stored(() => rowWithVotes(parts.state, id))
      return approvalView(after.row, after.votes)
    },
    async list(viewer, which) {
      const { rows, votes } = await stored(() => rowsWithVotes(parts.state, which))
      return rows
        .filter((row) => seen(viewer, row))
        .slice(0, APPROVAL_LIMITS.listed)
        .map((row) => approvalView(row, votes))
    },
    async one(viewer, id) {
      const { row, votes } = await one(viewer, id)
      return approvalView(row, votes)
    },
    mayReview: (viewer) => mayList(viewer.facts, parts.policy()),
  }
}

async function answered(
  parts: AnswerParts,
  row: ApprovalRow,
  verb: Answer['verb'],
  approver: Identity,
  reason: string,
): Promise<void> {
  const { id } = row
  const { subject, name } = approver.facts
  const now = parts.clock.now()
  switch (verb) {
    case 'approve':
      return approved(parts, { id, approver: approver.key, subject, name, reason, now })
    case 'deny': {
      const by = { key: approver.key, shown: name === '' ? subject : name }
      if (await ended(parts, { id, from: ['pending'], to: 'denied', by, reason, now })) return
      const { row: after } = await stored(() => rowWithVotes(parts.state, id))
      throw alreadySettled(id, after.status === 'pending' ? 'expired' : after.status)
    }
  }
}

// Goes to the client's terminal, to the record and to screens: one line of plain text.
function cleanReason(reason: string): string {
  const line = reason.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]+/gu, ' ').trim()
  return line.slice(0, APPROVAL_LIMITS.reasonCharacters)
}

export async function rowWithVotes(
  state: State,
  id: string,
): Promise<{ readonly row: ApprovalRow; readonly votes: readonly VoteRow[] }> {
  const row = await state.db
    .selectFrom('sallyport_approvals')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw noSuch(id)
  const votes = await state.db
    .selectFrom('sallyport_votes')
    .selectAll()
    .where('approval', '=', id)
    .orderBy('time_ms')
    .execute()
  return { row, votes }
}

// Newest first; more than the list holds, since some of them are not for the viewer's eyes.
const SEARCHED = 5 * APPROVAL_LIMITS.listed

async function rowsWithVotes(state: State, which: 'pending' | 'all') {
  let query = state.db.selectFrom('sallyport_approvals').selectAll()
  if (which === 'pending') query = query.where('status', '=', 'pending')
  const rows = await query.orderBy('created_ms', 'desc').limit(SEARCHED).execute()
  const ids = rows.map(({ id }) => id)
  const votes =
    ids.length === 0
      ? []
      : await state.db
          .selectFrom('sallyport_votes')
          .selectAll()
          .where('approval', 'in', ids)
          .orderBy('time_ms')
          .execute()
  return { rows, votes }
}

function noSuch(id: string): GatewayError {
  return new GatewayError('not_found', `there is no request ${id}`)
}
