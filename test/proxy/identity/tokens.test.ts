// Revocation, against the introspection and revocation endpoints of a real OpenID provider.
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { devToken } from '../../../proxy/demo/dev-token.js'
import { startIssuer } from '../../../proxy/demo/issuer.js'
import { boundedFetch, type Fetch } from '../../../proxy/identity/bounded-fetch.js'
import type { Standing } from '../../../proxy/identity/identity.js'
import { IDENTITY_LIMITS } from '../../../proxy/identity/limits.js'
import { oidcVerifier } from '../../../proxy/identity/oidc.js'
import type { WatchTimes } from '../../../proxy/identity/tokens.js'
import { issuerWorld } from '../../peers/issuer.js'

// The real times, a hundred times faster.
const TIMES: WatchTimes = { everyMs: 300, retryMs: 100, staleMs: 600, tickMs: 25 }

async function revoke(issuer: string, token: string): Promise<void> {
  const body = new URLSearchParams({ token })
  await fetch(`${issuer}/token/revocation`, { method: 'POST', body })
}

async function until(t: Test, what: string, ms: number, holds: () => boolean): Promise<void> {
  const started = Date.now()
  while (!holds() && Date.now() - started < ms) await pause(5)
  t.ok(holds(), `${what} (after ${Date.now() - started} ms)`)
}

const whyNot = (standing: Standing): string => (standing.valid ? 'valid' : standing.why)

void t.test('the times in use keep the promise of sixty seconds', (t) => {
  const { introspectEveryMs, introspectTickMs, issuerTimeoutMs, introspectStaleMs } =
    IDENTITY_LIMITS
  t.ok(introspectEveryMs + introspectTickMs + issuerTimeoutMs < introspectStaleMs)
  t.equal(introspectStaleMs, 60_000)
  t.equal(introspectEveryMs, 30_000)
  t.end()
})

void t.test('a revoked token stops the next command, in a session that is idle too', async (t) => {
  const { directory, issuer, settings } = await issuerWorld(t)
  const { verify, close } = oidcVerifier([{ ...settings, revocation: 'introspection' }], {
    watchTimes: TIMES,
  })
  t.teardown(close)
  const token = await devToken(directory, 'engineer')
  const identity = await verify(token)
  const other = await verify(await devToken(directory, 'pipeline'))
  await pause(700)
  t.equal(whyNot(identity.standing(Date.now())), 'valid')
  await revoke(issuer.url, token)
  // Nobody asks in between: the session is idle.
  await pause(TIMES.staleMs)
  t.equal(whyNot(identity.standing(Date.now())), 'revoked')
  t.equal(whyNot(other.standing(Date.now())), 'valid', 'and no other')
  await t.rejects(verify(token), { code: 'token_invalid', message: /revoked/ }, 'nor at the door')
})

void t.test('a token revoked beforehand opens nothing', async (t) => {
  const { directory, issuer, settings } = await issuerWorld(t)
  const { verify, close } = oidcVerifier([{ ...settings, revocation: 'introspection' }])
  t.teardown(close)
  const token = await devToken(directory, 'engineer')
  await revoke(issuer.url, token)
  await t.rejects(verify(token), { code: 'token_invalid' })
})

void t.test('while introspection is away the grace holds, then nothing', async (t) => {
  const { directory, issuer, settings } = await issuerWorld(t)
  const verifier = oidcVerifier(
    [{ ...settings, revocation: 'introspection', outageGraceMs: 600 }],
    { watchTimes: TIMES },
  )
  t.teardown(verifier.close)
  const token = await devToken(directory, 'engineer')
  const waiting = await devToken(directory, 'approver')
  const identity = await verifier.verify(token)
  await issuer.close()
  await pause(TIMES.staleMs + 100)
  t.equal(whyNot(identity.standing(Date.now())), 'valid', 'within the grace')
  await until(t, 'gone after the grace', 1_500, () => !identity.standing(Date.now()).valid)
  t.equal(whyNot(identity.standing(Date.now())), 'issuer_gone')
  await t.rejects(verifier.verify(waiting), { code: 'issuer_unreachable' })
  const back = await startIssuer({ directory, port: Number(new URL(issuer.url).port) })
  t.teardown(back.close)
  await until(t, 'back with the issuer', 2_000, () => identity.standing(Date.now()).valid)
  await verifier.verify(waiting)
})

void t.test('each token is asked about once in its time, however many hold it', async (t) => {
  const { directory, settings } = await issuerWorld(t)
  let questions = 0
  const plain = boundedFetch()
  const fetch: Fetch = (url, options) => {
    if (url.endsWith('/token/introspection')) questions++
    return plain(url, options)
  }
  const { verify, close } = oidcVerifier([{ ...settings, revocation: 'introspection' }], {
    watchTimes: TIMES,
    fetch,
  })
  t.teardown(close)
  const token = await devToken(directory, 'engineer')
  const identities = await Promise.all(Array.from({ length: 50 }, () => verify(token)))
  t.equal(questions, 1)
  for (let command = 0; command < 1_000; command++) identities[0]?.standing(Date.now())
  await pause(TIMES.everyMs * 3 + 150)
  t.ok(questions >= 3 && questions <= 5, `${questions} questions in three times`)
  for (const identity of identities) identity.release?.()
  await pause(100)
  const before = questions
  await pause(TIMES.everyMs * 2)
  t.equal(questions, before, 'nobody holds it: nobody asks')
})

void t.test('many tokens in use are all asked about in time', async (t) => {
  const { settings, sign } = await issuerWorld(t)
  const watchTimes: WatchTimes = { everyMs: 5_000, retryMs: 2_000, staleMs: 10_000, tickMs: 200 }
  const verifier = oidcVerifier([{ ...settings, revocation: 'introspection' }], { watchTimes })
  t.teardown(verifier.close)
  const identities = await Promise.all(
    Array.from({ length: 300 }, async (_, index) =>
      verifier.verify(await sign({ claims: { jti: `token-${index}` } })),
    ),
  )
  await pause(11_000)
  const now = Date.now()
  t.equal(identities.filter((identity) => identity.standing(now).valid).length, 300)
})
