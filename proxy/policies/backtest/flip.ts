// Two decisions on the same facts, held against each other: does the second let more through, or less?
// Access is compared, not words: rules that only say something else are no flip.
import { requirementsOf, type ApprovalTerms } from '../../../engine/schemas/approval-terms.js'
import { canonicalJson } from '../../../engine/canonical.js'
import type { RowFilter } from '../../../engine/schemas/row-filter.js'
import type { Action, Decision, Limits, Mask } from '../../../engine/schemas/decision.js'

export type Direction = 'wider' | 'stricter' | 'mixed'

export type Flip = {
  readonly from: Action
  readonly to: Action
  // `mixed`: wider in one respect, stricter in another. Whoever guards access treats it as wider.
  readonly direction: Direction
  // What changed where the action did not, or beside it: `masks: without label:pii` …
  readonly changes: readonly string[]
  // The rule that spoke only before or only after, whichever made the difference.
  readonly rule: string
}

type Change = { readonly wider: boolean; readonly text: string }

// undefined where both give the same access.
export function flipOf(before: Decision, after: Decision): Flip | undefined {
  const [one, other] = [passage(before.action), passage(after.action)]
  const changes: Change[] = []
  if (one !== other) changes.push({ wider: other > one, text: '' })
  // What a denial would have masked or limited means nothing.
  if (one > 0 && other > 0) {
    changes.push(...maskChanges(before.masks, after.masks))
    changes.push(...limitChanges(before.limits, after.limits))
    changes.push(...filterChanges(before.filters ?? [], after.filters ?? []))
    if (before.approval !== undefined && after.approval !== undefined) {
      changes.push(...termChanges(before.approval, after.approval))
    }
  }
  if (changes.length === 0) return undefined
  const wider = changes.some((change) => change.wider)
  const stricter = changes.some((change) => !change.wider)
  const direction = wider ? (stricter ? 'mixed' : 'wider') : 'stricter'
  return {
    from: before.action,
    to: after.action,
    direction,
    changes: changes.map(({ text }) => text).filter((text) => text !== ''),
    rule: causeOf(before, after, direction),
  }
}

// How a flip is called in tables: `deny → allow`, or what changed under the same action.
export function kindOf({ from, to, changes }: Flip): string {
  return from === to ? `${from}: ${changes.join('; ')}` : `${from} → ${to}`
}

function passage(action: Action): 0 | 1 | 2 {
  switch (action) {
    case 'deny':
      return 0
    case 'require-approval':
      return 1
    case 'mask-fields':
    case 'allow':
      return 2
  }
}

// How little a mask leaves: of the values, of the columns that it speaks of, and of what may be asked of them.
function strength(mask: Mask): number {
  const open = mask.tier === 'output' ? 0.5 : 0
  return ofMethod(mask) - open - 0.001 * (mask.except?.length ?? 0)
}

// Equal tokens and hashes tell that values are equal.
function ofMethod(mask: Mask): number {
  switch (mask.method) {
    case 'redact':
    case 'null':
    case 'constant':
      return 30
    case 'token':
      return 20
    case 'hash':
      return 19
    case 'partial':
      return 10 - (mask.keep ?? 0)
    case 'generalise':
      return 1 + ofGeneral(mask)
  }
}

function ofGeneral({ period, width, keep = 0, network }: Mask): number {
  const ofPeriod = { year: 0.03, quarter: 0.02, month: 0.01 }
  return (
    (period === undefined ? 0.04 : ofPeriod[period]) +
    (width === undefined ? 0.14 : Math.log10(width) / 100) +
    (network === undefined ? 0.04 : (32 - network) / 1000) -
    keep / 100
  )
}

function maskChanges(before: readonly Mask[], after: readonly Mask[]): readonly Change[] {
  const [one, other] = [strengths(before), strengths(after)]
  return [...new Set([...one.keys(), ...other.keys()])].sort().flatMap((match) => {
    const [was, is] = [one.get(match) ?? 0, other.get(match) ?? 0]
    if (was === is) return []
    const text =
      is === 0 ? `without ${match}` : was === 0 ? `with ${match}` : `${match} by another method`
    return [{ wider: is < was, text: `masks: ${text}` }]
  })
}

function strengths(masks: readonly Mask[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const mask of masks) {
    found.set(mask.match, Math.max(found.get(mask.match) ?? 0, strength(mask)))
  }
  return found
}

// Filters hold together: one more shows fewer rows. Another one of the same relation may show others.
function filterChanges(
  before: readonly RowFilter[],
  after: readonly RowFilter[],
): readonly Change[] {
  const [one, other] = [before, after].map(
    (filters) => new Map(filters.map((filter) => [canonicalJson(filter), filter])),
  )
  const only = (from: typeof one, to: typeof other, wider: boolean, word: string): Change[] =>
    [...(from ?? [])]
      .filter(([key]) => to?.has(key) !== true)
      .map(([, { relation }]) => ({ wider, text: `filters: ${word} one of ${relation}` }))
  return [...only(one, other, true, 'without'), ...only(other, one, false, 'with')]
}

const LIMITS = ['rows_max', 'bytes_max', 'timeout_ms'] as const

function limitChanges(before: Limits, after: Limits): readonly Change[] {
  return LIMITS.flatMap((name) => {
    const [was, is] = [before[name] ?? Infinity, after[name] ?? Infinity]
    if (was === is) return []
    const text = `limits: ${name} ${shownLimit(was)} → ${shownLimit(is)}`
    return [{ wider: is > was, text }]
  })
}

function shownLimit(value: number): string {
  return value === Infinity ? 'none' : String(value)
}

function termChanges(before: ApprovalTerms, after: ApprovalTerms): readonly Change[] {
  const changes: Change[] = []
  const add = (wider: boolean, text: string): void => void changes.push({ wider, text })
  const added = after.approvers.filter((group) => !before.approvers.includes(group)).sort()
  const gone = before.approvers.filter((group) => !after.approvers.includes(group)).sort()
  if (added.length > 0) add(true, `approval: also by ${added.join(', ')}`)
  if (gone.length > 0) add(false, `approval: not by ${gone.join(', ')}`)
  const [was, is] = [before.quorum, after.quorum]
  if (was !== is) add(is < was, `approval: quorum ${was} → ${is}`)
  if (before.expires_ms !== after.expires_ms) {
    const times = `${before.expires_ms} → ${after.expires_ms}`
    add(after.expires_ms > before.expires_ms, `approval: expires_ms ${times}`)
  }
  if (before.reason_required !== after.reason_required) {
    add(
      !after.reason_required,
      `approval: reason ${after.reason_required ? 'required' : 'optional'}`,
    )
  }
  if (before.scope !== after.scope) {
    add(after.scope === 'session', `approval: for a ${after.scope} instead of a ${before.scope}`)
  }
  changes.push(...peopleChanges(before, after), ...laterChanges(before, after))
  return changes
}

// Beyond what the groups and the quorum as a whole tell: who of which groups.
function peopleChanges(before: ApprovalTerms, after: ApprovalTerms): readonly Change[] {
  if (before.groups === undefined && after.groups === undefined) return []
  const words = (terms: ApprovalTerms): readonly string[] =>
    requirementsOf(terms).map(({ any_of: groups, count }) => `${count} of ${groups.join(' or ')}`)
  const [was, is] = [words(before), words(after)]
  return [
    ...was
      .filter((one) => !is.includes(one))
      .map((one) => ({ wider: true, text: `approval: without ${one}` })),
    ...is
      .filter((one) => !was.includes(one))
      .map((one) => ({ wider: false, text: `approval: with ${one}` })),
  ]
}

function laterChanges(before: ApprovalTerms, after: ApprovalTerms): readonly Change[] {
  const changes: Change[] = []
  const standsMs = (terms: ApprovalTerms): number =>
    terms.scope === 'session' ? (terms.grant_ms ?? Infinity) : 0
  if (before.scope === after.scope && standsMs(before) !== standsMs(after)) {
    const times = `${shownLimit(standsMs(before))} → ${shownLimit(standsMs(after))}`
    changes.push({ wider: standsMs(after) > standsMs(before), text: `approval: grant_ms ${times}` })
  }
  const later = ({ escalate }: ApprovalTerms): readonly string[] => [...(escalate?.to ?? [])].sort()
  const gained = later(after).filter((group) => !later(before).includes(group))
  const lost = later(before).filter((group) => !later(after).includes(group))
  if (gained.length > 0) {
    changes.push({ wider: true, text: `approval: later also by ${gained.join(', ')}` })
  }
  if (lost.length > 0) {
    changes.push({ wider: false, text: `approval: later not by ${lost.join(', ')}` })
  }
  const afterMs = [before.escalate?.after_ms, after.escalate?.after_ms] as const
  if (afterMs[0] !== undefined && afterMs[1] !== undefined && afterMs[0] !== afterMs[1]) {
    const text = `approval: later is after ${afterMs[0]} → ${afterMs[1]} ms`
    changes.push({ wider: afterMs[1] < afterMs[0], text })
  }
  return changes
}

// Wider: a rule no longer speaks. Stricter: one speaks that did not. Where both name the same rules, data
// or terms made the difference, and the first that speaks is named.
function causeOf(before: Decision, after: Decision, direction: Direction): string {
  const ids = (decision: Decision): readonly string[] => decision.rules.map((rule) => rule.id)
  const gone = ids(before).find((id) => !ids(after).includes(id))
  const came = ids(after).find((id) => !ids(before).includes(id))
  const found = direction === 'stricter' ? (came ?? gone) : (gone ?? came)
  return found ?? ids(after)[0] ?? ids(before)[0] ?? '(no rule)'
}
