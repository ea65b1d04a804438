// From commands to decisions: the facts of each, and what the policy says of them, found again where
// nothing that the policy reads has changed.
import { hash } from 'node:crypto'
import type { Entrypoint, Policy } from '../engine/policy/policy.js'
import type { Decision } from '../engine/schemas/decision.js'
import type { Effect, Facts } from '../engine/schemas/facts.js'
import type { Statement } from '../engine/facts/postgres/reading.js'
import { createDecisionCache, keyOf, type Decided } from './decision-cache.js'
import { isStale, type Aged } from './guard-freshness.js'
import { factsOfSession, type Base, type SessionFacts } from './facts-of-session.js'
import type { CommandToJudge, GuardParts, Refusal, Trial } from './guard.js'
import { refusalOf } from './guard-refusal.js'
import { asSent } from './guard-rewrite.js'
import { maskedBinds, withWritten } from './guard-write-back.js'
import { withRows } from './guard-rows.js'
import type { Session } from './session.js'

// What the guard itself remembers of a session.
export type SessionState = {
  readonly facts: SessionFacts
  // Numbers of running commands that touch labelled columns.
  readonly labelled: Set<number>
}

export type Judgement = {
  readonly state: SessionState
  readonly base: Base
  readonly policy: Policy
  // One for each command, in order.
  readonly decided: readonly Decided[]
  readonly held: boolean
}

export type Judge = {
  readonly judged: (
    trial: Trial,
    policy: Policy,
    now: number,
    grants: Facts['grants'],
    entrypoint?: Entrypoint,
  ) => Judgement
  // What the policy says of opening the target; with other grants than those that stand, where given.
  readonly admission: (
    session: Session,
    policy: Policy,
    now: number,
    how?: {
      readonly grants?: Facts['grants']
      readonly access?: NonNullable<Facts['access']>
      readonly entrypoint?: Entrypoint
    },
  ) => Decision
  // So many commands were judged: the next ones see it in their facts.
  readonly counted: (session: Session, commands: number, now: number) => void
  // A command ended with so many rows.
  readonly count: (session: Session, command: number, rows: number) => void
}

// sha256 of the text; with bind values, of the text and each value, lengths first.
export function commandDigest(
  text: string,
  binds: readonly (Uint8Array | null)[] | undefined,
): string {
  if (binds === undefined) return `sha256:${hash('sha256', text)}`
  // One call over one piece of memory: a third of the time of feeding the parts.
  let length = 1 + Buffer.byteLength(text)
  for (const value of binds) length += 4 + (value?.length ?? 0)
  const whole = Buffer.allocUnsafe(length)
  let at = whole.write(text)
  whole[at++] = 0
  for (const value of binds) {
    at = whole.writeInt32BE(value?.length ?? -1, at)
    if (value === null) continue
    whole.set(value, at)
    at += value.length
  }
  return `sha256:${hash('sha256', whole)}`
}

// What judging needs of the guard's parts: nothing that waits, writes or asks anybody.
export type JudgeParts = Pick<
  GuardParts,
  'clock' | 'exitMasksOf' | 'onDecision' | 'hintFor' | 'recordings'
> & {
  readonly approvals: Pick<GuardParts['approvals'], 'grantsOf'>
} & Aged

// What an approval is bound to, and policies may read; most commands go by without.
export function digestOf(trial: Trial): string {
  const [one] = trial.commands
  trial.digest ??= one === undefined ? '' : commandDigest(one.text, one.binds)
  return trial.digest
}

export function createJudge(parts: JudgeParts): Judge {
  const cache = createDecisionCache()
  const states = new WeakMap<Session, SessionState>()

  const stateOf = (session: Session): SessionState => {
    let state = states.get(session)
    if (state === undefined) {
      state = { facts: factsOfSession(session), labelled: new Set() }
      states.set(session, state)
    }
    return state
  }

  const decide = (
    policy: Policy,
    base: Base,
    command: CommandToJudge,
    trial: Trial,
    entrypoint: Entrypoint,
  ): Decided => {
    const { statement, position, of, message } = command
    const started = parts.clock.monotonicUs()
    const key = keyOf(command.reading, position, message === 'extended')
    const written = maskedBinds(command)
    const kept = entrypoint === 'decision' && written === undefined
    const shelf = kept ? cache.shelf(policy, base) : undefined
    const known = shelf?.get(key)
    if (known !== undefined && known.of === statement.command) {
      report(parts, known, parts.clock.monotonicUs() - started, true)
      return known
    }
    const read = cache.command(key, statement, message, position, of)
    const shared = written === undefined ? read : withWritten(read, written)
    const facts = {
      ...base.facts,
      command: shelf === undefined ? { ...shared, digest: digestOf(trial) } : shared,
    }
    const decision = policy.decide(facts, entrypoint)
    const hint =
      entrypoint === 'decision' && lacksHint(decision) ? parts.hintFor?.(policy, facts) : undefined
    const decided: Decided = {
      of: statement.command,
      facts: shared,
      decision,
      entrypoint,
      exit:
        decision.action === 'deny'
          ? { refused: 'denied' }
          : parts.exitMasksOf(statement, decision.masks),
      changes: statement.command.effects.some(changesSomething),
      ...(hint === undefined ? undefined : { hint }),
      labelled: touchesLabels(statement),
    }
    if (shelf !== undefined) cache.keep(shelf, key, decided)
    report(parts, decided, parts.clock.monotonicUs() - started, false)
    return decided
  }

  return {
    judged(trial, policy, now, grants, entrypoint = 'decision') {
      const { session, commands } = trial
      const state = stateOf(session)
      const standing = parts.approvals.grantsOf(session, now)
      const all = grants.length > 0 ? [...standing, ...grants] : standing
      const base = state.facts.base(now, all, isStale(parts))
      const decided = commands.map((command) => {
        const one = decide(policy, base, command, trial, entrypoint)
        const seen = command.sent === undefined ? one : asSent(one, command.sent, parts.exitMasksOf)
        return seen.decision.filters === undefined ? seen : withRows(seen, command)
      })
      const held = decided.some(({ decision }) => decision.action === 'require-approval')
      return { state, base, policy, decided, held }
    },
    admission(session, policy, now, how = {}) {
      const { access, entrypoint = 'decision' } = how
      const grants = how.grants ?? parts.approvals.grantsOf(session, now)
      const { facts } = stateOf(session).facts.base(now, grants, isStale(parts))
      const asked = access === undefined ? {} : { access }
      return policy.decide({ ...facts, stage: 'session', ...asked }, entrypoint)
    },
    counted(session, commands, now) {
      const { facts } = stateOf(session)
      for (let i = 0; i < commands; i++) facts.count(now)
      session.counters.commands += commands
    },
    count(session, command, rows) {
      session.counters.rows += rows
      if (states.get(session)?.labelled.delete(command) === true) {
        session.counters.labelledRows += rows
      }
    },
  }
}

// What a refusal to open a target says is what a denial says.
export function admissionRefusal(decision: Decision): Refusal | undefined {
  return refusalOf({ ...NOTHING, decision: { ...decision, action: 'deny' } })
}

const NOTHING: Omit<Decided, 'decision'> = {
  of: {
    protocol: 'postgres',
    effects: [],
    flows: [],
    unread: [],
    postgres: { tag: '', limited: -1, returns_rows: false },
  },
  facts: {
    protocol: 'postgres',
    digest: '',
    effects: [],
    flows: [],
    unread: [],
    postgres: {
      tag: '',
      message: 'simple',
      position: 1,
      of: 1,
      limited: -1,
      returns_rows: false,
    },
  },
  entrypoint: 'decision',
  exit: { refused: '' },
  changes: false,
  labelled: false,
}

// The gateway's own words for what no rule allows say nothing about the command.
function lacksHint({ action, rules: [rule] }: Decision): boolean {
  if (action !== 'deny' || rule === undefined) return false
  return rule.hint === undefined || rule.id === 'sallyport/not-covered'
}

function report(parts: JudgeParts, decided: Decided, us: number, cached: boolean): void {
  const { action, rules } = decided.decision
  parts.onDecision?.(action, rules[0]?.id ?? '', us, cached)
}

function changesSomething(effect: Effect): boolean {
  switch (effect.op) {
    case 'read':
    case 'explain':
    case 'set':
    case 'transaction':
    case 'listen':
    case 'lock':
      return false
    case 'call':
      return effect.detail !== 'immutable' && effect.detail !== 'stable'
    case 'insert':
    case 'update':
    case 'delete':
    case 'truncate':
    case 'create':
    case 'alter':
    case 'drop':
    case 'grant':
    case 'revoke':
    case 'copy_in':
    case 'copy_out':
    case 'notify':
    case 'execute_program':
    case 'read_file':
    case 'write_file':
    case 'network':
    case 'replicate':
    case 'admin':
    case 'unknown':
      return true
  }
}

function touchesLabels({ command }: Statement): boolean {
  return (
    command.flows.length > 0 ||
    command.effects.some(({ labels }) => labels !== undefined && labels.length > 0)
  )
}
