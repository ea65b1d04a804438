// A web listener over real approvals and a real OpenID provider, with tokens of its people.
import type { Test } from 'tap'
import { systemClock } from '../../../proxy/clock.js'
import { devToken } from '../../../proxy/demo/dev-token.js'
import { oidcVerifier } from '../../../proxy/identity/oidc.js'
import { silentLog } from '../../../proxy/log.js'
import { createMetrics } from '../../../proxy/metrics.js'
import type { Check } from '../../../proxy/web/health.js'
import { startWeb, type WebOptions } from '../../../proxy/web/server.js'
import type { HoldRequest } from '../../../proxy/approvals/approvals.js'
import { gatewayOn, heldRequest, stores } from '../approvals/world.js'
import { issuerWorld } from '../../peers/issuer.js'

export async function webWorld(t: Test, options: Partial<WebOptions> = {}) {
  const { directory, settings, sign } = await issuerWorld(t)
  const { verify, close } = oidcVerifier([settings], {})
  t.teardown(close)
  const [sqlite] = await stores(t, ['sqlite'])
  if (sqlite === undefined) throw new Error('no store')
  const gateway = await gatewayOn(t, await sqlite.fresh())
  const checks: Check[] = [{ name: 'record', ok: true }]
  const web = await startWeb({
    host: '127.0.0.1',
    port: 0,
    verify,
    approvals: gateway.approvals,
    sessions: () => [],
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
  return { web, url, tokens, sign, call, held, checks, ...gateway }
}
