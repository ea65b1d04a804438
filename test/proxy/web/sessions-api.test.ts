// The list of sessions over HTTP: pages, filters, what of others is told, and how long it takes when there are
// very many.
import t from 'tap'
import { person } from '../approvals/world.js'
import { webWorld } from './world.js'

type World = Awaited<ReturnType<typeof webWorld>>

function filled(world: World, count: number, names: readonly string[]): void {
  const all = names.map((name) => person(name, { issuer: world.settings.issuer }).facts)
  for (let i = 0; i < count; i++) {
    const identity = all[i % all.length]
    if (identity === undefined) throw new Error('nobody')
    const session = `s-${i}`
    const target = i % 2 === 0 ? 'shop' : 'crm'
    const about = { session, event: 'opened', database: target, target } as const
    // Pairs of one time: pages must not lose one of them.
    world.sessions.session({ ...about, identity: structuredClone(identity) }, Math.floor(i / 2))
    if (i < count - 3) world.sessions.session({ session, event: 'closed', reason: 'left' }, i)
  }
}

const idsOf = (json: Record<string, unknown>): readonly string[] =>
  (json['sessions'] as readonly { readonly id: string }[]).map(({ id }) => id)

t.test('pages hold every session once, newest first, while others come', async (t) => {
  const world = await webWorld(t)
  filled(world, 25, ['engineer', 'somebody'])
  const seen: string[] = []
  let next = ''
  for (let page = 0; page < 10; page++) {
    const path = `/api/sessions?limit=7${next === '' ? '' : `&before=${next}`}`
    const { json } = await world.call(path, world.tokens.approver)
    seen.push(...idsOf(json))
    const identity = person('late', { issuer: world.settings.issuer }).facts
    world.sessions.session({ session: `late-${page}`, event: 'opened', identity }, 1_000)
    if (json['next'] === undefined) break
    next = String(json['next'])
  }
  t.equal(new Set(seen).size, seen.length)
  t.equal(seen.length, 25)
  t.equal(seen[0], 's-24')
})

t.test('filters', async (t) => {
  const world = await webWorld(t)
  filled(world, 20, ['engineer', 'somebody'])
  const ids = async (query: string) =>
    idsOf((await world.call(`/api/sessions?${query}`, world.tokens.approver)).json)
  t.same(await ids('state=live'), ['s-19', 's-18', 's-17'])
  t.equal((await ids('state=ended')).length, 17)
  t.equal((await ids('target=crm')).length, 10)
  t.equal((await ids('person=SOMEB')).length, 10)
  t.same(await ids('person=SOMEB&target=shop'), [])
  for (const query of [
    'before=x',
    'before=1.',
    'limit=0',
    'limit=-1',
    'state=open',
    'limit=1&limit=2',
  ]) {
    t.equal((await world.call(`/api/sessions?${query}`, world.tokens.approver)).status, 400, query)
  }
})

t.test(
  'of others’ sessions nothing is told to whom they are not for, not even that they are',
  async (t) => {
    const world = await webWorld(t)
    filled(world, 4, ['somebody'])
    const { call, tokens } = world
    for (const path of ['/api/sessions/s-3', '/api/sessions/nothing', '/api/sessions/__proto__']) {
      const answer = await call(path, tokens.engineer)
      t.equal(answer.status, 404, path)
      t.equal(answer.json['detail'], `there is no session ${path.split('/').at(-1)}`)
    }
    t.same((await call('/api/sessions', tokens.engineer)).json, { sessions: [], complete: true })
    t.match((await call('/api/sessions/s-3', tokens.approver)).json, {
      name: 'somebody',
      live: true,
      may: { watch: false, end: false },
    })
    t.notMatch((await call('/api/sessions', tokens.approver)).text, /claims|mfa/)
  },
)

t.test(
  'fifty thousand sessions are listed at once, for who sees all and who sees few',
  async (t) => {
    const world = await webWorld(t)
    filled(world, 50_000, ['somebody', ...Array.from({ length: 200 }, (_, i) => `p-${i}`)])
    const { call, tokens } = world
    await call('/api/me', tokens.engineer)
    for (const token of [tokens.approver, tokens.engineer]) {
      const began = performance.now()
      t.equal((await call('/api/sessions?limit=100', token)).status, 200)
      t.ok(performance.now() - began < 20_000)
    }
  },
)
