// How long somebody stays signed in, and what ends it: by a clock that the test moves.
import t, { type Test } from 'tap'
import type { Identity } from '../../../proxy/identity/identity.js'
import { WEB_LIMITS } from '../../../proxy/web/limits.js'
import { createSignIns, type SignedIn, type SignInEnd } from '../../../proxy/web/sign-ins.js'
import { person } from '../approvals/world.js'

const HOUR = 3_600_000

function world(t: Test, renew?: () => Promise<Identity>) {
  let ms = 0
  let wall = 0
  const ends: string[] = []
  const clock = { now: () => wall, monotonicUs: () => ms * 1000 }
  const onEnd = ({ facts }: Identity, why: SignInEnd): void =>
    void ends.push(`${facts.subject} ${why}`)
  const signIns = createSignIns({ clock, idleMs: HOUR, absoluteMs: 12 * HOUR, onEnd })
  t.teardown(signIns.close)
  const released: string[] = []
  const somebody = (name: string, expiresAtMs = Infinity, generation = 1): Identity => ({
    ...person(name),
    expiresAtMs,
    standing: (now) =>
      now < expiresAtMs ? { valid: true } : { valid: false, why: 'expired', how: 'sign in' },
    release: () => void released.push(`${name} ${generation}`),
  })
  const signedIn = (identity: Identity): SignedIn => ({
    identity,
    authenticatedAtMs: undefined,
    acr: undefined,
    renew,
  })
  return {
    signIns,
    ends,
    released,
    somebody,
    open: (name: string, expiresAtMs?: number) =>
      signIns.open(signedIn(somebody(name, expiresAtMs))),
    pass: (by: number) => {
      ms += by
      wall += by
    },
    jump: (by: number) => (wall += by),
  }
}

t.test('a sign-in that is used goes on, until it is too old', async (t) => {
  const { open, signIns, ends, pass } = world(t)
  let { id } = open('ann')
  for (let i = 0; i < 12; i++) {
    pass(HOUR - 1000)
    const found = await signIns.find(id)
    t.ok(found, `hour ${i}`)
    id = found?.nextId ?? id
  }
  pass(13_000)
  t.equal(await signIns.find(id), undefined)
  t.same(ends, ['ann too_old'])
})

t.test('one that is not used ends', async (t) => {
  const { open, signIns, ends, released, pass } = world(t)
  const { id, signIn } = open('ann')
  let told = 0
  signIn.onEnd(() => (told += 1))
  const deaf = signIn.onEnd(() => t.fail('this one no longer listens'))
  deaf()
  pass(HOUR + 1)
  t.equal(await signIns.find(id), undefined)
  t.same(ends, ['ann idle'])
  t.same(released, ['ann 1'], 'its token is watched no longer')
  t.equal(told, 1)
  t.equal(signIns.count(), 0)
})

t.test('its length is not the wall clock’s, its token’s is', async (t) => {
  const { open, signIns, ends, jump } = world(t)
  const { id } = open('ann', 100 * HOUR)
  for (const by of [50 * HOUR, -80 * HOUR, 100 * HOUR]) {
    jump(by)
    t.ok(await signIns.find(id))
  }
  jump(100 * HOUR)
  t.equal(await signIns.find(id), undefined)
  t.same(ends, ['ann expired'])
})

t.test('ids change; the one before serves for a moment, and then no more', async (t) => {
  const { open, signIns, pass } = world(t)
  const { id, signIn } = open('ann')
  pass(WEB_LIMITS.idMs + 1)
  const { nextId = '', signIn: same } = (await signIns.find(id)) ?? {}
  t.match(nextId, /^[\w-]{43}$/)
  t.not(nextId, id)
  t.equal(same?.csrf, signIn.csrf)
  t.match(await signIns.find(id), { signIn: { csrf: signIn.csrf } }, 'requests under way')
  t.equal((await signIns.find(id))?.nextId, undefined, 'and it does not change again')
  pass(WEB_LIMITS.oldIdMs + 1)
  t.equal(await signIns.find(id), undefined)
  t.ok(await signIns.find(nextId))
  signIns.end(nextId, 'signed_out')
  t.equal(await signIns.find(nextId), undefined)
})

t.test('there are so many, and of one person so many; the oldest go', async (t) => {
  const { open, signIns, ends } = world(t)
  const [first] = Array.from({ length: WEB_LIMITS.signInsPerPerson + 1 }, () => open('ann'))
  t.equal(signIns.count(), WEB_LIMITS.signInsPerPerson)
  t.equal(await signIns.find(first?.id ?? ''), undefined)
  t.same(ends, ['ann crowded'])
  for (let i = signIns.count(); i < WEB_LIMITS.signIns + 5; i++) open(`p-${i}`)
  t.equal(signIns.count(), WEB_LIMITS.signIns)
})

t.test('where the issuer renews tokens, a sign-in outlives its first', async (t) => {
  let asked = 0
  const made = world(t, () => {
    asked += 1
    return Promise.resolve(made.somebody('ann', (asked + 1) * HOUR, asked + 1))
  })
  const { id } = made.open('ann', HOUR)
  made.pass(HOUR - 30_000)
  const both = await Promise.all([made.signIns.find(id), made.signIns.find(id)])
  t.equal(asked, 1, 'asked once for both')
  t.ok(both.every((one) => one !== undefined))
  t.same(made.released, ['ann 1'])
  made.pass(HOUR / 2)
  const next = both.find((one) => one?.nextId !== undefined)?.nextId
  t.ok(await made.signIns.find(next ?? ''))
})

t.test('a token for somebody else renews nothing, and neither does a refusal', async (t) => {
  const made = world(t, () => Promise.resolve(made.somebody('eve', 99 * HOUR)))
  const { id } = made.open('ann', HOUR)
  made.pass(HOUR - 30_000)
  t.match(await made.signIns.find(id), { signIn: { identity: { facts: { subject: 'ann' } } } })
  made.pass(30_001)
  t.equal(await made.signIns.find(id), undefined)
  const refused = world(t, () => Promise.reject(new Error('no')))
  const other = refused.open('ann', HOUR)
  refused.pass(HOUR - 30_000)
  t.ok(await refused.signIns.find(other.id), 'until the token ends')
  refused.pass(30_001)
  t.equal(await refused.signIns.find(other.id), undefined)
  t.same(refused.ends, ['ann expired'])
})

t.test('ids that were never given find nobody', async (t) => {
  const { open, signIns } = world(t)
  open('ann')
  for (const id of ['', 'x', 'A'.repeat(43), '__proto__', 'constructor']) {
    t.equal(await signIns.find(id), undefined)
  }
})
