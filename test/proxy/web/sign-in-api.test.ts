// Signing in to the console over real HTTP and a real OpenID provider: what makes somebody signed in, and all
// the ways in which it must not.
import t from 'tap'
import { systemClock } from '../../../proxy/clock.js'
import { issuerWorld } from '../../peers/issuer.js'
import { person } from '../approvals/world.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { consolePolicy } from './console-policy.js'
import { webWorld } from './world.js'

t.test(
  'a person signs in at the issuer, comes back to the page, and is who they are',
  async (t) => {
    const { visit, told } = await webWorld(t)
    const one = visit()
    t.equal((await one.open('/api/me')).status, 401)
    const back = await one.signIn('approver', '/auth/login?next=/approvals/2222-3333')
    t.match(back.hops.at(-1), /\/approvals\/2222-3333$/)
    const me = await one.open('/api/me')
    t.match(me.json, {
      subject: 'approver',
      kind: 'human',
      groups: ['approvers', 'policy-operators'],
      may: { review: true, operate: true, policies: true, search: false },
    })
    t.match(me.json['csrf'], /^[\w-]{43}$/)
    t.same(told, ['signed_in approver'])
    t.equal((await one.open('/api/approvals')).status, 200)
  },
)

t.test('an agent and an engineer sign in the same way, as what they are', async (t) => {
  const { visit } = await webWorld(t)
  const [agent, engineer] = [visit(), visit()]
  await agent.signIn('agent')
  await engineer.signIn('engineer')
  t.match((await agent.open('/api/me')).json, { kind: 'agent', may: { review: false } })
  t.match((await engineer.open('/api/me')).json, { kind: 'human', may: { operate: false } })
})

t.test(
  'the cookie is out of reach of scripts and other sites, and changes with each sign-in',
  async (t) => {
    const { visit, told } = await webWorld(t)
    const one = visit()
    await one.signIn('engineer')
    const [first] = one.lines.filter((line) => line.startsWith('sallyport='))
    t.match(first, /; Path=\/; HttpOnly; SameSite=Strict$/)
    t.match(one.lines[0], /^sallyport-login=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)
    const before = one.cookies.get('sallyport') ?? ''
    await one.signIn('engineer')
    t.not(one.cookies.get('sallyport'), before)
    const old = visit()
    old.cookies.set('sallyport', before)
    t.equal((await old.open('/api/me')).status, 401, 'the one before has ended')
    t.ok(told.includes('replaced engineer'))
  },
)

t.test('an id that somebody else chose is never taken on', async (t) => {
  const { visit } = await webWorld(t)
  const victim = visit()
  const planted = 'A'.repeat(43)
  victim.cookies.set('sallyport', planted)
  await victim.signIn('approver')
  t.not(victim.cookies.get('sallyport'), planted)
  const attacker = visit()
  attacker.cookies.set('sallyport', planted)
  t.equal((await attacker.open('/api/me')).status, 401)
})

t.test('a cookie that comes twice counts as none', async (t) => {
  const { visit } = await webWorld(t)
  const one = visit()
  await one.signIn('engineer')
  const id = one.cookies.get('sallyport') ?? ''
  const stranger = visit()
  const cookie = `sallyport=${'B'.repeat(43)}; sallyport=${id}`
  t.equal((await stranger.open('/api/me', { headers: { cookie } })).status, 401)
})

t.test('signing out ends it everywhere, and needs the token against forged requests', async (t) => {
  const { visit } = await webWorld(t)
  const one = visit()
  await one.signIn('engineer')
  const id = one.cookies.get('sallyport') ?? ''
  t.equal((await one.open('/auth/logout', { method: 'POST' })).status, 403)
  t.equal((await one.open('/api/me')).status, 200)
  t.match((await one.send('POST', '/auth/logout')).json, { signed_out: true })
  one.cookies.set('sallyport', id)
  t.equal((await one.open('/api/me')).status, 401)
})

t.test('a way back is good once, in the browser that began, and for ten minutes', async (t) => {
  let skipped = 0
  const clock = { ...systemClock, monotonicUs: () => systemClock.monotonicUs() + skipped }
  const { visit, told } = await webWorld(t, { clock })
  const one = visit()
  const way = await one.callback('approver')
  const other = visit()
  t.match((await other.open(way)).hops.at(-1), /\/\?sign_in=expired$/, 'of another browser')
  t.equal((await other.open('/api/me')).status, 401)
  t.match((await one.open(way)).hops.at(-1), /\/$/)
  t.equal((await one.open('/api/me')).status, 200)
  t.match((await one.open(way)).hops.at(-1), /sign_in=expired$/, 'twice')
  const late = visit()
  const slow = await late.callback('approver')
  skipped = 601_000_000
  t.match((await late.open(slow)).hops.at(-1), /sign_in=expired$/, 'late')
  t.match(told.join(), /expired,signed_in approver/)
})

t.test('the wall clock may jump: attempts and sign-ins keep their length', async (t) => {
  let jump = 0
  const clock = { ...systemClock, now: () => Date.now() + jump }
  const { visit } = await webWorld(t, { clock })
  const one = visit()
  const way = await one.callback('approver')
  jump = -3_600_000
  t.match((await one.open(way)).hops.at(-1), /sign_in=failed|\/$/)
  jump = 0
  await one.signIn('approver')
  jump = 600_000
  t.equal((await one.open('/api/me')).status, 200, 'ten minutes on, the token still stands')
  jump = 7_200_000
  t.equal((await one.open('/api/me')).status, 401, 'two hours on, it has ended')
  jump = 0
  t.equal((await one.open('/api/me')).status, 401, 'and an end is an end')
})

t.test('forged answers of the issuer sign nobody in', async (t) => {
  const { visit, settings } = await webWorld(t)
  const forgeries: readonly (readonly [string, (way: URL, stolen: URL) => void])[] = [
    ['no state', (way) => way.searchParams.delete('state')],
    ['another state', (way) => way.searchParams.set('state', 'x'.repeat(43))],
    ['no code', (way) => way.searchParams.delete('code')],
    ['a made-up code', (way) => way.searchParams.set('code', 'x'.repeat(43))],
    [
      'a code of somebody else',
      (way, stolen) => way.searchParams.set('code', stolen.searchParams.get('code') ?? ''),
    ],
    [
      'two codes',
      (way, stolen) => way.searchParams.append('code', stolen.searchParams.get('code') ?? ''),
    ],
    ['two states', (way) => way.searchParams.append('state', 'x')],
    ['another issuer', (way) => way.searchParams.set('iss', 'https://evil.example')],
    ['no issuer', (way) => way.searchParams.delete('iss')],
    ['an error beside a code', (way) => way.searchParams.set('error', 'access_denied')],
  ]
  for (const [name, forge] of forgeries) {
    const [one, other] = [visit(), visit()]
    const way = new URL(await one.callback('engineer'))
    t.equal(way.searchParams.get('iss'), settings.issuer)
    forge(way, new URL(await other.callback('approver')))
    const answer = await one.open(way.href)
    t.match(answer.hops.at(-1), /\/\?sign_in=(failed|expired|denied)$/, name)
    t.equal((await one.open('/api/me')).status, 401, name)
    t.notOk(one.cookies.has('sallyport'), name)
  }
})

t.test('who says no at the issuer is not signed in, and is told so', async (t) => {
  const { visit } = await webWorld(t)
  const one = visit()
  const way = new URL(await one.callback('engineer'))
  way.searchParams.delete('code')
  way.searchParams.set('error', 'access_denied')
  t.match((await one.open(way.href)).hops.at(-1), /\/\?sign_in=denied$/)
})

t.test('after signing in one comes to a page of this console and nowhere else', async (t) => {
  const { visit, url } = await webWorld(t)
  for (const next of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/%2F/evil.example',
    'javascript:alert(1)',
    '/api/approvals',
    '/auth/logout',
    '/a/../../x',
    '/x\r\nSet-Cookie: a=1',
    `/${'x'.repeat(2_000)}`,
  ]) {
    const answer = await visit().signIn('engineer', `/auth/login?next=${encodeURIComponent(next)}`)
    t.equal(answer.hops.at(-1), `${url}/`, next)
  }
  const one = visit()
  const path = '/search?q=a%20b&from=2026-01-01'
  const answer = await one.signIn('engineer', `/auth/login?next=${encodeURIComponent(path)}`)
  t.equal(answer.hops.at(-1), `${url}${path}`)
})

t.test('requests that only carry the cookie change nothing', async (t) => {
  const { visit, held, url } = await webWorld(t)
  const hold = await held()
  const one = visit()
  await one.signIn('approver')
  const path = `/api/approvals/${hold.id}/approve`
  const json = { 'content-type': 'application/json' }
  const forged = { method: 'POST', body: '{}' }
  t.equal((await one.open(path, { ...forged, headers: json })).status, 403, 'no token')
  const csrf = 'x'.repeat(43)
  t.equal((await one.send('POST', path, {}, { 'x-csrf-token': csrf })).status, 403, 'a wrong one')
  for (const site of ['cross-site', 'same-site']) {
    t.equal((await one.send('POST', path, {}, { 'sec-fetch-site': site })).status, 403, site)
  }
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
    t.equal((await one.send('POST', path, {}, { origin })).status, 403, origin)
  }
  t.equal((await one.open('/api/me', { headers: { 'sec-fetch-site': 'cross-site' } })).status, 403)
  t.match((await one.open(`/api/approvals/${hold.id}`)).json, { status: 'pending' })
  const sent = await one.send('POST', path, {}, { origin: url, 'sec-fetch-site': 'same-origin' })
  t.equal(sent.status, 200)
  t.match(await hold.settled, { outcome: 'approved' })
})

t.test('a bearer token needs no such header, and counts before a cookie', async (t) => {
  const { visit, held, tokens } = await webWorld(t)
  const hold = await held()
  const one = visit()
  await one.signIn('engineer')
  const authorization = `Bearer ${tokens.approver}`
  t.match((await one.open('/api/me', { headers: { authorization } })).json, {
    subject: 'approver',
    csrf: '',
  })
  const headers = { authorization, 'content-type': 'application/json' }
  const path = `/api/approvals/${hold.id}/deny`
  t.equal((await one.open(path, { method: 'POST', body: '{}', headers })).status, 200)
  const wrong = { headers: { authorization: 'Bearer nonsense' } }
  t.equal(
    (await one.open('/api/me', wrong)).status,
    401,
    'a bad token is not made up for by a cookie',
  )
})

t.test('whoever asks again for who it is, is asked at the issuer', async (t) => {
  const { visit } = await webWorld(t)
  const one = visit()
  await one.signIn('engineer')
  const silent = await one.open('/auth/login')
  t.notOk(
    silent.hops.some((hop) => hop.includes('/interaction/')),
    'signed in there already',
  )
  const asked = await one.open('/auth/login?again=yes')
  t.ok(asked.text.includes('Log in as'))
  await one.signIn('approver', '/auth/login?again=yes')
  t.match((await one.open('/api/me')).json, { subject: 'approver' })
})

t.test('after signing out, the next is asked who they are', async (t) => {
  const { visit } = await webWorld(t)
  const one = visit()
  await one.signIn('engineer')
  await one.send('POST', '/auth/logout')
  t.ok((await one.open('/auth/login')).text.includes('Log in as'))
  await one.signIn('approver')
  t.match((await one.open('/api/me')).json, { subject: 'approver' })
  const silent = await one.open('/auth/login')
  t.notOk(silent.text.includes('Log in as'), 'and not again')
})

t.test('a fresh sign-in is asked of the issuer, and held against what it answers', async (t) => {
  const { visit } = await webWorld(t)
  const one = visit()
  await one.signIn('approver')
  const start = await one.open('/auth/login?step_up=yes', { hops: 0 })
  t.match(start.headers.get('location'), /[?&]max_age=60(&|$)/)
  await one.signIn('approver', '/auth/login?step_up=yes')
  t.match((await one.open('/api/me')).json, { authenticated_at: /^\d{4}-/ })
})

t.test(
  'where policies want it, who signed in long ago signs in again before approving',
  async (t) => {
    const asked: (number | undefined)[] = []
    const strict: Policy = {
      ...consolePolicy,
      mayApprove: (question) => {
        const answer = consolePolicy.mayApprove(question)
        if (question.verb !== 'approve' || question.request === undefined) return answer
        asked.push(question.authenticated_ms_ago)
        const fresh = (question.authenticated_ms_ago ?? Infinity) <= 60_000
        return fresh ? answer : { ...answer, stepUp: { maxAgeMs: 60_000 } }
      },
    }
    const { visit, held, tokens, call, url } = await webWorld(t, {}, { policy: () => strict })
    const hold = await held()
    const path = `/api/approvals/${hold.id}/approve`
    const byToken = await call(path, tokens.approver, {})
    t.equal(byToken.status, 403)
    t.match(byToken.json, { code: 'step_up_required' })
    t.match(byToken.headers.get('www-authenticate'), /insufficient_user_authentication/)
    const one = visit()
    await one.signIn('approver')
    t.match((await one.send('POST', path, {})).json, { code: 'step_up_required' })
    t.equal((await one.send('POST', path.replace('approve', 'nothing'), {})).status, 404)
    await one.signIn('approver', `/auth/login?step_up=yes&next=/approvals/${hold.id}`)
    t.equal((await one.send('POST', path, { reason: 'fresh' })).status, 200)
    t.match(await hold.settled, { outcome: 'approved', reason: 'fresh' })
    t.ok(asked.includes(undefined), 'a token that does not say when counts as long ago')
    t.ok(url)
  },
)

t.test('a token of another issuer that is configured as well is not enough', async (t) => {
  const other = await issuerWorld(t)
  const world = await webWorld(t, {
    verify: () => Promise.resolve(person('engineer', { issuer: other.settings.issuer })),
  })
  const one = world.visit()
  const answer = await one.callback('engineer')
  t.match((await one.open(answer)).hops.at(-1), /sign_in=failed$/)
})

t.test('an address that keeps failing to sign in is not listened to', async (t) => {
  const { visit } = await webWorld(t)
  for (let i = 0; i < 20; i++) await visit().open(`/auth/callback?code=a&state=${i}`)
  t.equal((await visit().open('/auth/callback?code=a&state=x', { hops: 0 })).status, 429)
  t.equal((await visit().open('/auth/login', { hops: 0 })).status, 429)
})

t.test('pictures and frames of other pages begin no sign-in and use up no limit', async (t) => {
  const { visit } = await webWorld(t)
  for (const use of ['image', 'iframe', 'script', 'empty']) {
    const headers = { 'sec-fetch-dest': use, 'sec-fetch-site': 'cross-site' }
    for (let i = 0; i < 10; i++) {
      const answer = await visit().open('/auth/callback?code=a&state=b', { headers, hops: 0 })
      t.equal(answer.status, 400)
    }
    t.equal((await visit().open('/auth/login', { headers, hops: 0 })).status, 400)
  }
  const one = visit()
  await one.signIn('engineer')
  t.equal((await one.open('/api/me')).status, 200)
})

t.test('an issuer that is down is said to be, and nobody is signed in', async (t) => {
  const world = await webWorld(t, {})
  const { flow } = world.console
  t.equal(flow.issuer, world.settings.issuer)
  const one = world.visit()
  const way = new URL(await one.callback('engineer'))
  const dead = await webWorld(t, { console: { ...world.console, flow: unreachableFlow(flow) } })
  const answer = await dead.visit().open('/auth/login', { hops: 0 })
  t.match(answer.headers.get('location'), /sign_in=unreachable$/)
  t.ok(way)
})

function unreachableFlow<Flow extends object>(flow: Flow): Flow {
  const begin = async () => {
    const { GatewayError } = await import('../../../proxy/errors.js')
    throw new GatewayError('issuer_unreachable', 'it is gone')
  }
  return { ...flow, begin }
}
