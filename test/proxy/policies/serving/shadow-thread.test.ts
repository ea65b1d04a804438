// The thread of a shadow bundle: asked once for what is equal, told facts once, and begun again where it ends.
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { SMOKE_FACTS } from '../../../../engine/policy/smoke-facts.js'
import type { Decision } from '../../../../engine/schemas/decision.js'
import type { Facts } from '../../../../engine/schemas/facts.js'
import {
  createShadowThread,
  type Asked,
  type ShadowThread,
} from '../../../../proxy/policies/serving/shadow-thread.js'
import type { Verdict } from '../../../../proxy/policies/serving/shadow-worker.js'
import { bundleOf, rules, until } from './lab.js'

// A worker is a file that Node loads by itself, so this runs compiled alone.
const skip = import.meta.url.endsWith('.ts') ? 'compiled alone' : false

const ALLOW: Decision = { action: 'allow', rules: [], masks: [], limits: {} }
const DENY: Decision = { ...ALLOW, action: 'deny', rules: [{ id: 'x/y', message: '' }] }

function asked(change: { decision?: Decision; policy?: number; facts?: object } = {}): Asked {
  const { command, ...base } = structuredClone(SMOKE_FACTS[1]) as Facts
  if (command === undefined) throw new Error('the second smoke case is a command')
  const { decision = ALLOW, policy = 1 } = change
  return {
    policy,
    base,
    digest: () => 'sha256:0',
    bytes: 10,
    decided: {
      of: command,
      facts: command,
      decision,
      entrypoint: 'decision',
      exit: { refused: '' },
      changes: false,
      labelled: false,
    },
  }
}

async function threadOf(test: Test): Promise<{
  readonly thread: ShadowThread
  readonly dropped: string[]
  readonly ended: string[]
  readonly verdicts: Verdict[]
}> {
  const [dropped, ended, verdicts]: [string[], string[], Verdict[]] = [[], [], []]
  const thread = createShadowThread({
    bytes: await bundleOf(test, rules('shadow/says-no')),
    fuel: 5_000_000,
    onDropped: (outcome) => void dropped.push(outcome),
    onEnded: (reason) => void ended.push(reason),
  })
  test.teardown(() => thread.close())
  test.match(await thread.ready, { kind: 'ready', readsDigest: false })
  return { thread, dropped, ended, verdicts }
}

t.test('verdicts come back, and equal questions are asked once', { skip }, async (t) => {
  const { thread, verdicts } = await threadOf(t)
  const [one, other] = [asked(), asked({ decision: DENY })]
  for (let n = 0; n < 1000; n++) thread.ask(one, (verdict) => verdicts.push(verdict))
  thread.ask(other, (verdict) => verdicts.push(verdict))
  await until(t, 'all were answered', () => verdicts.length === 1001)
  t.match(verdicts[0], { same: false, action: 'deny', rules: ['shadow/says-no'] })
  t.match(verdicts[1000], { same: true }, 'the effect counts, not the rule')
  thread.ask(one, (verdict) => verdicts.push(verdict))
  t.equal(verdicts.length, 1002, 'known, it is answered at once')
  const { base, decided } = one
  thread.ask({ ...one, base, policy: 2, decided: { ...decided, decision: DENY } }, (verdict) =>
    verdicts.push(verdict),
  )
  await until(t, 'under another policy it is asked again', () => verdicts.length === 1003)
  t.match(verdicts[1002], { same: true })
})

t.test(
  'more than there is time for is dropped, and the facts are told anew',
  { skip },
  async (t) => {
    const { thread, dropped, verdicts } = await threadOf(t)
    for (let n = 0; n < 12_000; n++) thread.ask(asked(), (verdict) => verdicts.push(verdict))
    t.equal(dropped.length, 2000)
    await until(t, 'the others are answered', () => verdicts.length === 10_000)
    for (let n = 0; n < 5000; n++) thread.ask(asked(), (verdict) => verdicts.push(verdict))
    await until(t, 'and so on', () => verdicts.length === 15_000)
    t.equal(dropped.length, 2000)
  },
)

t.test('a thread that ends takes nobody with it, and is begun again', { skip }, async (t) => {
  const { thread, dropped, verdicts } = await threadOf(t)
  const untold = asked({ decision: { ...ALLOW, limits: { rows_max: (() => 1) as never } } })
  thread.ask(untold, () => t.fail('it cannot be answered'))
  await until(t, 'it is counted', () => dropped.includes('failed'))
  for (let turn = 0; turn < 200 && verdicts.length === 0; turn++) {
    thread.ask(asked(), (verdict) => verdicts.push(verdict))
    await delay(50)
  }
  t.ok(verdicts.length > 0, 'answered again')
})
