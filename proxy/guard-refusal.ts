// The words of each way in which the guard says no. A rule's own message and hint come first; what the
// gateway adds says which rule spoke and what the caller can do.
import type { Policy } from '../engine/policy/policy.js'
import type { Facts } from '../engine/schemas/facts.js'
import type { Settlement } from './approvals/approvals.js'
import type { Decided } from './decision-cache.js'
import type { Refusal } from './guard.js'
import type { Standing } from './identity/identity.js'

export const INTERNAL: Refusal = {
  why: 'unavailable',
  rule: 'sallyport/internal',
  message: 'the gateway could not judge this command, so it was not run',
  hint: 'try again; if it stays so, tell the operators of the gateway',
}

export const UNAVAILABLE: Refusal = {
  why: 'unavailable',
  rule: 'sallyport/unavailable',
  message: 'the gateway cannot record or judge commands at the moment, so this one was not run',
  hint: 'try again shortly',
}

export function tokenRefusal(standing: Extract<Standing, { valid: false }>): Refusal {
  return {
    why: 'token',
    rule: 'sallyport/token',
    message: `the token of this session is no longer valid (${standing.why.replace('_', ' ')})`,
    hint: standing.how,
  }
}

// What would pass, where a policy refuses and has no hint of its own.
export type HintFor = (policy: Policy, facts: Facts) => string | undefined

export function refusalOf(decided: Decided): Refusal | undefined {
  const { decision, exit } = decided
  if (decision.action === 'deny') {
    const rule = decision.rules[0]
    const hint = decided.hint ?? rule?.hint
    const others = decision.rules.slice(1, 6).map(({ id }) => id)
    const also = others.length > 0 ? `; also ${others.join(', ')}` : ''
    return {
      why: 'denied',
      rule: rule?.id ?? 'sallyport/undefined',
      message: `denied: ${rule?.message ?? 'no rule allows this'}`,
      detail: `rule ${rule?.id ?? 'sallyport/undefined'}${also}`,
      ...(hint === undefined ? {} : { hint }),
    }
  }
  if ('refused' in exit && decided.unfiltered !== undefined) {
    return {
      why: 'denied',
      rule: 'sallyport/rows',
      message: `denied: the rows of this command cannot be held to those you may see (${exit.refused})`,
      detail: `rule sallyport/rows`,
      hint: exit.hint ?? 'name the tables in one plain query',
    }
  }
  if ('refused' in exit) {
    return {
      why: 'denied',
      rule: 'sallyport/mask',
      message: `denied: the protected values in this answer cannot be masked (${exit.refused})`,
      detail: `rule sallyport/mask`,
      hint: exit.hint ?? 'select protected columns as they are, or leave them out',
    }
  }
  return undefined
}

// The most severe decision stands for the whole message: one denied statement refuses all.
export function worst(judgement: { readonly decided: readonly Decided[] }): Refusal | undefined {
  for (const decided of judgement.decided) {
    const refusal = refusalOf(decided)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

export const ABANDONED: Refusal = {
  why: 'cancelled',
  rule: 'sallyport/cancelled',
  message: 'canceling statement due to user request',
  detail: 'it was waiting for approval and did not run',
}

export const NOBODY_TO_ASK: Refusal = {
  why: 'not_approved',
  rule: 'sallyport/approval',
  message: 'this command needs approval, and nobody can be asked at the moment',
  hint: 'try again when approvals work again',
}

// Not a fault of the gateway's, so the degraded rules are not asked.
export function tooManyWaiting({ message }: Error): Refusal {
  return {
    why: 'limit',
    rule: 'sallyport/approval',
    message: `this needs approval, and ${message}`,
    hint: 'wait until some of them are settled, or cancel them',
  }
}

export function notApproved(why: string): Refusal {
  return {
    why: 'not_approved',
    rule: 'sallyport/approval',
    message: 'this command was not approved, so it was not run',
    hint: why,
  }
}

export function settlementRefusal(settlement: Settlement): Refusal | undefined {
  switch (settlement.outcome) {
    case 'approved':
      return undefined
    case 'denied':
      return notApproved(
        `denied by ${settlement.by}${settlement.reason === '' ? '' : `: ${settlement.reason}`}`,
      )
    case 'expired':
      return notApproved('nobody answered in time; run it again to ask again')
    case 'void':
      return notApproved(`the request is void: ${settlement.why}`)
  }
}
