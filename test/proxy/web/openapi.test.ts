// The description of the API: valid OpenAPI 3.1 by a validator that is not ours, complete, and true of what is
// served.
import { Validator } from '@seriousme/openapi-schema-validator'
import t from 'tap'
import type { Trials } from '../../../proxy/gateway-trial.js'
import { slackDesk } from '../../../proxy/approvals/notifiers/slack-answers.js'
import type { WebOptions } from '../../../proxy/web/server.js'
import { webWorld } from './world.js'

type Operation = {
  readonly summary?: string
  readonly operationId: string
  readonly security?: readonly unknown[]
  readonly responses: Readonly<Record<string, unknown>>
}

const never = (): never => {
  throw new Error('nothing of this is asked')
}
const trials: Trials = { tried: never, whoCan: never }
const policy = {
  status: never,
  shadow: never,
  view: never,
  shadowView: never,
  history: never,
  compared: never,
  activate: never,
  rollback: never,
  pin: never,
  unpin: never,
}
const keepers = { holds: never, hold: never, release: never, remove: never }
const search = { thread: { search: never, rules: never }, activeRules: never }
const secret = { reveal: () => 'x' }
const slack = slackDesk(
  { token: secret, signingSecret: secret, apiUrl: 'http://127.0.0.1:1' },
  'http://127.0.0.1:1',
  () => ({}),
)

const parts = {
  trials,
  policy,
  keepers,
  search: search as unknown as NonNullable<WebOptions['search']>,
  film: never,
  recent: { before: never, sessions: never },
  health: never,
}

t.test('every route is described, and the description is valid', async (t) => {
  const { call, web } = await webWorld(t, { ...parts, slack })
  const { json, status } = await call('/api/openapi.json')
  t.equal(status, 200)
  const { valid, errors } = await new Validator().validate(structuredClone(json))
  t.equal(valid, true, JSON.stringify(errors))
  t.equal(json['openapi'], '3.1.0')
  const paths = json['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const served = web.routes
    .filter((route) => !/ \/(assets\/.*)?$/.test(route))
    .map((route) => route.replace(/:([a-z]+)/g, '{$1}'))
  t.same(described.sort(), [...new Set(served)].sort(), 'no more and no less than is served')
  t.ok(described.length > 25)
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  const silent = operations.filter(({ summary }) => summary === undefined)
  t.same(
    silent.map(({ operationId }) => operationId),
    [],
    'each says what it is for',
  )
  const ids = operations.map(({ operationId }) => operationId)
  t.equal(new Set(ids).size, ids.length)
  const open = operations.filter(({ security }) => security?.length === 0)
  t.same(
    open.map(({ operationId }) => operationId).sort(),
    [
      'getApiOpenapiJson',
      'getAuthCallback',
      'getAuthLogin',
      'getHealthz',
      'getMetrics',
      'getReadyz',
      'postSlackActions',
    ].sort(),
    'all else asks who it is',
  )
})

t.test('what asks who it is by its description does so', async (t) => {
  const { call, url } = await webWorld(t, parts)
  const { json } = await call('/api/openapi.json')
  const paths = json['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      if (security?.length === 0 || path === '/auth/logout') continue
      const response = await fetch(
        `${url}${path.replace(/\{[a-z]+\}/, '2222-3333-4444')}${QUERIES[path] ?? ''}`,
        {
          method: method.toUpperCase(),
          headers: { 'content-type': 'application/json' },
          ...(method === 'get' ? {} : { body: BODIES[path] ?? '{}' }),
        },
      )
      t.equal(response.status, 401, `${method} ${path}`)
      await response.body?.cancel()
    }
  }
})

const QUERIES: Readonly<Record<string, string>> = {
  '/api/policy/diff': '?from=a&to=b',
  '/api/search/groups': '?by=person',
}
const BODIES: Readonly<Record<string, string>> = {
  '/api/try': '{"sql":"SELECT 1","target":"shop"}',
  '/api/who-can': '{"sql":"SELECT 1","target":"shop"}',
  '/api/policy/pin': '{"bundle":"a"}',
  '/api/delegations': '{"to":{"subject":"a"},"for_ms":60000,"reason":"x"}',
  '/api/recordings/holds': '{"scope":"target","of":"a","reason":"x"}',
  '/api/recordings/holds/{id}/release': '{"reason":"x"}',
  '/api/recordings/{id}': '{"reason":"x"}',
}
