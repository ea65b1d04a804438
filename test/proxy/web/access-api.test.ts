// Access for a time and delegations over HTTP: who may ask, end and review, what is refused before anything
// happens, and that every word that comes back fits its description.
import t from 'tap'
import { heldRequest } from '../approvals/world.js'
import { webWorld } from './world.js'

const access = { reason: 'a look', break_glass: false }

t.test('access is asked for ahead, by whoever the token says', async (t) => {
  const asked: unknown[] = []
  const world = await webWorld(t, {
    askAccess: async ({ caller, target, forMs, reason, breakGlass }) => {
      asked.push([caller.facts.name, target, forMs, reason, breakGlass])
      const more = { requester: caller.facts, session: '', access }
      return world.approvals.askAhead(heldRequest({ scope: 'session' }, more))
    },
  })
  const { call, tokens } = world
  const body = { target: 'shop', for_ms: 60_000, reason: 'a look' }
  t.equal((await call('/api/approvals', '', body)).status, 401)
  const answer = await call('/api/approvals', tokens.engineer, body)
  t.equal(answer.status, 201)
  t.match(answer.json, {
    status: 'pending',
    access: { reason: 'a look', break_glass: false, asked_ahead: true },
    groups_missing: [{ any_of: ['approvers'], count: 1 }],
  })
  t.same(asked, [['engineer', 'shop', 60_000, 'a look', false]])
  for (const wrong of [
    { target: 'shop' },
    { target: '', reason: 'x' },
    { target: 'shop', reason: '' },
    { target: 'shop', reason: 'x', for_ms: 1 },
    { target: 'shop', reason: 'x', for_ms: 86_400_001 },
    { target: 'shop', reason: 'x', break_glass: 'yes' },
    { target: 'shop', reason: 'x', approvers: ['me'] },
  ]) {
    t.equal(
      (await call('/api/approvals', tokens.engineer, wrong)).status,
      400,
      JSON.stringify(wrong),
    )
  }
  t.equal(asked.length, 1)

  const id = String(answer.json['id'])
  const own = await call(`/api/approvals/${id}/approve`, tokens.engineer, {})
  t.equal(own.status, 403)
  const said = await call(`/api/approvals/${id}/approve`, tokens.approver, { via: 'slack' })
  t.equal(said.status, 400, 'nobody says that it was Slack')
  const done = await call(`/api/approvals/${id}/approve`, tokens.approver, { via: 'cli' })
  t.match(done.json, { status: 'used', approvals: [{ subject: 'approver', via: 'cli' }] })

  const held = await call('/api/grants', tokens.engineer)
  t.match(held.json, { grants: [{ id, target: 'shop', standing: true, reason: 'a look' }] })
  t.same((await call('/api/grants', tokens.agent)).json, { grants: [] }, 'nobody else sees it')
  t.equal((await call(`/api/grants/${id}/end`, tokens.agent, {})).status, 404)
  t.match((await call(`/api/grants/${id}/end`, tokens.engineer, {})).json, { standing: false })
  t.equal((await call(`/api/grants/${id}/end`, tokens.engineer, {})).status, 409)
  t.same((await call('/api/grants', tokens.engineer)).json, { grants: [] })
  t.match((await call('/api/grants?status=all', tokens.engineer)).json, { grants: [{ id }] })
  t.equal((await call(`/api/grants/${id}/review`, tokens.approver, { reason: 'x' })).status, 403)
})

t.test('whoever asked takes it back; nobody else does', async (t) => {
  const { call, tokens, held } = await webWorld(t)
  const { id, settled } = await held()
  const path = `/api/approvals/${id}/withdraw`
  t.equal((await call(path, tokens.approver, {})).status, 403)
  t.equal((await call(path, tokens.agent, {})).status, 403, 'nor the agent that acts for them')
  t.match((await call(path, tokens.engineer, { reason: 'a typo' })).json, { status: 'void' })
  t.match(await settled, { outcome: 'void', why: 'withdrawn by who asked: a typo' })
})

t.test('an approver delegates, and takes it back', async (t) => {
  const { call, tokens, url } = await webWorld(t)
  const body = { to: { subject: 'engineer' }, for_ms: 60_000, reason: 'on holiday' }
  t.equal((await call('/api/delegations', '', body)).status, 401)
  const made = await call('/api/delegations', tokens.approver, { ...body, groups: ['approvers'] })
  t.equal(made.status, 201)
  t.match(made.json, { groups: ['approvers'], to: { subject: 'engineer' } })
  const mine = await call('/api/delegations', tokens.engineer)
  t.match(mine.json, { delegations: [{ id: made.json['id'], reason: 'on holiday' }] })
  t.same((await call('/api/delegations', tokens.agent)).status, 200)
  const foreign = await call('/api/delegations', tokens.engineer, {
    ...body,
    groups: ['approvers'],
  })
  t.equal(foreign.status, 403, 'what is not theirs')
  const on = { ...body, to: { subject: 'agent' }, groups: ['approvers'] }
  t.equal((await call('/api/delegations', tokens.engineer, on)).status, 403, 'never passed on')
  t.equal((await call('/api/delegations', tokens.agent, body)).status, 403, 'by people alone')
  const long = { ...body, for_ms: 31 * 86_400_000 }
  t.equal((await call('/api/delegations', tokens.approver, long)).status, 400)
  const ended = await fetch(`${url}/api/delegations/${String(made.json['id'])}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${tokens.engineer}` },
  })
  t.equal(ended.status, 200, 'the one who got it may')
})
