// May this identity open this target at all? Where people must agree, the login waits for them, and opens on
// what they granted: access for a time, which ends with its sessions. Also what can be asked for ahead.
import { hash } from 'node:crypto'
import { canonicalJson } from '../engine/canonical.js'
import { peopleInWords, requirementsOf } from '../engine/schemas/approval-terms.js'
import type { Policy } from '../engine/policy/policy.js'
import type { Decision } from '../engine/schemas/decision.js'
import { ACCESS_LIMITS, holderKey } from './approvals/approvals.js'
import type { AccessAsked, Hold, HoldRequest, Settlement } from './approvals/approvals.js'
import { GatewayError } from './errors.js'
import { expired } from './guard-freshness.js'
import type { GuardParts, Refusal, Waiting, Words } from './guard.js'
import { admissionRefusal, type Judge } from './guard-judgement.js'
import { unrecordable } from './guard-recording.js'
import {
  ABANDONED,
  INTERNAL,
  NOBODY_TO_ASK,
  settlementRefusal,
  tokenRefusal,
  tooManyWaiting,
  UNAVAILABLE,
} from './guard-refusal.js'
import type { Session } from './session.js'

type Entry =
  | { readonly open: true }
  | { readonly open: false; readonly refusal: Refusal }
  | { readonly open: 'held'; readonly policy: Policy; readonly decision: Decision }

type Terms = NonNullable<Decision['approval']>

export type Admission = Refusal | undefined | Promise<Refusal | undefined>

// At once where nobody is to be waited for.
export function admitted(
  parts: GuardParts,
  judge: Judge,
  session: Session,
  waiting: Waiting | undefined,
): Admission {
  const failed = (thrown: unknown): Refusal => {
    parts.onInternal?.(thrown)
    return INTERNAL
  }
  try {
    const entry = entryOf(parts, judge, session)
    if (entry.open === true) return undefined
    if (entry.open === false) return entry.refusal
    if (waiting === undefined) return admissionRefusal(entry.decision)
    return waited(parts, judge, session, waiting).catch(failed)
  } catch (thrown) {
    return failed(thrown)
  }
}

// Whether the access that this session was opened on is over; looked at again when its time has come.
export function accessOver(parts: GuardParts, judge: Judge, session: Session): Refusal | undefined {
  const { access } = session
  if (access === undefined) return undefined
  const now = parts.clock.now()
  if (access.ended === undefined && now < access.untilMs) return undefined
  const policy = parts.policy()
  if (policy === undefined) return UNAVAILABLE
  const decision = judge.admission(session, policy, now)
  if (isOpen(decision)) {
    session.access = restsOn(parts, judge, session, policy, now)
    return undefined
  }
  const ended = access.ended ?? 'its time is over'
  session.access = { ...access, ended }
  return accessEnded(session, ended)
}

function accessEnded({ target }: Session, why: string): Refusal {
  return {
    why: 'not_approved',
    rule: 'sallyport/access-ended',
    message: `access to ${target.name} has ended: ${why}`,
    hint: `ask for it again: sallyport approvals request ${target.name} --for 30m --reason …`,
  }
}

export type Askable =
  | { readonly request: HoldRequest }
  | { readonly refusal: Refusal }
  // Nobody needs to be asked.
  | { readonly free: true }

// What has to be asked of whom before this identity may open the target.
export function askable(
  parts: GuardParts,
  judge: Judge,
  session: Session,
  access: AccessAsked,
): Askable {
  const now = parts.clock.now()
  const policy = parts.policy()
  if (policy === undefined || !parts.recorder.healthy()) return { refusal: UNAVAILABLE }
  const { break_glass: broken, for_ms: wanted = ACCESS_LIMITS.standsMs } = access
  const decision = judge.admission(session, policy, now, {
    // Whoever has access may ask for more of it before it ends.
    grants: [],
    access: { for_ms: wanted, break_glass: broken },
  })
  if (isOpen(decision)) return { free: true }
  const terms = sessionTerms(decision)
  if (terms === undefined) return { refusal: admissionRefusal(decision) ?? UNAVAILABLE }
  if (broken && peopleOf(terms) < ACCESS_LIMITS.breakGlassPeople) {
    return { refusal: TOO_FEW_PEOPLE }
  }
  const given = Math.min(wanted, terms.grant_ms ?? ACCESS_LIMITS.standsMs)
  const minutes = Math.max(1, Math.round(given / 60_000))
  const loud = broken ? 'BREAK GLASS: ' : ''
  const { name, database } = session.target
  const text = `${loud}open ${name}/${database} for ${minutes} min: ${access.reason}`
  return { request: { ...requestOf(session, decision, terms, access, text), session: '' } }
}

const TOO_FEW_PEOPLE: Refusal = {
  why: 'denied',
  rule: 'sallyport/no-break-glass',
  message: 'the policy lets fewer than two people break the glass, so nobody may',
  hint: 'whoever keeps the policies sets a quorum of two or more for it',
}

function peopleOf(terms: Terms): number {
  return requirementsOf(terms).reduce((sum, { count }) => sum + count, 0)
}

function isOpen({ action }: Decision): boolean {
  return action === 'allow' || action === 'mask-fields'
}

// A command alone can be let through once; a target opens for a time or not at all.
function sessionTerms({ action, approval }: Decision): Terms | undefined {
  return action === 'require-approval' && approval?.scope === 'session' ? approval : undefined
}

function entryOf(parts: GuardParts, judge: Judge, session: Session): Entry {
  const now = parts.clock.now()
  const policy = parts.policy()
  const no = (refusal: Refusal): Entry => ({ open: false, refusal })
  if (policy === undefined || !parts.recorder.healthy()) return no(UNAVAILABLE)
  const standing = session.identity.standing(now)
  if (!standing.valid) return no(tokenRefusal(standing))
  const old = expired(parts)
  if (old !== undefined) return no(old)
  const decision = judge.admission(session, policy, now)
  if (isOpen(decision)) {
    const unfilmed = unrecordable(parts, decision)
    if (unfilmed !== undefined) return no(unfilmed)
    session.access = restsOn(parts, judge, session, policy, now)
    return { open: true }
  }
  if (sessionTerms(decision) !== undefined) return { open: 'held', policy, decision }
  return no(admissionRefusal(decision) ?? UNAVAILABLE)
}

// Whether it would not have opened without the grants, and when the first of them ends.
function restsOn(
  parts: GuardParts,
  judge: Judge,
  session: Session,
  policy: Policy,
  now: number,
): Session['access'] {
  const ends = parts.approvals
    .grantsOf(session, now)
    .flatMap(({ until }) => (until === undefined ? [] : [Date.parse(until)]))
  if (ends.length === 0) return undefined
  if (isOpen(judge.admission(session, policy, now, { grants: [] }))) return undefined
  return { untilMs: Math.min(...ends), ended: undefined }
}

async function waited(
  parts: GuardParts,
  judge: Judge,
  session: Session,
  waiting: Waiting,
): Promise<Refusal | undefined> {
  let hold: Hold
  const started = parts.clock.now()
  try {
    // Perhaps it was granted at another gateway a moment ago.
    await parts.approvals.refreshGrants()
    const entry = entryOf(parts, judge, session)
    if (entry.open === true) return undefined
    if (entry.open === false) return entry.refusal
    const { decision } = entry
    const terms = sessionTerms(decision)
    if (terms === undefined) return admissionRefusal(decision)
    if (waiting.signal.aborted) return ABANDONED
    const { name, database } = session.target
    const access = { reason: '', break_glass: false }
    const text = `open ${name}/${database}`
    hold = await parts.approvals.request(requestOf(session, decision, terms, access, text))
    waiting.notice(wordsOf(session, decision, terms, hold, started))
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'limit_exceeded') {
      return tooManyWaiting(thrown)
    }
    parts.onInternal?.(thrown)
    return degraded(parts, judge, session)
  }
  const settlement = await settled(hold, waiting)
  parts.onHold?.(settlement.outcome, parts.clock.now() - started)
  if (waiting.signal.aborted) return ABANDONED
  const refusal = settlementRefusal(settlement)
  if (refusal !== undefined) {
    return { ...refusal, message: `access to ${session.target.name} was not approved` }
  }
  await parts.approvals.refreshGrants().catch((thrown: unknown) => parts.onInternal?.(thrown))
  const entry = entryOf(parts, judge, session)
  if (entry.open === true) return undefined
  return entry.open === false ? entry.refusal : NOT_ENOUGH
}

const NOT_ENOUGH: Refusal = {
  why: 'not_approved',
  rule: 'sallyport/approval',
  message: 'what was approved is not what the policies ask for now',
  hint: 'log in again to ask again',
}

async function settled(hold: Hold, { signal }: Waiting): Promise<Settlement> {
  const abandon = (): void => hold.abandon('the client left')
  signal.addEventListener('abort', abandon, { once: true })
  try {
    if (signal.aborted) abandon()
    return await hold.settled
  } finally {
    signal.removeEventListener('abort', abandon)
  }
}

// Nobody can be asked: the bundle's stricter entrypoint decides alone.
function degraded(parts: GuardParts, judge: Judge, session: Session): Refusal | undefined {
  const policy = parts.policy()
  if (policy === undefined || !parts.recorder.healthy()) return UNAVAILABLE
  const decision = judge.admission(session, policy, parts.clock.now(), { entrypoint: 'degraded' })
  if (isOpen(decision)) return unrecordable(parts, decision)
  return decision.action === 'deny' ? admissionRefusal(decision) : NOBODY_TO_ASK
}

function requestOf(
  session: Session,
  decision: Decision,
  terms: Terms,
  access: AccessAsked,
  text: string,
): HoldRequest {
  const { identity, target } = session
  const rules = decision.rules.map(({ id }) => id)
  const asked = { holder: holderKey(identity.facts), target, rules, terms }
  return {
    session: session.id,
    command: 0,
    digest: `sha256:${hash('sha256', canonicalJson({ ...asked, break_glass: access.break_glass }))}`,
    terms,
    rules: decision.rules,
    requester: identity.facts,
    target,
    text,
    effects: [],
    access,
  }
}

function wordsOf(
  { target }: Session,
  decision: Decision,
  terms: Terms,
  hold: Hold,
  now: number,
): Words {
  const [rule] = decision.rules
  const minutes = Math.max(1, Math.round((hold.expiresAtMs - now) / 60_000))
  return {
    message: `waiting for access to ${target.name}: ${rule?.message ?? 'somebody must agree'}`,
    detail:
      `request ${hold.id}, rule ${rule?.id ?? 'sallyport/undefined'}; ` +
      `${peopleInWords(requirementsOf(terms))} can approve it within ${minutes} min`,
    hint: `sallyport approvals approve ${hold.id}`,
  }
}
