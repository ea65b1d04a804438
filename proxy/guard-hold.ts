// Waits out approvals: asks for each held statement, tells the client how to get an answer, and once
// all are approved judges the message again with the grants in its facts. Whatever changed in between
// makes the approval void.
import { hash } from 'node:crypto'
import { canonicalJson } from '../engine/canonical.js'
import { peopleInWords, requirementsOf } from '../engine/schemas/approval-terms.js'
import type { Policy } from '../engine/policy/policy.js'
import type { Consequence } from '../engine/schemas/consequence.js'
import type { Grant } from '../engine/schemas/facts.js'
import type { Hold, Settlement } from './approvals/approvals.js'
import type { Decided } from './decision-cache.js'
import { GatewayError } from './errors.js'
import { accessOver } from './guard-admission.js'
import type { CommandToJudge, GuardParts, Refusal, Trial, Words } from './guard.js'
import { digestOf, type Judge, type Judgement } from './guard-judgement.js'
import { textOf } from './guard-record.js'
import { maskedAtSource } from './guard-rewrite.js'
import { whyUncapped } from './guard-row-cap.js'
import {
  ABANDONED,
  NOBODY_TO_ASK,
  notApproved,
  refusalOf,
  settlementRefusal,
  tokenRefusal,
  tooManyWaiting,
  UNAVAILABLE,
} from './guard-refusal.js'

export type Ending = {
  readonly judgement: Judgement
  readonly refusal: Refusal | undefined
  // Id of the approval of each command, where it needed one.
  readonly approvals: readonly (string | undefined)[]
  // How many rows each may change, where who approved it said so.
  readonly rowsMax?: readonly (number | undefined)[]
}

export async function heldAnswer(
  parts: GuardParts,
  judge: Judge,
  trial: Trial,
  policy: Policy,
  judgement: Judgement,
): Promise<Ending> {
  const approvals: (string | undefined)[] = []
  const grants: Grant[] = []
  const rowsMax: (number | undefined)[] = []
  for (const [i, decided] of judgement.decided.entries()) {
    const command = trial.commands[i]
    if (command === undefined) throw new Error('a command was lost')
    if (decided.decision.action !== 'require-approval') {
      approvals.push(undefined)
      continue
    }
    const asked = await ask(parts, trial, policy, decided, command, trial.first + i)
    if (asked === 'nobody') return degraded(parts, judge, trial, policy, judgement)
    if ('refusal' in asked) return { judgement, refusal: asked.refusal, approvals }
    approvals.push(asked.id)
    rowsMax[i] = asked.rowsMax
    grants.push(grantOf(asked, decided))
  }
  const refusal = stale(parts, trial) ?? accessOver(parts, judge, trial.session)
  if (refusal !== undefined) return { judgement, refusal, approvals }
  const now = parts.policy()
  if (now?.digest !== policy.digest)
    return underOther(parts, judge, trial, [policy, now], judgement)
  const judged = judge.judged(trial, policy, parts.clock.now(), grants)
  const again = maskedAtSource(trial, judged) ?? judged
  return { judgement: again, refusal: firstRefusal(again, approvals), approvals, rowsMax }
}

function grantOf({ id, scope, approvers }: Given, { decision }: Decided): Grant {
  const grant = { id, scope, approvers: [...approvers].sort() }
  if (scope === 'command') return grant
  return { ...grant, rules: [...new Set(decision.rules.map((rule) => rule.id))].sort() }
}

type Given = {
  readonly id: string
  readonly scope: Grant['scope']
  readonly approvers: readonly string[]
  readonly rowsMax: number | undefined
}

type Asked = 'nobody' | { readonly refusal: Refusal } | Given

async function ask(
  parts: GuardParts,
  trial: Trial,
  policy: Policy,
  decided: Decided,
  command: CommandToJudge,
  number: number,
): Promise<Asked> {
  const { session, waiting } = trial
  const terms = decided.decision.approval
  if (terms === undefined) return { refusal: notApproved('the policy does not say by whom') }
  if (waiting.signal.aborted) return { refusal: ABANDONED }
  const consequence = await lookedAt(waiting, command, terms.preview ?? 'estimate')
  if (waiting.signal.aborted) return { refusal: ABANDONED }
  const uncounted = whyUncapped(command, trial.commands.length)
  const started = parts.clock.now()
  let hold: Hold
  try {
    hold = await parts.approvals.request({
      session: session.id,
      command: number,
      digest: heldDigest(trial, decided, command, policy),
      terms,
      rules: decided.decision.rules,
      requester: session.identity.facts,
      target: session.target,
      text: textOf(command, decided).text,
      effects: decided.facts.effects,
      ...(consequence === undefined ? {} : { consequence }),
      ...(uncounted === undefined ? {} : { uncounted }),
    })
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'limit_exceeded') {
      return { refusal: tooManyWaiting(thrown) }
    }
    // The one thing that may go wrong here has its own answer: the degraded rules decide.
    parts.onInternal?.(thrown)
    return 'nobody'
  }
  const settlement = await settled(hold, trial, wordsOf(decided, hold, started))
  parts.onHold?.(settlement.outcome, parts.clock.now() - started)
  if (waiting.signal.aborted) return { refusal: ABANDONED }
  const refusal = settlementRefusal(settlement)
  if (refusal !== undefined) return { refusal }
  if (settlement.outcome !== 'approved') return 'nobody'
  const { approvers, rowsMax } = settlement
  return { id: hold.id, scope: terms.scope, approvers, rowsMax }
}

// A client that gives up meanwhile does not wait for it.
async function lookedAt(
  waiting: Trial['waiting'],
  command: CommandToJudge,
  which: 'none' | 'estimate' | 'count',
): Promise<Consequence | undefined> {
  if (which === 'none' || waiting.consequence === undefined) return undefined
  const { signal } = waiting
  let leave: () => void = () => undefined
  const left = new Promise<undefined>((resolve) => {
    leave = () => resolve(undefined)
    signal.addEventListener('abort', leave, { once: true })
  })
  const looked = waiting.consequence(command, which).catch(() => undefined)
  const found = await Promise.race([looked, left])
  signal.removeEventListener('abort', leave)
  return found
}

async function settled(hold: Hold, trial: Trial, words: Words): Promise<Settlement> {
  const { waiting } = trial
  const abandon = (): void => hold.abandon('the client cancelled or left')
  waiting.signal.addEventListener('abort', abandon, { once: true })
  try {
    if (waiting.signal.aborted) abandon()
    else waiting.notice(words)
    return await hold.settled
  } finally {
    waiting.signal.removeEventListener('abort', abandon)
  }
}

function wordsOf(decided: Decided, hold: Hold, now: number): Words {
  const rule = decided.decision.rules[0]
  const minutes = Math.max(1, Math.round((hold.expiresAtMs - now) / 60_000))
  const { approval } = decided.decision
  const who = approval === undefined ? 'nobody' : peopleInWords(requirementsOf(approval))
  return {
    message: `held for approval: ${rule?.message ?? 'this command needs approval'}`,
    detail:
      `request ${hold.id}, rule ${rule?.id ?? 'sallyport/undefined'}; ` +
      `${who} can approve it within ${minutes} min; ` +
      'nothing has run yet',
    hint: `sallyport approvals approve ${hold.id}`,
  }
}

// CONTRACT: (command text, bind values, identity, target, facts, bundle).
function heldDigest(
  trial: Trial,
  decided: Decided,
  command: CommandToJudge,
  policy: Policy,
): string {
  const { identity, target } = trial.session
  const bound = canonicalJson({
    text: command.text,
    binds:
      command.binds?.map((value) =>
        value === null ? null : Buffer.from(value).toString('base64'),
      ) ?? null,
    identity: { subject: identity.facts.subject, issuer: identity.facts.issuer },
    target,
    command: { ...decided.facts, digest: digestOf(trial) },
    bundle: policy.digest,
  })
  return `sha256:${hash('sha256', bound)}`
}

// What must still be so when an approval is used.
function stale(parts: GuardParts, trial: Trial): Refusal | undefined {
  const standing = trial.session.identity.standing(parts.clock.now())
  if (!standing.valid) return tokenRefusal(standing)
  if (!parts.recorder.healthy()) return UNAVAILABLE
  if (trial.waiting.signal.aborted) return ABANDONED
  if (trial.waiting.current?.() === false) {
    return notApproved('the database’s names changed while it waited; run it again')
  }
  return undefined
}

const CHANGED = notApproved('the policies changed while it waited; run it again')

// Other policies are in force than those under which it was approved: they decide, and the approval, which was
// bound to the others, counts for nothing. What labels columns have was read under the old ones.
function underOther(
  parts: GuardParts,
  judge: Judge,
  trial: Trial,
  [before, now]: readonly [Policy, Policy | undefined],
  judgement: Judgement,
): Ending {
  if (now === undefined || JSON.stringify(now.labels) !== JSON.stringify(before.labels)) {
    return { judgement, refusal: CHANGED, approvals: [] }
  }
  const again = judge.judged(trial, now, parts.clock.now(), [])
  const refusal = again.decided.map(refusalOf).find((one) => one !== undefined)
  return { judgement: again, refusal: refusal ?? (again.held ? CHANGED : undefined), approvals: [] }
}

// After approval, require-approval is answered where this very command was approved.
function firstRefusal(
  judgement: Judgement,
  approvals: readonly (string | undefined)[],
): Refusal | undefined {
  for (const [i, decided] of judgement.decided.entries()) {
    const refusal = refusalOf(decided)
    if (refusal !== undefined) return refusal
    if (decided.decision.action === 'require-approval' && approvals[i] === undefined) {
      return notApproved('it needs an approval that it did not need before; run it again')
    }
  }
  return undefined
}

// Nobody can be asked: the bundle's stricter entrypoint decides alone.
function degraded(
  parts: GuardParts,
  judge: Judge,
  trial: Trial,
  policy: Policy,
  before: Judgement,
): Ending {
  const now = parts.policy()
  const refusal = stale(parts, trial) ?? (now?.digest === policy.digest ? undefined : CHANGED)
  if (refusal !== undefined) return { judgement: before, refusal, approvals: [] }
  const judgement = judge.judged(trial, policy, parts.clock.now(), [], 'degraded')
  for (const decided of judgement.decided) {
    const denied = refusalOf(decided)
    if (denied !== undefined) return { judgement, refusal: denied, approvals: [] }
    if (decided.decision.action === 'require-approval') {
      return { judgement, refusal: NOBODY_TO_ASK, approvals: [] }
    }
  }
  return { judgement, refusal: undefined, approvals: [] }
}
