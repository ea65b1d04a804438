// What a caller may see and do here, as the active policies answer it. Policies that do not know the console
// say nothing to its questions: then one sees what is one's own, and reviewers see sessions, as before there
// was a console.
import type { ApprovalQuestion, ConsoleVerb, Policy } from '../../engine/policy/policy.js'
import type { IdentityFacts } from '../../engine/schemas/facts.js'
import { GatewayError } from '../errors.js'
import type { Identity } from '../identity/identity.js'
import { WEB_LIMITS } from './limits.js'

export type About = Pick<ApprovalQuestion, 'session' | 'as'>

export type Access = {
  // undefined: yes.
  readonly whyNot: (verb: ConsoleVerb, caller: Identity, about?: About) => string | undefined
  readonly may: (verb: ConsoleVerb, caller: Identity, about?: About) => boolean
  // Another one whenever other policies answer.
  readonly version: () => number
  // Throws GatewayError('not_allowed').
  readonly demand: (verb: ConsoleVerb, caller: Identity, about?: About) => void
}

export function createAccess(policy: () => Policy | undefined): Access {
  // Answers depend on the question and the policy alone.
  let of: number | undefined
  const known = new Map<string, string | undefined>()

  const whyNot: Access['whyNot'] = (verb, caller, about = {}) => {
    const active = policy()
    if (active === undefined) return 'no policies are active that could allow it'
    if (of !== active.id) known.clear()
    of = active.id
    const question: ApprovalQuestion = { version: 1, verb, approver: caller.facts, ...about }
    const key = JSON.stringify(question)
    if (known.has(key)) return known.get(key)
    const answer = answered(active, question)
    const [oldest] = known.keys()
    if (known.size >= WEB_LIMITS.knownAnswers && oldest !== undefined) known.delete(oldest)
    known.set(key, answer)
    return answer
  }
  const may: Access['may'] = (...asked) => whyNot(...asked) === undefined
  return {
    whyNot,
    may,
    version: () => policy()?.id ?? -1,
    demand: (...asked) => {
      const why = whyNot(...asked)
      if (why !== undefined) throw new GatewayError('not_allowed', why)
    },
  }
}

function answered(policy: Policy, question: ApprovalQuestion): string | undefined {
  const { allow, reason, verb } = policy.mayApprove(question)
  if (verb !== question.verb) return asBefore(policy, question)
  return allow ? undefined : reason || 'the policies do not allow it'
}

function asBefore(policy: Policy, question: ApprovalQuestion): string | undefined {
  const { verb, approver, session, as } = question
  // Before policies were asked, the configuration alone named who keeps recordings; it still does.
  if (KEEPING.includes(verb)) return undefined
  const isOwn = [session?.identity, as].some((one) => one !== undefined && isSame(one, approver))
  if (isOwn || verb === 'see_targets') return undefined
  const old = OLD_VERBS[verb]
  if (old !== undefined && policy.mayApprove({ version: 1, verb: old, approver }).allow) {
    return undefined
  }
  return 'the active policies do not know the console: they let nobody see this'
}

const KEEPING: readonly ApprovalQuestion['verb'][] = [
  'see_holds',
  'set_hold',
  'lift_hold',
  'delete_recording',
]

// What came closest before.
const OLD_VERBS: Partial<Record<ApprovalQuestion['verb'], 'list' | 'operate'>> = {
  see_session: 'list',
  see_policies: 'operate',
  see_health: 'operate',
}

function isSame(one: IdentityFacts, other: IdentityFacts): boolean {
  return one.subject === other.subject && one.issuer === other.issuer
}
