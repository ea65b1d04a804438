// Who may see and settle a request: nobody who asked for it, only members of the groups that the terms
// name, and only as far as the active policies agree as well. Each must say yes.
import type { ApprovalQuestion, Policy } from '../../engine/policy/policy.js'
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import { identityKey, storedRequest, type ApprovalRow, type StoredRequest } from './held-request.js'

export type Verb = Exclude<ApprovalQuestion['verb'], 'operate'>

// undefined: yes.
export function whyNot(
  verb: Verb,
  approver: IdentityFacts,
  row: Pick<ApprovalRow, 'id' | 'request'>,
  policy: Policy | undefined,
  selfApproval: boolean,
): string | undefined {
  const request = storedRequest(row)
  if (verb === 'approve' && !selfApproval && isSameHand(approver, request.requester)) {
    return 'nobody approves what they, or who acts for them, asked for'
  }
  if (!approver.groups.some((group) => request.terms.approvers.includes(group))) {
    return `only members of ${request.terms.approvers.join(' or ')} may settle this request`
  }
  if (policy === undefined) return 'no policies are active that could allow it'
  const answer = policy.mayApprove(question(verb, approver, row.id, request))
  return answer.allow ? undefined : answer.reason || 'the policies do not allow it'
}

// May this person see requests of others at all?
export function mayList(approver: IdentityFacts, policy: Policy | undefined): boolean {
  return policy?.mayApprove({ version: 1, verb: 'list', approver }).allow ?? false
}

function question(
  verb: Verb,
  approver: IdentityFacts,
  id: string,
  request: StoredRequest,
): ApprovalQuestion {
  const { requester, target, terms, rules, effects } = request
  return {
    version: 1,
    verb,
    approver,
    request: {
      id,
      requester,
      target,
      approvers: terms.approvers,
      rules: rules.map((rule) => rule.id),
      effects,
    },
  }
}

// A person, the agents that act for them, and whoever those act for: RFC 8693 §4.1. One in common is
// enough.
export function isSameHand(one: IdentityFacts, other: IdentityFacts): boolean {
  const hands = handsOf(one)
  return handsOf(other).some((hand) => hands.includes(hand))
}

function handsOf({ issuer, subject, actor }: IdentityFacts): readonly string[] {
  return [
    identityKey({ issuer, subject }),
    ...actor.map((one) => identityKey({ issuer: one.issuer ?? issuer, subject: one.subject })),
  ]
}
