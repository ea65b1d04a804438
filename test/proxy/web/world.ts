// A web listener over real approvals and a real OpenID provider, with tokens of its people.
import type { Test } from 'tap'
import { systemClock } from '../../../proxy/clock.js'
import { devToken } from '../../../proxy/demo/dev-token.js'
import { oidcVerifier } from '../../../proxy/identity/oidc.js'
import { silentLog } from '../../../proxy/log.js'
import { createMetrics } from '../../../proxy/metrics.js'
import type { Check } from '../../../proxy/web/health.js'
import { createNews } from '../../../proxy/gateway-news.js'
import { createCodeFlow } from '../../../proxy/identity/code-flow.js'
import { createSessionList } from '../../../proxy/session-list.js'
import { startWeb, type WebOptions } from '../../../proxy/web/server.js'
import type { ConsoleOptions } from '../../../proxy/web/sign-in-desk.js'
import type { HoldRequest } from '../../../proxy/approvals/approvals.js'
import { gatewayOn, heldRequest, stores } from '../approvals/world.js'
import { visitor } from '../../peers/console-visitor.js'
import { freePort } from '../../peers/gateway-config.js'
import { issuerWorld } from '../../peers/issuer.js'
import { consolePolicy } from './console-policy.js'

export async function webWorld(
  t: Test,
  options: Partial<WebOptions> = {},
  approvals: Parameters<typeof gatewayOn>[2] = {},
) {
  const { directory, settings, sign } = await issuerWorld(t)
  const { verify, close } = oidcVerifier([settings], {})
  t.teardown(close)
  const [sqlite] = await stores(t, ['sqlite'])
  if (sqlite === undefined) throw new Error('no store')
  const gateway = await gatewayOn(t, await sqlite.fresh(), approvals)
  const checks: Check[] = [{ name: 'record', ok: true }]
  const news = createNews(5)
  t.teardown(news.close)
  const told: string[] = []
  const ended: string[] = []
  const port = options.port ?? (await freePort())
  const sessions = createSessionList()
  const console: ConsoleOptions = {
    flow: createCodeFlow(
      {
        issuer: settings,
        clientId: settings.clientId,
        clientSecret: settings.clientSecret,
        redirectUri: `http://127.0.0.1:${port}/auth/callback`,
        scope: 'openid',
        resource: undefined,
        audience: undefined,
      },
      options.clock ?? systemClock,
    ),
    origin: `http://127.0.0.1:${port}`,
    idleMs: 3_600_000,
    absoluteMs: 43_200_000,
    stepUp: { maxAgeMs: 60_000 },
    onSignIn: (outcome, who) => told.push(`${outcome} ${who?.facts.name ?? ''}`.trim()),
    onSignInEnd: (who, why) => told.push(`${why} ${who.facts.name}`),
  }
  const web = await startWeb({
    host: '127.0.0.1',
    port,
    verify,
    approvals: gateway.approvals,
    sessions,
    endSession: (id, by, reason) => {
      ended.push(`${id} ${by.facts.name} ${reason}`)
      return sessions.find(id)?.state === 'live'
    },
    targetOf: (name, database) => ({ name, kind: 'postgres', labels: {}, database }),
    news,
    activePolicy: () => consolePolicy,
    mayOperate: ({ facts }) => facts.groups.includes('policy-operators'),
    targets: () => [],
    onStream: (change) => told.push(`stream ${change}`),
    console,
    version: '0.0.0',
    readiness: () => Promise.resolve(checks),
    metrics: createMetrics({ holds: gateway.approvals.pending }, { process: false }),
    clock: systemClock,
    log: silentLog,
    ...options,
  })
  t.teardown(web.close)
  const url = `http://127.0.0.1:${web.port}`
  const tokens = {
    approver: await devToken(directory, 'approver'),
    engineer: await devToken(directory, 'engineer'),
    agent: await devToken(directory, 'agent'),
  }
  const call = async (path: string, token = '', body?: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const json = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
    return { status: response.status, headers: response.headers, text, json }
  }
  const held = (more: Partial<HoldRequest> = {}) => {
    const requester = { ...heldRequest().requester, issuer: settings.issuer }
    return gateway.approvals.request(heldRequest({}, { requester, ...more }))
  }
  return {
    web,
    url,
    tokens,
    sign,
    call,
    held,
    checks,
    settings,
    console,
    sessions,
    news,
    told,
    ended,
    visit: () => visitor(url),
    ...gateway,
  }
}
