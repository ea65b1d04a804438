// Attempts to sign in: each for one browser, once, for a while, and never too many.
import t from 'tap'
import { WEB_LIMITS } from '../../../proxy/web/limits.js'
import { createLoginAttempts } from '../../../proxy/web/login-attempts.js'

function world() {
  let us = 0
  const attempts = createLoginAttempts<string>({ now: () => 0, monotonicUs: () => us })
  const begin = (state: string, browser: string, address = 'a'): void =>
    attempts.begin(state, { secrets: `secrets of ${state}`, next: '/', browser, address })
  return { attempts, begin, pass: (ms: number) => (us += ms * 1000) }
}

t.test('an attempt is taken once, in its own browser', async (t) => {
  const { attempts, begin } = world()
  begin('one', 'browser')
  t.equal(attempts.take('one', 'other'), undefined)
  t.equal(attempts.take('one', ''), undefined)
  t.same(attempts.take('one', 'browser'), { secrets: 'secrets of one', next: '/' })
  t.equal(attempts.take('one', 'browser'), undefined)
})

t.test('an attempt ends after ten minutes', async (t) => {
  const { attempts, begin, pass } = world()
  begin('one', 'browser')
  pass(WEB_LIMITS.attemptMs + 1)
  t.equal(attempts.take('one', 'browser'), undefined)
  begin('two', 'browser')
  pass(WEB_LIMITS.attemptMs + 1)
  begin('three', 'browser')
  t.equal(attempts.count(), 1, 'what has ended is forgotten')
})

t.test('one address has so many, and crowds out its own alone', async (t) => {
  const { attempts, begin } = world()
  begin('mine', 'browser', 'b')
  for (let i = 0; i < 1_000; i++) begin(`flood-${i}`, 'x', 'a')
  t.equal(attempts.count(), WEB_LIMITS.attemptsPerAddress + 1)
  t.ok(attempts.take('mine', 'browser'))
  for (let i = 0; i < WEB_LIMITS.attempts + 100; i++) begin(`many-${i}`, 'x', `address-${i}`)
  t.equal(attempts.count(), WEB_LIMITS.attempts)
})
