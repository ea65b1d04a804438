// From claims to identity: what is read, in which order, and what is refused.
import t from 'tap'
import { claimAt, identityKey, identityOf } from '../../../proxy/identity/claims.js'
import type { IssuerSettings } from '../../../proxy/identity/identity.js'

const SETTINGS: IssuerSettings = {
  issuer: 'https://login.example.com',
  audience: 'sallyport',
  clientId: 'sallyport',
  clientSecret: undefined,
  algorithms: ['ES256'],
  tokenType: 'access',
  clockSkewMs: 0,
  outageGraceMs: 0,
  revocation: 'none',
  claims: { name: 'name', kind: 'kind', groups: '/realm/roles', mfa: 'amr', forward: [] },
  defaultKind: 'human',
}

void t.test('names, groups and factors are read where the configuration says', (t) => {
  const claims = { sub: '17', name: 'Ada', realm: { roles: ['b', 'a', 'b'] }, amr: ['pwd', 'mfa'] }
  t.same(identityOf(claims, SETTINGS), {
    subject: '17',
    issuer: 'https://login.example.com',
    name: 'Ada',
    kind: 'human',
    groups: ['a', 'b'],
    actor: [],
    claims: {},
    mfa: true,
  })
  t.equal(identityOf({ sub: '17', amr: ['pwd'] }, SETTINGS).mfa, false)
  t.equal(identityOf({ sub: '17', amr: 'phrh' }, SETTINGS).mfa, true)
  t.equal(identityOf({ sub: '17', amr: 'no mfa' }, SETTINGS).mfa, false)
  t.equal(identityOf({ sub: '17', name: '\u001b[31m' }, SETTINGS).name, '17')
  t.end()
})

void t.test('who acts for a person is an agent, unless the issuer says what it is', (t) => {
  const act = { sub: 'gateway', iss: 'https://other', act: { sub: 'robot' } }
  const identity = identityOf({ sub: 'ada', act }, SETTINGS)
  t.equal(identity.kind, 'agent')
  t.same(identity.actor, [{ subject: 'gateway', issuer: 'https://other' }, { subject: 'robot' }])
  t.equal(identityOf({ sub: 'ada', act, kind: 'pipeline' }, SETTINGS).kind, 'pipeline')
  t.equal(
    identityOf({ sub: 'ada', act }, { ...SETTINGS, defaultKind: 'pipeline' }).kind,
    'pipeline',
  )
  t.end()
})

void t.test('members of the prototype are no claims', (t) => {
  for (const name of ['constructor', 'toString', '__proto__', '/__proto__/x', '/a/constructor']) {
    t.equal(claimAt({ a: {} }, name), undefined, name)
  }
  t.equal(claimAt({ 'a/b': { '~': 1 } }, '/a~1b/~0'), 1)
  t.equal(claimAt({ 'https://x/groups': 1 }, 'https://x/groups'), 1)
  t.end()
})

void t.test('the key of an identity is unambiguous', (t) => {
  const one = identityKey({ issuer: 'https://a', subject: 'b","c' })
  t.not(one, identityKey({ issuer: 'https://a","b', subject: 'c' }))
  t.equal(one, JSON.stringify(['https://a', 'b","c']))
  t.end()
})
