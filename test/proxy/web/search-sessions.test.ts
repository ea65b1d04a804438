// Sessions beyond those that are kept in memory, over HTTP: the list goes on in the index of the record, each
// session once and newest first, under the same filters and the same rights; and each of them opens.
import t, { type Test } from 'tap'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { createSessionList } from '../../../proxy/session-list.js'
import type { Desk } from '../../../proxy/search/desk.js'
import { GatewayError } from '../../../proxy/errors.js'
import { person } from '../approvals/world.js'
import { emptyDirectory } from '../recording/sample-record.js'
import { deskOf, threadOf } from '../search/sample-desk.js'
import { webWorld } from './world.js'

const MARCH = Date.parse('2026-03-01T00:00:00Z')
const HELD = 10

type Listed = { readonly id: string; readonly since: string; readonly state: string }

async function longAgo(t: Test, count: number) {
  let desk: Desk | undefined
  let away = false
  const sessions = createSessionList(HELD)
  const world = await webWorld(t, {
    sessions,
    search: {
      thread: threadOf(() => {
        if (desk === undefined || away) throw new GatewayError('state_failed', 'not at hand')
        return desk
      }),
      activeRules: () => [],
    },
  })
  const directory = emptyDirectory(t)
  let now = MARCH
  const clock = { now: () => now, monotonicUs: () => now * 1_000 }
  const recorder = await createRecorder({ directory, clock })
  const people = ['engineer', 'somebody'].map(
    (name) => person(name, { issuer: world.settings.issuer }).facts,
  )
  const event = (about: Parameters<typeof recorder.session>[0]): void => {
    recorder.session(about)
    sessions.session(about, now)
  }
  for (let n = 0; n < count; n += 1) {
    now += 60_000
    const identity = people[n % 2]
    if (identity === undefined) throw new Error('nobody')
    const target = n % 3 === 0 ? 'shop' : 'crm'
    event({ session: `s-${n}`, event: 'opened', identity, target, database: target })
    // One from the beginning stays, while all others end.
    if (n !== 3) event({ session: `s-${n}`, event: 'closed', reason: 'left' })
  }
  await recorder.close()
  desk = deskOf(t, directory)
  const pages = async (query: string, token: string) => {
    const all: Listed[] = []
    let complete = true
    for (let next = '', page = 0; page < 100; page += 1) {
      const path = `/api/sessions?${query}${next === '' ? '' : `&before=${next}`}`
      const { json, status, text } = await world.call(path, token)
      if (status !== 200) throw new Error(text)
      all.push(...(json['sessions'] as readonly Listed[]))
      complete &&= json['complete'] === true
      if (json['next'] === undefined) break
      next = String(json['next'])
    }
    return { all, ids: all.map(({ id }) => id), complete }
  }
  return { ...world, pages, lose: () => void (away = true) }
}

t.test('the list goes on in the index, and each session is there once', async (t) => {
  const { pages, tokens } = await longAgo(t, 60)
  for (const limit of [1, 7, 9, 10, 11, 60, 1_000]) {
    const { ids, complete, all } = await pages(`limit=${limit}`, tokens.approver)
    t.equal(ids.length, 60, `pages of ${limit}`)
    t.equal(new Set(ids).size, 60, `none twice in pages of ${limit}`)
    t.ok(complete)
    t.equal(ids[0], 's-59')
    t.equal(ids.at(-1), 's-0')
    const ended = all.filter(({ state }) => state !== 'live').map(({ since }) => since)
    t.same(ended, [...ended].sort().reverse(), 'newest first')
  }
  const live = await pages('state=live', tokens.approver)
  t.same(live.ids, ['s-3'])
})

t.test('filters hold for old sessions as for new ones', async (t) => {
  const { pages, tokens } = await longAgo(t, 60)
  t.equal((await pages('target=shop&limit=4', tokens.approver)).ids.length, 20)
  t.equal((await pages('person=SOMEB&limit=4', tokens.approver)).ids.length, 30)
  t.equal((await pages('person=SOMEB&target=crm', tokens.approver)).ids.length, 20)
  t.equal((await pages('state=ended&limit=13', tokens.approver)).ids.length, 59)
  t.same((await pages('person=nobody', tokens.approver)).ids, [])
  t.same((await pages('state=refused', tokens.approver)).ids, [])
})

t.test('old sessions open, for whom they are for', async (t) => {
  const { call, pages, sign, tokens } = await longAgo(t, 60)
  const { status, json } = await call('/api/sessions/s-1', tokens.approver)
  t.equal(status, 200)
  t.match(json, {
    id: 's-1',
    name: 'somebody',
    target: 'crm',
    state: 'ended',
    reason: 'left',
    since: new Date(MARCH + 2 * 60_000).toISOString(),
    may: { end: false },
  })
  const stranger = await sign({ claims: { sub: 'u-x', preferred_username: 'x', groups: [] } })
  t.same((await pages('limit=5', stranger)).ids, [], 'others list nothing')
  for (const id of ['s-1', 's-2', 'nothing', '__proto__', 's-']) {
    const answer = await call(`/api/sessions/${id}`, stranger)
    t.equal(answer.status, 404)
    t.equal(answer.json['detail'], `there is no session ${id}`)
  }
  t.equal((await call('/api/sessions/s-', tokens.approver)).status, 404, 'a part is no id')
})

t.test('made-up places are refused, and strange ones end the list', async (t) => {
  const { call, tokens } = await longAgo(t, 30)
  for (const before of ['line-', 'line-x', 'line-1%20or%201', 'line-1.s-1', 'r.1']) {
    t.equal((await call(`/api/sessions?before=${before}`, tokens.approver)).status, 400, before)
  }
  t.same((await call('/api/sessions?before=line-0', tokens.approver)).json['sessions'], [])
})

t.test('without its index the list tells that it is not whole', async (t) => {
  const { call, lose, pages, tokens } = await longAgo(t, 30)
  lose()
  const { ids, complete } = await pages('limit=7', tokens.approver)
  t.equal(ids.length, HELD)
  t.notOk(complete)
  t.not((await call('/api/sessions/s-1', tokens.approver)).status, 200)
})
