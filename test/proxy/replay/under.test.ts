// Each way in which a command can go otherwise under another bundle, and none under the same.
import t from 'tap'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Decision, Mask } from '../../../engine/schemas/decision.js'
import type { Facts, Flow, Operation } from '../../../engine/schemas/facts.js'
import type { FilmEntry, Parting, Shot } from '../../../proxy/replay/film.js'
import { endsBranch, redecided } from '../../../proxy/replay/under.js'
import { ALLOW, BASE, BUNDLE, COMMAND } from '../recording/sample-record.js'
import { DENY, HELD } from './film-lab.js'

const SSN: Mask = { match: 'label:pii', method: 'redact' }
const MASKED: Decision = { ...ALLOW, action: 'mask-fields', masks: [SSN] }
const FLOW: Flow = {
  from: 'public.customers.ssn',
  labels: ['pii.ssn'],
  to: 'output',
  output: 0,
  through: [],
}
const GRANT: Facts['grants'][number] = { id: 'ap-1', scope: 'command', approvers: ['bob'] }

function policyOf(decide: (facts: Facts) => Decision): Policy {
  return {
    id: 9,
    revision: 'r',
    digest: 'sha256:other',
    wasmDigest: '',
    labels: [],
    reads: undefined,
    decide,
    mayApprove: () => ({ allow: false, reason: '' }),
  }
}

function shot(
  decision: Decision,
  changes: Partial<FilmEntry> & {
    readonly flows?: readonly Flow[]
    readonly grants?: Facts['grants']
    readonly op?: Operation
  } = {},
): Shot {
  const { flows = [], grants = [], op = 'read', ...entry } = changes
  const effects = [{ op, object: 'public.customers', kind: 'table' as const }]
  return {
    entry: {
      at: 0,
      time: 0,
      command: 1,
      text: 'SELECT 1',
      redacted: false,
      action: decision.action,
      rules: decision.rules,
      go: decision.action !== 'deny',
      frames: [],
      ...entry,
    },
    facts: { ...BASE, grants, command: { ...COMMAND, effects, flows: [...flows] } },
    decision,
    entrypoint: 'decision',
    bundle: BUNDLE,
    erased: false,
  }
}

async function parting(
  one: Shot,
  under: Decision | ((facts: Facts) => Decision),
  before?: (facts: Facts) => Decision,
): Promise<Parting> {
  const policies = {
    under: policyOf(typeof under === 'function' ? under : () => under),
    before: () => Promise.resolve(before === undefined ? undefined : policyOf(before)),
  }
  return (await redecided(one, policies)).parting
}

const approvedUnless = (facts: Facts): Decision => (facts.grants.length > 0 ? ALLOW : HELD)

t.test('the same decision never parts', async (t) => {
  for (const decision of [ALLOW, DENY, MASKED]) {
    t.equal(await parting(shot(decision, { flows: [FLOW] }), decision), 'same')
  }
  const approved = { approval: { id: 'ap-1', events: [] }, grants: [GRANT] }
  t.equal(await parting(shot(ALLOW, approved), approvedUnless, approvedUnless), 'same')
  t.equal(await parting(shot(HELD, { ...approved, go: true }), HELD, () => HELD), 'same')
  t.equal(await parting(shot(HELD, { go: false, refusal: 'denied by bob' }), HELD), 'same')
})

t.test('what passed and would not have ends the branch', async (t) => {
  t.equal(await parting(shot(ALLOW), DENY), 'denied')
  t.equal(await parting(shot(ALLOW), HELD), 'held')
  t.equal(await parting(shot(MASKED, { flows: [FLOW] }), DENY), 'denied')
  for (const one of ['denied', 'held', 'refused', 'ran'] as const) t.ok(endsBranch(one))
  for (const one of ['same', 'masked', 'unmasked', 'unheld', 'limited'] as const) {
    t.notOk(endsBranch(one))
  }
})

t.test(
  'what did not pass and would have ends it too, since nothing tells what came of it',
  async (t) => {
    t.equal(await parting(shot(DENY), ALLOW), 'ran')
    t.equal(await parting(shot(HELD, { go: false, refusal: 'denied by bob' }), ALLOW), 'ran')
    t.equal(await parting(shot(DENY), HELD), 'held')
    const unmaskable = shot(MASKED, { go: false, refusal: 'sallyport/mask: no' })
    t.equal(await parting(unmaskable, { ...MASKED, rules: [{ id: 'x/y', message: '' }] }), 'same')
    t.equal(await parting(unmaskable, ALLOW), 'ran')
  },
)

t.test('refused both times is the same, whoever refused', async (t) => {
  t.equal(
    await parting(shot(DENY), { ...DENY, rules: [{ id: 'other/rule', message: '' }] }),
    'same',
  )
  t.equal(await parting(shot(HELD, { go: false, refusal: 'expired' }), DENY), 'same')
})

t.test('an approval counts only where the same people would have been asked', async (t) => {
  const approved = shot(ALLOW, { approval: { id: 'ap-1', events: [] }, grants: [GRANT] })
  const others = (facts: Facts): Decision =>
    facts.grants.length > 0
      ? ALLOW
      : { ...HELD, ...(HELD.approval && { approval: { ...HELD.approval, quorum: 2 } }) }
  t.equal(await parting(approved, others, approvedUnless), 'held')
  t.equal(await parting(approved, () => DENY, approvedUnless), 'denied')
  t.equal(await parting(approved, () => ALLOW, approvedUnless), 'unheld')
  t.equal(
    await parting(approved, (facts) => (facts.grants.length > 0 ? DENY : HELD), approvedUnless),
    'denied',
    'approved, and denied when it is used',
  )
})

t.test('an answer that would have looked otherwise parts the films, and goes on', async (t) => {
  t.equal(await parting(shot(ALLOW, { flows: [FLOW] }), MASKED), 'masked')
  t.equal(await parting(shot(MASKED, { flows: [FLOW] }), ALLOW), 'unmasked')
  t.equal(await parting(shot(ALLOW), MASKED), 'same', 'nothing of it is masked')
  const hash: Decision = { ...MASKED, masks: [{ match: 'label:pii', method: 'hash' }] }
  t.equal(await parting(shot(MASKED, { flows: [FLOW] }), hash), 'masked')
  const limit: Decision = { ...ALLOW, limits: { rows_max: 10 } }
  t.equal(await parting(shot(ALLOW, { outcome: { result: 'done', rows: 11 } }), limit), 'limited')
  t.equal(await parting(shot(ALLOW, { outcome: { result: 'done', rows: 10 } }), limit), 'same')
})

t.test(
  'a change that rests on what would have been masked ends the branch; a read goes on',
  async (t) => {
    for (const to of ['predicate', 'write', 'join'] as const) {
      const flows = [{ ...FLOW, to }]
      t.equal(await parting(shot(ALLOW, { flows }), MASKED), 'masked')
      t.equal(await parting(shot(ALLOW, { flows, op: 'update' }), MASKED), 'refused')
    }
    t.equal(
      await parting(shot(ALLOW, { flows: [FLOW], op: 'update' }), MASKED),
      'masked',
      'RETURNING',
    )
    const copied = { flows: [{ ...FLOW, to: 'copy' as const }], op: 'copy_out' as const }
    t.equal(await parting(shot(ALLOW, copied), MASKED), 'masked')
  },
)

t.test('what cannot be computed is said not to be known', async (t) => {
  const trap: Decision = { ...DENY, rules: [{ id: 'sallyport/trap', message: 'it trapped' }] }
  t.equal(await parting(shot(ALLOW), trap), 'unknown')
  const { facts: _, ...without } = shot(ALLOW)
  t.equal(await parting(without, ALLOW), 'unknown')
})
