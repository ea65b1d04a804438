// Judging: a refusal that has no hint of its own gets one, once for each situation, and the decision stays
// the policy's.
import t from 'tap'
import { NO_MASKS } from '../../engine/facts/postgres/exit-masks.js'
import type { Statement } from '../../engine/facts/postgres/reading.js'
import type { Policy } from '../../engine/policy/policy.js'
import type { Decision } from '../../engine/schemas/decision.js'
import type { CommandToJudge, Trial } from '../../proxy/guard.js'
import { createJudge } from '../../proxy/guard-judgement.js'
import { refusalOf } from '../../proxy/guard-refusal.js'
import type { Session } from '../../proxy/session.js'
import { sampleSession } from './sample-session.js'

const statement: Statement = {
  command: {
    protocol: 'postgres',
    effects: [{ op: 'drop', object: 'public.t', kind: 'table' }],
    flows: [],
    unread: [],
    postgres: { tag: 'DROP TABLE', limited: -1, returns_rows: false },
  },
  control: { kind: 'none' },
  outputs: undefined,
  invalidates: { catalogue: false, names: false },
  start: 0,
  end: 10,
}

function judged(rules: Decision['rules'], action: Decision['action'] = 'deny') {
  let hints = 0
  const decision: Decision = { action, rules, masks: [], limits: {} }
  const policy: Policy = {
    id: 1,
    revision: '',
    digest: 'sha256:one',
    wasmDigest: '',
    labels: [],
    reads: ['command.effects'],
    decide: () => decision,
    mayApprove: () => ({ allow: false, reason: '' }),
  }
  const judge = createJudge({
    clock: { now: () => 0, monotonicUs: () => 0 },
    approvals: { grantsOf: () => [] },
    exitMasksOf: () => ({ masks: NO_MASKS }),
    hintFor: () => {
      hints += 1
      return 'do it otherwise'
    },
  })
  const command: CommandToJudge = {
    statement,
    reading: 1,
    text: 'DROP TABLE t',
    binds: undefined,
    message: 'simple',
    position: 1,
    of: 1,
  }
  const trial: Trial = {
    session: SESSION,
    commands: [command],
    waiting: { notice: () => undefined, signal: new AbortController().signal },
    answered: () => undefined,
    first: 1,
    digest: 'sha256:text',
    settled: false,
  }
  const first = judge.judged(trial, policy, 0, []).decided[0]
  judge.judged(trial, policy, 0, [])
  return { decided: first, refusal: first && refusalOf(first), decision, hints }
}

const SESSION: Session = sampleSession()

t.test('a refusal without a hint says what would pass, found once', async (t) => {
  const { refusal, decided, decision, hints } = judged([{ id: 'house/no', message: 'no' }])
  t.match(refusal, { rule: 'house/no', hint: 'do it otherwise' })
  t.equal(hints, 1)
  t.equal(decided?.decision, decision, 'what is recorded is what the policy said')
})

t.test('what no rule allows says more than the composition’s own hint', async (t) => {
  const rule = { id: 'sallyport/not-covered', message: 'no policy allows it', hint: 'ask for one' }
  t.match(judged([rule]).refusal, { hint: 'do it otherwise' })
})

t.test('a rule’s own hint stands, and nothing is looked for', async (t) => {
  const { refusal, hints } = judged([{ id: 'house/no', message: 'no', hint: 'that' }])
  t.match(refusal, { hint: 'that' })
  t.equal(hints, 0)
})

t.test('what is allowed costs no look for a hint', async (t) => {
  t.equal(judged([], 'allow').hints, 0)
})
