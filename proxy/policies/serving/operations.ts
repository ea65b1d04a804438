// What people do to the policies in force, and who may: members of the configured groups, and only as far as
// the policies agree as well. Going back is also allowed by the bundle that one goes back to, since
// policies that let nobody in would otherwise be there for good.
import type { Policy } from '../../../engine/policy/policy.js'
import type { IdentityFacts } from '../../../engine/schemas/facts.js'
import { GatewayError } from '../../errors.js'
import type { Freshness } from '../../guard-freshness.js'
import { SERVING_LIMITS } from './limits.js'
import type { Serving, ServingStatus } from './serving.js'
import type { ShadowReport } from './shadow.js'

export type OperationsStatus = ServingStatus & {
  readonly freshness: Freshness
  readonly shadow: Pick<ShadowReport, 'source' | 'bundle' | 'revision'> | null
}

// Each rejects with a GatewayError: `not_allowed`, or why it was not done.
export type Operations = {
  // For whom the policies let look: the same without being asked whether they operate.
  readonly view: () => OperationsStatus
  readonly shadowView: () => ShadowReport
  readonly status: (who: IdentityFacts) => Promise<OperationsStatus>
  readonly shadow: (who: IdentityFacts) => Promise<ShadowReport>
  readonly activate: (who: IdentityFacts) => Promise<OperationsStatus>
  readonly rollback: (who: IdentityFacts, reason: string) => Promise<OperationsStatus>
  readonly pin: (who: IdentityFacts, bundle: string, reason: string) => Promise<OperationsStatus>
  readonly unpin: (who: IdentityFacts, reason: string) => Promise<OperationsStatus>
}

export type OperationsParts = {
  readonly serving: Serving
  readonly operators: () => readonly string[]
  readonly freshness: () => Freshness
  readonly shadow: () => ShadowReport | undefined
}

export function createOperations(parts: OperationsParts): Operations {
  const { serving, operators } = parts
  const status = (): OperationsStatus => {
    const shadow = parts.shadow()
    return {
      ...serving.status(),
      freshness: parts.freshness(),
      shadow:
        shadow === undefined
          ? null
          : { source: shadow.source, bundle: shadow.bundle, revision: shadow.revision },
    }
  }
  const allowed = (who: IdentityFacts): void => {
    const why = whyNot(who, operators(), serving.current())
    if (why !== undefined) throw new GatewayError('not_allowed', why)
  }
  const shadowView = (): ShadowReport => {
    const found = parts.shadow()
    if (found !== undefined) return found
    throw new GatewayError('not_found', 'there is no policy in the shadow (policy.shadow)')
  }
  return {
    view: status,
    shadowView,
    status: async (who) => {
      allowed(who)
      return status()
    },
    shadow: async (who) => {
      allowed(who)
      return shadowView()
    },
    activate: async (who) => {
      allowed(who)
      await serving.activate(nameOf(who))
      return status()
    },
    rollback: async (who, reason) => {
      const why = whyNot(who, operators(), serving.current())
      await serving.rollback(nameOf(who), clean(reason), (before) =>
        why === undefined ? undefined : whyNot(who, operators(), before) && why,
      )
      return status()
    },
    pin: async (who, bundle, reason) => {
      allowed(who)
      await serving.pin(nameOf(who), bundle, clean(reason))
      return status()
    },
    unpin: async (who, reason) => {
      allowed(who)
      await serving.unpin(nameOf(who), clean(reason))
      return status()
    },
  }
}

function whyNot(
  who: IdentityFacts,
  operators: readonly string[],
  policy: Policy,
): string | undefined {
  if (!who.groups.some((group) => operators.includes(group))) {
    return `only members of ${operators.join(' or ') || 'no group'} operate policies (policy.operators)`
  }
  const { allow, reason } = policy.mayApprove({ version: 1, verb: 'operate', approver: who })
  return allow ? undefined : reason || 'the policies in force do not allow it'
}

// As approvals are recorded: issuer and subject, which together mean one person.
function nameOf({ issuer, subject }: IdentityFacts): string {
  return JSON.stringify([issuer, subject])
}

// One line of words.
function clean(reason: string): string {
  return reason
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, SERVING_LIMITS.reasonCharacters)
}
