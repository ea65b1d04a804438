// A request for approval as it is stored: what was decided, for whom, on what. The text in it arrived with
// protected literals already replaced; `approval-view.ts` says how people see it.
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import type { ApprovalsTable, VotesTable } from '../state/tables.js'
import type { Selectable } from 'kysely'
import type { HoldRequest } from './approvals.js'

export type StoredRequest = Pick<
  HoldRequest,
  | 'terms'
  | 'rules'
  | 'requester'
  | 'target'
  | 'text'
  | 'effects'
  | 'access'
  | 'consequence'
  | 'uncounted'
>

export type ApprovalRow = Selectable<ApprovalsTable>
export type VoteRow = Selectable<VotesTable>

// Issuer and subject as one unambiguous string, as `Identity.key` has it.
export function identityKey(identity: Pick<IdentityFacts, 'issuer' | 'subject'>): string {
  return JSON.stringify([identity.issuer, identity.subject])
}

export function storedText(request: HoldRequest): string {
  const { terms, rules, requester, target, text, effects, access, consequence, uncounted } = request
  return JSON.stringify({
    terms,
    rules,
    requester,
    target,
    text,
    effects,
    ...(access === undefined ? {} : { access }),
    ...(consequence === undefined ? {} : { consequence }),
    ...(uncounted === undefined ? {} : { uncounted }),
  } satisfies StoredRequest)
}

// Written by `storedText` alone, into a store that nobody else writes.
export function storedRequest(row: Pick<ApprovalRow, 'request'>): StoredRequest {
  return JSON.parse(row.request) as StoredRequest
}
