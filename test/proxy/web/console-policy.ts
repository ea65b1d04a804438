// A policy that answers the console's questions by groups, as the shipped library does, without its Wasm:
// what the web listener makes of answers is tested apart from what the answers are.
import type { ApprovalQuestion, Policy } from '../../../engine/policy/policy.js'
import { policy as activePolicy } from '../approvals/world.js'

const ROLES: Readonly<Record<string, readonly string[]>> = {
  see_session: ['approvers', 'auditors', 'operators'],
  watch_session: ['auditors', 'operators'],
  end_session: ['operators'],
  search: ['auditors'],
  see_policies: ['approvers', 'policy-operators'],
  see_health: ['operators', 'policy-operators'],
  try: ['policy-operators'],
}

export const consolePolicy: Policy = {
  ...activePolicy,
  mayApprove: (question: ApprovalQuestion) => {
    const { verb, approver, session, as } = question
    const roles = ROLES[verb]
    if (roles === undefined) return activePolicy.mayApprove(question)
    const owner = session?.identity ?? as
    const isOwn = owner?.subject === approver.subject && owner.issuer === approver.issuer
    const allow = isOwn || approver.groups.some((group) => roles.includes(group))
    return { allow, reason: allow ? 'yes' : `for ${roles.join(', ')}`, verb }
  },
}
