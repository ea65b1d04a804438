// Tokens from chance, against a real issuer's keys: nothing but the token that was given is taken, every
// refusal is one and holds no part of the token, and signed nonsense never becomes an identity that does
// not fit its schema. SALLYPORT_FUZZ multiplies the number of inputs.
import { Ajv } from 'ajv'
import t from 'tap'
import { identitySchema } from '../../engine/schemas/facts.js'
import { GatewayError } from '../../proxy/errors.js'
import { identityOf } from '../../proxy/identity/claims.js'
import { oidcVerifier } from '../../proxy/identity/oidc.js'
import { strictObject, type JsonObject } from '../../proxy/identity/strict-json.js'
import { issuerWorld } from '../peers/issuer.js'
import { chance } from './chance.js'

const INPUTS = 100_000 * Number(process.env['SALLYPORT_FUZZ'] ?? '1')
const SLOWEST_MS = 1_000

const base64url = (text: string | Buffer): string => Buffer.from(text).toString('base64url')
const pieces = ['{', '}', '[', ']', '"', ':', ',', '\\', '\\u0073', 'sub', 'alg', 'none', 'null']
const bytes = [
  '\u0000',
  '\ufeff',
  '\ud800',
  '\u{1f600}',
  '-',
  '.',
  '=',
  '+',
  '/',
  ' ',
  '1e999',
  'A',
]

void t.test('of all spoilt tokens none is taken and none is repeated', async (t) => {
  const { settings, sign } = await issuerWorld(t)
  const { verify, close } = oidcVerifier([settings])
  t.teardown(close)
  const good = await sign({ claims: { groups: ['a', 'b'], act: { sub: 'agent' } } })
  const [header = '', payload = '', signature = ''] = good.split('.')
  const plain = [header, payload].map((part) => Buffer.from(part, 'base64url').toString())
  const { below, pick } = chance(4)
  let slowest = 0
  for (let input = 0; input < INPUTS; input++) {
    const token = input % 2 === 0 ? spoilt(good) : `${plain.map(inner).join('.')}.${signature}`
    if (token === good) continue
    const started = performance.now()
    const fault = await verify(token).then(
      () => 'taken',
      (error: unknown) => faultIn(error, token),
    )
    slowest = Math.max(slowest, performance.now() - started)
    if (fault !== undefined) return t.fail(`${fault}: ${token}`)
  }
  t.ok(slowest < SLOWEST_MS, `the slowest took ${Math.round(slowest)} ms`)
  t.equal((await verify(good)).facts.subject, 'engineer', 'and the good one still is')
  return undefined

  function spoilt(text: string): string {
    let now = text
    for (let times = 1 + below(3); times > 0; times--) {
      const at = below(now.length)
      const more = below(50) === 0 ? now : pick([...pieces, ...bytes])
      now = now.slice(0, at) + (below(3) === 0 ? '' : more) + now.slice(at + below(4))
    }
    return now
  }

  function inner(text: string): string {
    return base64url(below(3) === 0 ? text : spoilt(text))
  }
})

function faultIn(error: unknown, token: string): string | undefined {
  if (!(error instanceof GatewayError)) return `threw ${String(error)}`
  if (error.code !== 'token_invalid') return error.code
  const part = token.split('.').find((one) => one.length > 12 && error.message.includes(one))
  return part === undefined ? undefined : 'repeated'
}

void t.test('claims from chance become an identity that fits, or a refusal', (t) => {
  const fits = new Ajv().compile(identitySchema)
  const { below, pick } = chance(9)
  const names = ['sub', 'kind', 'groups', 'act', 'amr', 'preferred_username', 'department', 'iss']
  const words = ['', 'human', 'agent', 'a', 'mfa', ' ', '\u001b[0m', '\u{1f600}', 'x'.repeat(300)]
  let taken = 0
  for (let input = 0; input < INPUTS; input++) {
    const claims = object(3)
    try {
      const read = strictObject(Buffer.from(JSON.stringify(claims)), 'it')
      const identity = identityOf(read, {
        issuer: 'https://login.example.com',
        audience: 'sallyport',
        clientId: 'sallyport',
        clientSecret: undefined,
        algorithms: ['ES256'],
        tokenType: 'access',
        clockSkewMs: 0,
        outageGraceMs: 0,
        revocation: 'none',
        claims: {
          name: 'preferred_username',
          kind: 'kind',
          groups: 'groups',
          mfa: 'amr',
          forward: ['department', '/act/sub', '__proto__'],
        },
        defaultKind: 'human',
      })
      taken++
      if (!fits(identity)) return t.fail(JSON.stringify({ claims, identity, why: fits.errors }))
    } catch (error) {
      if (!(error instanceof GatewayError))
        return t.fail(`${String(error)} ${JSON.stringify(claims)}`)
    }
  }
  t.ok(taken > INPUTS / 100, `${taken} of ${INPUTS} were identities`)
  return t.end()

  function object(depth: number): JsonObject {
    const members = names.flatMap((name): [string, unknown][] =>
      below(3) === 0 ? [] : [[name, name === 'sub' && below(2) === 0 ? 'engineer' : value(depth)]],
    )
    return Object.fromEntries(members)
  }

  function value(depth: number): unknown {
    switch (below(depth > 0 ? 6 : 4)) {
      case 0:
        return pick([null, true, 0, -1.5, 1e300])
      case 1:
        return pick(['human', 'agent', 'pipeline'])
      case 2:
      case 3:
        return pick(words)
      case 4:
        return Array.from({ length: below(4) }, () => value(depth - 1))
      default:
        return object(depth - 1)
    }
  }
})
