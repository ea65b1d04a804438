// Who may see and settle a request: nobody who asked for it, only members of the groups that the terms
// name, and only as far as the active policies agree as well. Each must say yes.
import type { ApprovalQuestion, Policy } from '../../engine/policy/policy.js'
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import type { Hand } from './hands.js'
import { identityKey, storedRequest, type ApprovalRow, type StoredRequest } from './held-request.js'
import { requirementsNow } from './quorum.js'

export type Verb = Exclude<ApprovalQuestion['verb'], 'operate'>

type Asked = Pick<ApprovalRow, 'id' | 'request' | 'escalated_ms'>

// undefined: yes.
export function whyNot(
  verb: Verb,
  hand: Hand,
  row: Asked,
  policy: Policy | undefined,
  selfApproval: boolean,
): string | undefined {
  const request = storedRequest(row)
  const { facts, groups, onBehalf } = hand
  if (verb === 'approve' && !selfApproval) {
    if (isSameHand(facts, request.requester)) {
      return 'nobody approves what they, or who acts for them, asked for'
    }
    if (onBehalf !== undefined && keysOf(request.requester).includes(onBehalf.key)) {
      return 'nobody approves for somebody who asked for it'
    }
  }
  const approvers = approversNow(row)
  if (!groups.some((group) => approvers.includes(group))) {
    return `only members of ${approvers.join(' or ')} may settle this request`
  }
  if (policy === undefined) return 'no policies are active that could allow it'
  const answer = policy.mayApprove(question(verb, hand, row.id, request, approvers))
  return answer.allow ? undefined : answer.reason || 'the policies do not allow it'
}

// Whether who may approve must first prove anew who they are: where the policies ask for it, and this was
// longer ago than they say or is not known. The age asked for; undefined: they need not.
export function stepUpFor(
  hand: Hand,
  row: Asked,
  policy: Policy | undefined,
  authenticatedMsAgo: number | undefined,
): number | undefined {
  const asked = question('approve', hand, row.id, storedRequest(row), approversNow(row))
  const known =
    authenticatedMsAgo === undefined
      ? asked
      : { ...asked, authenticated_ms_ago: Math.max(0, Math.floor(authenticatedMsAgo)) }
  return policy?.mayApprove(known).stepUp?.maxAgeMs
}

// The groups that may settle it at this moment.
export function approversNow(row: Asked): readonly string[] {
  const { terms } = storedRequest(row)
  const named = requirementsNow(terms, row.escalated_ms !== null).flatMap((one) => one.any_of)
  return [...new Set(named)].sort()
}

// May this person see requests of others at all?
export function mayList(approver: IdentityFacts, policy: Policy | undefined): boolean {
  return policy?.mayApprove({ version: 1, verb: 'list', approver }).allow ?? false
}

function question(
  verb: Verb,
  { facts: approver, onBehalf }: Hand,
  id: string,
  request: StoredRequest,
  approvers: readonly string[],
): ApprovalQuestion {
  const { requester, target, rules, effects } = request
  return {
    version: 1,
    verb,
    approver,
    ...(onBehalf === undefined ? {} : { on_behalf: onBehalf.key }),
    request: {
      id,
      requester,
      target,
      approvers,
      rules: rules.map((rule) => rule.id),
      effects,
    },
  }
}

// A person, the agents that act for them, and whoever those act for: RFC 8693 §4.1. One in common is
// enough.
export function isSameHand(one: IdentityFacts, other: IdentityFacts): boolean {
  const keys = keysOf(one)
  return keysOf(other).some((key) => keys.includes(key))
}

export function keysOf({ issuer, subject, actor }: IdentityFacts): readonly string[] {
  return [
    identityKey({ issuer, subject }),
    ...actor.map((one) => identityKey({ issuer: one.issuer ?? issuer, subject: one.subject })),
  ]
}
