// Generated facts may hold approvals that nobody could have given: by the very one who asks. Whether the
// policy lets people settle their own requests is asked of the policy.
import type { Policy } from '../../../engine/policy/policy.js'
import type { Facts } from '../../../engine/schemas/facts.js'

// False where a grant of the facts comes from the chain of who asks, and the policy allows no such thing.
export function grantsArePossible(
  policy: Pick<Policy, 'decide' | 'mayApprove'>,
  facts: Facts,
): boolean {
  const { identity, target, grants, command } = facts
  const chain = [identity.subject, ...identity.actor.map(({ subject }) => subject)]
  const own = grants.some(({ approvers }) => approvers.every((one) => chain.includes(one)))
  if (!own) return true
  const { action, approval, rules } = policy.decide({ ...facts, grants: [] }, 'decision')
  if (action !== 'require-approval' || approval === undefined) return false
  const { approvers } = approval
  return policy.mayApprove({
    version: 1,
    verb: 'approve',
    approver: { ...identity, groups: [...approvers], actor: [] },
    request: {
      id: 'generated',
      requester: identity,
      target,
      approvers,
      rules: rules.map(({ id }) => id),
      effects: command?.effects ?? [],
    },
  }).allow
}
