// The guard's promises: recorded before let go, one denial refuses all, approvals bind, whatever fails
// is a denial.
import t from 'tap'
import { NO_MASKS } from '../../engine/facts/postgres/exit-masks.js'
import type { Statement } from '../../engine/facts/postgres/reading.js'
import type { Policy } from '../../engine/policy/policy.js'
import type { Decision } from '../../engine/schemas/decision.js'
import type { Effect, Facts } from '../../engine/schemas/facts.js'
import type { HoldRequest, Settlement } from '../../proxy/approvals/approvals.js'
import { createGuard, type Answer, type CommandToJudge, type Guard } from '../../proxy/guard.js'
import { commandDigest } from '../../proxy/guard-judgement.js'
import type { CommandRecord, Durability, Written } from '../../proxy/recording/recorder.js'
import type { Session } from '../../proxy/session.js'
import { sampleSession } from './sample-session.js'

const ALLOW: Decision = { action: 'allow', rules: [], masks: [], limits: {} }
const DENY: Decision = {
  ...ALLOW,
  action: 'deny',
  rules: [{ id: 'test/no', message: 'not this', hint: 'that' }],
}
const HOLD: Decision = {
  ...ALLOW,
  action: 'require-approval',
  rules: [{ id: 'test/ask', message: 'ask first' }],
  approval: {
    approvers: ['dba'],
    quorum: 1,
    expires_ms: 60_000,
    reason_required: false,
    scope: 'command',
  },
}

function made() {
  const world = {
    now: Date.UTC(2026, 10, 24, 12),
    decide: (_facts: Facts, _entrypoint: string): Decision => ALLOW,
    decisions: 0,
    healthy: true,
    valid: true,
    failing: undefined as Error | undefined,
    digest: 'sha256:one',
    policyId: 1,
    reads: ['command.effects', 'identity.kind'] as readonly string[] | undefined,
    records: [] as CommandRecord[],
    durabilities: [] as Durability[],
    written: [] as Written[],
    holds: [] as HoldRequest[],
    settle: (_settlement: Settlement): void => undefined,
    abandoned: '',
    reachable: true,
    policyThere: true,
  }
  const policy = (): Policy | undefined =>
    !world.policyThere
      ? undefined
      : {
          id: world.policyId,
          revision: '',
          digest: world.digest,
          wasmDigest: '',
          labels: [],
          reads: world.reads,
          decide: (facts, entrypoint) => {
            world.decisions++
            return world.decide(facts, entrypoint)
          },
          mayApprove: () => ({ allow: true, reason: '' }),
        }
  const guard = createGuard({
    clock: { now: () => world.now, monotonicUs: () => 0 },
    policy,
    durability: 'changes',
    exitMasksOf: (_statement, masks) =>
      masks.length > 1 ? { refused: 'too many' } : { masks: NO_MASKS },
    recorder: {
      command(record, durability, written) {
        world.records.push(record)
        world.durabilities.push(durability)
        world.written.push(written)
      },
      outcome: () => undefined,
      session: () => undefined,
      approval: (_event, written) => written(undefined),
      bundle: () => undefined,
      shadow: () => undefined,
      recording: () => undefined,
      incident: () => undefined,
      healthy: () => world.healthy,
      lag: () => 0,
      close: () => Promise.resolve(),
    },
    approvals: {
      request: async (request) => {
        if (!world.reachable) throw new Error('nobody there')
        world.holds.push(request)
        const settled = new Promise<Settlement>((resolve) => (world.settle = resolve))
        return {
          id: `h${world.holds.length}`,
          expiresAtMs: world.now + 60_000,
          settled,
          abandon: (why) => {
            world.abandoned = why
            world.settle({ outcome: 'void', why })
          },
        }
      },
      grantsOf: () => [],
      refreshGrants: () => Promise.resolve(),
      pending: () => 0,
    },
  })
  const session: Session = sampleSession({
    standing: () =>
      world.valid ? { valid: true } : { valid: false, why: 'expired', how: 'log in' },
  })
  return { world, guard, session }
}

function commandOf(op: Effect['op'], more: Partial<CommandToJudge> = {}): CommandToJudge {
  const statement: Statement = {
    command: {
      protocol: 'postgres',
      effects: [{ op, object: 'public.t', kind: 'table' }],
      flows: [],
      unread: [],
      postgres: { tag: op.toUpperCase(), limited: -1, returns_rows: op === 'read' },
    },
    control: { kind: 'none' },
    outputs: undefined,
    invalidates: { catalogue: false, names: false },
    start: 0,
    end: 10,
  }
  return {
    statement,
    reading: 1,
    text: `${op} it now`,
    binds: undefined,
    message: 'simple',
    position: 1,
    of: 1,
    ...more,
  }
}

function judge(guard: Guard, session: Session, commands: readonly CommandToJudge[]) {
  const controller = new AbortController()
  const seen = {
    answers: [] as Answer[],
    notices: [] as string[],
    current: true,
    abort: () => controller.abort(),
  }
  guard.judge(
    session,
    commands,
    {
      notice: ({ message, hint }) => void seen.notices.push(`${message} | ${hint ?? ''}`),
      signal: controller.signal,
      current: () => seen.current,
    },
    (answer) => void seen.answers.push(answer),
  )
  return seen
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

t.test('nothing is answered before the intent is written', async (t) => {
  const { world, guard, session } = made()
  const seen = judge(guard, session, [commandOf('read')])
  t.equal(seen.answers.length, 0)
  world.written[0]?.(undefined)
  t.match(seen.answers, [{ go: true, commands: [{ command: 1 }] }])
  t.match(world.records[0], { session: 's', command: 1, go: true, bundle: 'sha256:one' })
})

t.test('the digest is written down where the recorded text does not say it', async (t) => {
  const { world, guard, session } = made()
  const one = commandOf('read')
  const binds = { ...one, message: 'extended' as const, binds: [Buffer.from('1')] }
  for (const command of [one, { ...one, text: "SELECT '4111 1111 1111 1111'" }, binds]) {
    judge(guard, session, [command])
  }
  const [told, hidden, bound] = world.records.map(({ facts }) => facts.overrides['command.digest'])
  t.equal(told, undefined)
  t.equal(hidden, commandDigest("SELECT '4111 1111 1111 1111'", undefined))
  t.equal(bound, commandDigest(one.text, binds.binds))
})

t.test('what cannot be recorded does not run', async (t) => {
  const { world, guard, session } = made()
  const seen = judge(guard, session, [commandOf('read')])
  world.written[0]?.(new Error('disk full'))
  t.match(seen.answers, [{ go: false, refusal: { why: 'unavailable' } }])
  world.healthy = false
  t.match(judge(guard, session, [commandOf('read')]).answers, [
    { go: false, refusal: { why: 'unavailable' } },
  ])
  t.equal(world.records.length, 1)
})

t.test('no bundle, no command', async (t) => {
  const { world, guard, session } = made()
  world.policyThere = false
  t.match(judge(guard, session, [commandOf('read')]).answers, [{ go: false }])
})

t.test('changes wait for the disk, reads do not', async (t) => {
  const { world, guard, session } = made()
  judge(guard, session, [commandOf('read')])
  judge(guard, session, [commandOf('update', { reading: 2 })])
  t.same(world.durabilities, ['os', 'disk'])
})

t.test('an expired token refuses, and says how to renew', async (t) => {
  const { world, guard, session } = made()
  world.valid = false
  const seen = judge(guard, session, [commandOf('read')])
  world.written[0]?.(undefined)
  t.match(seen.answers, [{ go: false, refusal: { why: 'token', hint: 'log in' } }])
  t.match(world.records, [{ go: false, refusal: /token/ }])
})

t.test('one denied statement refuses the whole message, each with its own record', async (t) => {
  const { world, guard, session } = made()
  world.decide = ({ command }) => (command?.effects[0]?.op === 'drop' ? DENY : ALLOW)
  const seen = judge(guard, session, [
    commandOf('read', { of: 2 }),
    commandOf('drop', { of: 2, position: 2 }),
  ])
  world.written[0]?.(undefined)
  t.equal(seen.answers.length, 0)
  world.written[1]?.(undefined)
  t.match(seen.answers, [{ go: false, refusal: { rule: 'test/no', hint: 'that' } }])
  t.same(
    world.records.map(({ go }) => go),
    [false, false],
  )
  t.equal(session.counters.denials, 1)
})

t.test('a value that cannot be masked is refused', async (t) => {
  const { world, guard, session } = made()
  const mask = { match: 'label:pii', method: 'redact' } as const
  world.decide = () => ({ ...ALLOW, action: 'mask-fields', masks: [mask, mask] })
  const seen = judge(guard, session, [commandOf('read')])
  world.written[0]?.(undefined)
  t.match(seen.answers, [{ go: false, refusal: { rule: 'sallyport/mask' } }])
})

t.test('a decision is found again only where nothing that the policy reads differs', async (t) => {
  const { world, guard, session } = made()
  const one = commandOf('read')
  judge(guard, session, [one])
  judge(guard, session, [one])
  t.equal(world.decisions, 1)
  judge(guard, session, [commandOf('read', { reading: 2 })])
  t.equal(world.decisions, 2)
  world.policyId = 2
  judge(guard, session, [one])
  t.equal(world.decisions, 3)
  const agent = {
    ...session,
    identity: { ...session.identity, facts: { ...session.identity.facts, kind: 'agent' as const } },
  }
  judge(guard, agent, [one])
  t.equal(world.decisions, 4)
  world.reads = undefined
  world.policyId = 3
  judge(guard, session, [one])
  judge(guard, session, [one])
  t.equal(world.decisions, 6)
})

t.test('a policy that reads the digest sees each command’s own', async (t) => {
  const { world, guard, session } = made()
  world.reads = ['command.digest']
  const digests: (string | undefined)[] = []
  world.decide = ({ command }) => {
    digests.push(command?.digest)
    return ALLOW
  }
  judge(guard, session, [commandOf('read', { text: 'a' })])
  judge(guard, session, [commandOf('read', { text: 'b' })])
  t.equal(new Set(digests).size, 2)
  t.notMatch(digests, [''])
})

t.test('an approved command goes, with the approval in its record', async (t) => {
  const { world, guard, session } = made()
  world.decide = ({ grants }) => (grants.length > 0 ? ALLOW : HOLD)
  const seen = judge(guard, session, [commandOf('drop')])
  await turn()
  t.match(seen.notices, [/held for approval: ask first.*sallyport approvals approve h1/])
  t.equal(world.records.length, 0)
  world.settle({ outcome: 'approved', approvers: ['ann'], reason: '' })
  await turn()
  world.written[0]?.(undefined)
  t.match(seen.answers, [{ go: true }])
  t.match(world.records, [
    { go: true, approval: 'h1', facts: { base: { grants: [{ id: 'h1' }] } } },
  ])
})

t.test('the approval binds text, values, caller, target, facts and bundle', async (t) => {
  const { world, guard, session } = made()
  world.decide = () => HOLD
  const ask = async (command: CommandToJudge, who: Session = session): Promise<string> => {
    judge(guard, who, [command])
    await turn()
    return world.holds.at(-1)?.digest ?? ''
  }
  const digests = [
    await ask(commandOf('drop')),
    await ask(commandOf('drop', { text: 'drop it, now' })),
    await ask(commandOf('drop', { binds: [Buffer.from('1')] })),
    await ask(commandOf('drop', { binds: [Buffer.from('2')] })),
    await ask(commandOf('drop', { binds: [null] })),
    await ask(commandOf('truncate')),
    await ask(commandOf('drop'), { ...session, target: { ...session.target, name: 'u' } }),
  ]
  world.digest = 'sha256:two'
  digests.push(await ask(commandOf('drop')))
  t.equal(new Set(digests).size, digests.length)
})

t.test('what changed while it waited makes the approval void', async (t) => {
  const changes: Record<string, (at: MadeForChange) => void> = {
    'the bundle': ({ world }) => (world.digest = 'sha256:two'),
    'the token': ({ world }) => (world.valid = false),
    'the record': ({ world }) => (world.healthy = false),
    'the names': ({ seen }) => (seen.current = false),
    'the decision': ({ world }) => (world.decide = () => DENY),
  }
  for (const [what, change] of Object.entries(changes)) {
    const { world, guard, session } = made()
    world.decide = ({ grants }) => (grants.length > 0 ? ALLOW : HOLD)
    const seen = judge(guard, session, [commandOf('drop')])
    await turn()
    change({ world, seen })
    world.settle({ outcome: 'approved', approvers: ['ann'], reason: '' })
    await turn()
    for (const written of world.written) written(undefined)
    t.match(seen.answers, [{ go: false }], what)
    t.notOk(
      world.records.some(({ go }) => go),
      what,
    )
  }
})

t.test('other policies that came while it waited decide for themselves', async (t) => {
  const afterwards = async (then: Decision) => {
    const { world, guard, session } = made()
    world.decide = () => HOLD
    const seen = judge(guard, session, [commandOf('drop')])
    await turn()
    world.digest = 'sha256:two'
    world.policyId++
    world.decide = ({ grants }) => (grants.length > 0 ? ALLOW : then)
    world.settle({ outcome: 'approved', approvers: ['ann'], reason: '' })
    await turn()
    for (const written of world.written) written(undefined)
    return { answers: seen.answers, records: world.records }
  }
  const allowed = await afterwards(ALLOW)
  t.match(allowed.answers, [{ go: true }], 'it needs no approval any more')
  t.match(allowed.records, [{ go: true, bundle: 'sha256:two', decision: { action: 'allow' } }])
  t.match((await afterwards(DENY)).records, [{ go: false, bundle: 'sha256:two' }])
  const held = await afterwards(HOLD)
  t.match(held.answers, [{ go: false, refusal: { why: 'not_approved', hint: /changed/ } }])
  t.equal(held.records.length, 1)
})

t.test('denied, expired, cancelled: not run, and recorded so', async (t) => {
  const ends: readonly Settlement[] = [
    { outcome: 'denied', by: 'ann', reason: 'no' },
    { outcome: 'expired' },
    { outcome: 'void', why: 'x' },
  ]
  for (const end of ends) {
    const { world, guard, session } = made()
    world.decide = () => HOLD
    const seen = judge(guard, session, [commandOf('drop')])
    await turn()
    world.settle(end)
    await turn()
    world.written[0]?.(undefined)
    t.match(seen.answers, [{ go: false, refusal: { why: 'not_approved' } }])
    t.match(world.records, [{ go: false, refusal: /approval/ }])
  }
  const { world, guard, session } = made()
  world.decide = () => HOLD
  const seen = judge(guard, session, [commandOf('drop')])
  await turn()
  seen.abort()
  await turn()
  world.written[0]?.(undefined)
  t.match(seen.answers, [{ go: false, refusal: { why: 'cancelled' } }])
  t.match(world.abandoned, /cancelled or left/)
})

t.test('every held statement of a message needs its own approval', async (t) => {
  const { world, guard, session } = made()
  world.decide = () => HOLD
  const seen = judge(guard, session, [
    commandOf('drop', { of: 2 }),
    commandOf('drop', { of: 2, position: 2 }),
  ])
  await turn()
  world.settle({ outcome: 'approved', approvers: ['ann'], reason: '' })
  await turn()
  t.equal(world.holds.length, 2)
  t.equal(seen.answers.length, 0)
  world.settle({ outcome: 'denied', by: 'ann', reason: '' })
  await turn()
  for (const written of world.written) written(undefined)
  t.match(seen.answers, [{ go: false }])
})

t.test('where nobody can be asked the degraded rules decide', async (t) => {
  for (const [degraded, go] of [
    [ALLOW, true],
    [DENY, false],
    [HOLD, false],
  ] as const) {
    const { world, guard, session } = made()
    world.reachable = false
    world.decide = (_facts, entrypoint) => (entrypoint === 'degraded' ? degraded : HOLD)
    const seen = judge(guard, session, [commandOf('drop')])
    await turn()
    world.written[0]?.(undefined)
    t.equal(seen.answers[0]?.go, go)
    t.match(world.records, [{ entrypoint: 'degraded', go }])
  }
})

t.test('whatever is thrown is a denial', async (t) => {
  const { world, guard, session } = made()
  world.decide = () => {
    throw new Error('trap')
  }
  const { answers } = judge(guard, session, [commandOf('read')])
  t.match(answers, [{ go: false, refusal: { rule: 'sallyport/internal' } }])
  t.match(guard.preview(session, commandOf('read')), {
    refusal: { rule: 'sallyport/internal' },
  })
  t.match(guard.admit(session), { rule: 'sallyport/internal' })
})

t.test('a look ahead records what it refuses and nothing else', async (t) => {
  const { world, guard, session } = made()
  t.same(guard.preview(session, commandOf('read')), {})
  t.equal(world.records.length, 0)
  t.equal(session.commands, 0)
  world.decide = () => DENY
  t.match(guard.preview(session, commandOf('drop', { reading: 2 })), {
    refusal: { rule: 'test/no' },
  })
  t.match(world.records, [{ go: false, command: 1 }])
})

t.test('a session is admitted by the policy’s word', async (t) => {
  const { world, guard, session } = made()
  t.equal(guard.admit(session), undefined)
  world.decide = ({ stage, command }) =>
    stage === 'session' && command === undefined ? DENY : ALLOW
  t.match(guard.admit(session), { rule: 'test/no' })
  world.decide = () => HOLD
  t.match(guard.admit(session), { rule: 'test/ask' })
})

type MadeForChange = { world: ReturnType<typeof made>['world']; seen: ReturnType<typeof judge> }
