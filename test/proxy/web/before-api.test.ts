// What came before a held command is told to those who may see the request and its session, as it is
// recorded; to others the request does not exist.
import t from 'tap'
import type { RecentCommands } from '../../../proxy/recent-commands.js'
import { webWorld } from './world.js'

const recent: RecentCommands = {
  before: (session, command) =>
    session === 's1'
      ? [{ command: command - 1, atMs: 1_000, text: "SELECT '…'", action: 'mask-fields', go: true }]
      : [],
  sessions: () => 1,
}

t.test('commands before a held one', async (t) => {
  const { call, held, tokens, sessions } = await webWorld(t, { recent })
  const { id } = await held({ session: 's1', command: 7 })
  const path = `/api/approvals/${id}/before`

  t.equal((await call(path)).status, 401)
  const other = `${id.slice(0, -1)}${id.endsWith('a') ? 'b' : 'a'}`
  const { status } = await call(`/api/approvals/${other}/before`, tokens.approver)
  t.ok(status === 404 || status === 400, 'no such request')
  t.same((await call(path, tokens.approver)).json, { before: [] }, 'of no session that is known')

  sessions.session(
    {
      session: 's1',
      event: 'opened',
      identity: {
        subject: 'somebody else',
        issuer: 'https://login.example.com',
        name: '',
        kind: 'agent',
        groups: [],
        actor: [],
        claims: {},
        mfa: false,
      },
      target: 'shop',
      database: 'shop',
    },
    0,
  )
  t.same((await call(path, tokens.approver)).json, {
    before: [
      {
        command: 6,
        at: '1970-01-01T00:00:01.000Z',
        text: "SELECT '…'",
        action: 'mask-fields',
        go: true,
      },
    ],
  })
})
