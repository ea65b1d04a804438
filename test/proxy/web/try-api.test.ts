// Trying commands over HTTP: as whom one may, and how many at a time.
import t from 'tap'
import type { TryQuestion } from '../../../proxy/gateway-trial-place.js'
import type { Trials } from '../../../proxy/gateway-trial.js'
import { webWorld } from './world.js'

const bundle = { digest: 'd', revision: 'r' }

function slowTrials() {
  const asked: TryQuestion[] = []
  const waiting: (() => void)[] = []
  const trials: Trials = {
    tried: async (question) => {
      asked.push(question)
      await new Promise<void>((resolve) => waiting.push(resolve))
      return { bundle, opens: { go: true, why: '', rules: [] }, statements: [] }
    },
    whoCan: () => Promise.resolve({ bundle, groups: [], rows: [] }),
  }
  return { asked, trials, answer: () => waiting.splice(0).forEach((one) => one()) }
}

t.test(
  'one tries as oneself; as others only who may, and never under a name of one’s own',
  async (t) => {
    const { trials, asked, answer } = slowTrials()
    const { call, tokens } = await webWorld(t, { trials })
    const question = { sql: 'SELECT 1', target: 'shop' }
    const ask = async (token: string, more: object = {}) => {
      const answered = call('/api/try', token, { ...question, ...more })
      const tick = setInterval(answer, 5)
      const { status } = await answered
      clearInterval(tick)
      return status
    }
    t.equal(await ask(tokens.engineer), 200)
    t.match(asked.at(-1), { as: { subject: 'engineer', groups: ['engineers'], mfa: true } })
    t.equal(await ask(tokens.agent), 200)
    t.match(asked.at(-1), { as: { kind: 'agent', actor: [{ subject: 'agent' }] } })
    const as = { kind: 'human', groups: ['pii-readers'], subject: 'engineer' }
    t.equal(
      await ask(tokens.engineer, { as }),
      403,
      'one’s own name with other groups is somebody else',
    )
    t.equal(await ask(tokens.approver, { as: { ...as, subject: 'approver' } }), 200)
    t.match(asked.at(-1), { as: { subject: 'somebody', groups: ['pii-readers'] } })
    for (const more of [
      { as: { kind: 'robot', groups: [] } },
      { as: { kind: 'human' } },
      { as: { ...as, claims: {} } },
      { sql: '' },
      { sql: 'x'.repeat(20_001) },
      { database: '' },
      { more: 1 },
    ]) {
      t.equal(await ask(tokens.approver, more), 400, JSON.stringify(more).slice(0, 40))
    }
  },
)

t.test('one caller’s questions do not crowd out those of others', async (t) => {
  const { trials, asked, answer } = slowTrials()
  const { call, tokens } = await webWorld(t, { trials })
  const body = { sql: 'SELECT 1', target: 'shop' }
  const mine = [1, 2, 3].map(() => call('/api/try', tokens.engineer, body))
  const heard = async (many: number): Promise<void> => {
    while (asked.length < many) await new Promise((done) => setTimeout(done, 5))
  }
  await heard(3)
  t.equal((await call('/api/try', tokens.engineer, body)).status, 429)
  const other = call('/api/try', tokens.approver, body)
  await heard(4)
  answer()
  t.same(
    (await Promise.all([...mine, other])).map(({ status }) => status),
    [200, 200, 200, 200],
  )
  const again = call('/api/try', tokens.engineer, body)
  await heard(5)
  answer()
  t.equal((await again).status, 200)
})
