// What must hold of every policy, whatever its rules are: each is a question asked of generated facts, and
// answers with what is wrong, or with nothing.
import { canonicalJson } from '../../../engine/canonical.js'
import { isBroken } from '../../../engine/policy/decide.js'
import type { Entrypoint, Policy } from '../../../engine/policy/policy.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import { OPERATIONS, type Effect, type Facts } from '../../../engine/schemas/facts.js'
import type { OpaDecision } from './opa-decisions.js'

export type PropertyParts = {
  readonly policy: Policy
  // Of the same sources, their files in another order.
  readonly reordered: Policy
}

export type Property = {
  readonly name: string
  // A failure of it says that OPA and Wasm disagree.
  readonly differs?: true
  readonly check: (facts: Facts, parts: PropertyParts, opa: OpaDecision | undefined) => Found
  // Whether it asks for OPA's answer.
  readonly byOpa: boolean
}

// What was expected and what came; undefined where it holds.
export type Found = { readonly expected: string; readonly came: string } | undefined

const ENTRYPOINTS = ['decision', 'degraded'] as const
const SEVERITY = { allow: 0, 'mask-fields': 1, 'require-approval': 2, deny: 3 } as const

export const PROPERTIES: readonly Property[] = [
  { name: 'every decision is well-formed', byOpa: false, check: wellFormed },
  { name: 'the order of files changes nothing', byOpa: false, check: orderless },
  { name: 'an allow needs every effect covered', byOpa: false, check: covered },
  { name: 'degraded is never weaker', byOpa: false, check: neverWeaker },
  { name: 'a denial wins', byOpa: true, check: denialWins },
  { name: 'the Wasm decides as OPA does', byOpa: true, differs: true, check: asOpa },
]

function wellFormed(facts: Facts, { policy }: PropertyParts): Found {
  for (const entrypoint of ENTRYPOINTS) {
    const found = policy.decide(facts, entrypoint)
    if (isBroken(found)) {
      const rule = found.rules[0]
      return {
        expected: `a ${entrypoint} that fits schemas/decision.json, within its fuel`,
        came: `${rule?.id ?? ''}: ${rule?.message ?? ''}`,
      }
    }
  }
  return undefined
}

function orderless(facts: Facts, { policy, reordered }: PropertyParts): Found {
  for (const entrypoint of ENTRYPOINTS) {
    const one = JSON.stringify(policy.decide(facts, entrypoint))
    const other = JSON.stringify(reordered.decide(facts, entrypoint))
    if (one !== other) {
      return { expected: `the same bytes whatever files are called: ${one}`, came: other }
    }
  }
  return undefined
}

// An effect of an operation that the command has not, and that alone is denied, must deny the whole.
function covered(facts: Facts, { policy }: PropertyParts): Found {
  const { command } = facts
  if (command === undefined || policy.decide(facts, 'decision').action === 'deny') return undefined
  const ops = new Set(command.effects.map(({ op }) => op))
  for (const op of OPERATIONS) {
    if (ops.has(op)) continue
    const effect: Effect = { op, object: 'nowhere.nothing', kind: 'other' }
    const alone = { ...facts, command: { ...command, effects: [effect], flows: [], unread: [] } }
    if (policy.decide(alone, 'decision').action !== 'deny') continue
    const both = { ...facts, command: { ...command, effects: [...command.effects, effect] } }
    const { action } = policy.decide(both, 'decision')
    if (action !== 'deny') {
      return {
        expected: `deny, once the command also does “${op} other nowhere.nothing”, which alone is denied`,
        came: action,
      }
    }
  }
  return undefined
}

function neverWeaker(facts: Facts, { policy }: PropertyParts): Found {
  const decision = policy.decide(facts, 'decision')
  const degraded = policy.decide(facts, 'degraded')
  const weaker = weakerIn(decision, degraded)
  if (weaker === undefined) return undefined
  return {
    expected: `degraded to be at least as strict: ${inBrief(decision)}`,
    came: `${weaker}: ${inBrief(degraded)}`,
  }
}

function weakerIn(decision: Decision, degraded: Decision): string | undefined {
  if (SEVERITY[degraded.action] < SEVERITY[decision.action]) return 'a weaker action'
  if (degraded.action === 'deny') return undefined
  const masks = new Set(degraded.masks.map(canonicalJson))
  const bare = decision.masks.find((mask) => !masks.has(canonicalJson(mask)))
  if (bare !== undefined) return `without the mask of ${bare.match}`
  for (const name of ['rows_max', 'bytes_max', 'timeout_ms'] as const) {
    const [limit, other] = [decision.limits[name], degraded.limits[name]]
    if (limit !== undefined && (other === undefined || other > limit)) return `a wider ${name}`
  }
  return undefined
}

function denialWins(facts: Facts, { policy }: PropertyParts, opa: OpaDecision | undefined): Found {
  if (opa === undefined || 'error' in opa || opa.denials.length === 0) return undefined
  const found = policy.decide(facts, 'decision')
  if (found.action !== 'deny') {
    return { expected: `deny, since ${opa.denials.join(', ')} speaks`, came: inBrief(found) }
  }
  const ids = found.rules.map(({ id }) => id)
  const silent = opa.denials.filter((id) => !ids.includes(id))
  if (isBroken(found) || silent.length === 0) return undefined
  return {
    expected: `every rule of deny that speaks to be named: ${opa.denials.join(', ')}`,
    came: inBrief(found),
  }
}

function asOpa(facts: Facts, { policy }: PropertyParts, opa: OpaDecision | undefined): Found {
  for (const entrypoint of ENTRYPOINTS) {
    const found = differenceFrom(opa, policy.decide(facts, entrypoint), entrypoint)
    if (found !== undefined) return found
  }
  return undefined
}

// Of what the Wasm decided from what OPA did. What fails in both is no difference.
export function differenceFrom(
  opa: OpaDecision | undefined,
  found: Decision,
  entrypoint: Entrypoint,
): Found {
  if (opa === undefined) return undefined
  const came = `in Wasm: ${inBrief(found)}`
  if ('error' in opa) {
    return isBroken(found) ? undefined : { expected: `in OPA: an error (${opa.error})`, came }
  }
  const [wanted] = opa[entrypoint]
  if (wanted === undefined) {
    if (isBroken(found)) return undefined
    return { expected: `in OPA: no ${entrypoint} at all`, came }
  }
  // Malformed in both is malformed, not different.
  if (canonicalJson(found) === canonicalJson(wanted)) return undefined
  if (found.rules[0]?.id === 'sallyport/malformed-decision') return undefined
  const words = isDecision(wanted) ? inBrief(wanted) : JSON.stringify(wanted)
  return { expected: `in OPA, asked for a ${entrypoint}: ${words}`, came }
}

export function inBrief({ action, rules, masks, limits }: Decision): string {
  const parts = [
    rules.map(({ id, message }) => `${id} “${message}”`).join(', '),
    masks.length === 0 ? '' : `masks ${masks.map(({ match }) => match).join(', ')}`,
    Object.keys(limits).length === 0 ? '' : `limits ${JSON.stringify(limits)}`,
  ].filter((part) => part !== '')
  return parts.length === 0 ? action : `${action} (${parts.join('; ')})`
}

// Enough of one to be told in words.
function isDecision(value: unknown): value is Decision {
  if (typeof value !== 'object' || value === null) return false
  if (!('action' in value) || !('rules' in value && 'masks' in value && 'limits' in value))
    return false
  return (
    Array.isArray(value.rules) && Array.isArray(value.masks) && typeof value.limits === 'object'
  )
}
