// Labels that followed data, on both kinds of state store: kept before anything runs, there after reopening and
// for other gateways, bound to what the database shows, and about nothing once it shows that nothing was made.
import t from 'tap'
import type { Catalogue, Relation } from '../../../engine/facts/postgres/catalogue.js'
import type { Stored } from '../../../engine/facts/postgres/stored.js'
import { silentLog } from '../../../proxy/log.js'
import { newSession, type Session } from '../../../proxy/session.js'
import { openState, type State } from '../../../proxy/state/state.js'
import { createFollowedLabels } from '../../../proxy/targets/followed-labels.js'
import { stores } from '../approvals/world.js'

const alive = setInterval(() => undefined, 1_000)
t.teardown(() => clearInterval(alive))

const PLACE = '7000/16384'
const LATER = 11_000

const made: Stored = {
  relation: { oid: 0, before: 0, schema: 'public', name: 'copy', temporary: false },
  attnum: 2,
  column: 'x',
  from: 'public.customers.ssn',
  labels: ['pii'],
  kept: false,
}
const there: Stored = {
  ...made,
  relation: { ...made.relation, oid: 90, name: 'log' },
  attnum: 1,
  column: 'what',
}

for (const store of await stores(t)) {
  t.test(`followed labels on ${store.kind}`, async (t) => {
    t.test('what is kept is there at once, after reopening, and once only', async (t) => {
      const { labels, session, seen, reopened } = await world(
        t,
        await openState(await store.fresh(), silentLog),
      )
      t.same(labels.of('shop', 'db'), [])
      await labels.follow(session, 4, [made, there])
      t.equal(labels.follow(session, 5, [made, there]), undefined)
      t.same(
        labels
          .of('shop', 'db')
          .map(({ oid, relation, bound }) => [oid, relation, bound])
          .sort(),
        [
          [0, 'copy', false],
          [90, 'log', false],
        ],
      )
      t.same(labels.of('shop', 'other'), [])
      t.equal(
        labels.of('shop', 'db'),
        labels.of('shop', 'db'),
        'the same list while nothing changed',
      )
      t.same(seen, ['copy', 'log'])
      const again = await reopened()
      t.equal(again.of('shop', 'db').length, 2)
    })

    t.test('a look binds it: then the name says nothing, and follows the relation', async (t) => {
      const { labels, session, reopened } = await world(
        t,
        await openState(await store.fresh(), silentLog),
      )
      await labels.follow(session, 1, [made])
      labels.looked('shop', catalogue(relation(77, 'copy', ['id', 'x'])), PLACE, 0)
      await settled(() => labels.of('shop', 'db')[0]?.bound === true)
      t.match(labels.of('shop', 'db'), [{ oid: 77, attnum: 2, column: 'x' }])
      labels.looked('shop', catalogue(relation(77, 'renamed', ['id', 'y'])), PLACE, 0)
      await settled(() => labels.all()[0]?.relation === 'renamed')
      t.match(labels.all(), [{ column_name: 'y', oid: 77 }])
      t.match((await reopened()).of('shop', 'db'), [{ oid: 77, bound: true, relation: 'renamed' }])
    })

    t.test('what had the name before is not what was made', async (t) => {
      const { labels, session, tick } = await world(
        t,
        await openState(await store.fresh(), silentLog),
      )
      await labels.follow(session, 1, [{ ...made, relation: { ...made.relation, before: 50 } }])
      labels.looked('shop', catalogue(relation(50, 'copy', ['id', 'x'])), PLACE, 0)
      t.match(labels.of('shop', 'db'), [{ oid: 0, bound: false }])
      // The session is over, and nothing was made.
      labels.sessionEnded(session.id)
      labels.looked('shop', catalogue(relation(50, 'copy', ['id', 'x'])), PLACE, tick(LATER))
      await settled(() => labels.all().length === 0)
      t.same(labels.of('shop', 'db'), [])
    })

    t.test(
      'restored from a dump, names count until the database has shown its own numbers',
      async (t) => {
        const { labels, session } = await world(t, await openState(await store.fresh(), silentLog))
        await labels.follow(session, 1, [there])
        labels.looked('shop', catalogue(relation(90, 'log', ['what'])), PLACE, 0)
        await settled(() => labels.of('shop', 'db')[0]?.bound === true)
        const elsewhere = catalogue(
          relation(90, 'unrelated', ['a']),
          relation(12, 'log', ['id', 'what']),
        )
        labels.looked('shop', elsewhere, '7001/16384', 0)
        t.match(labels.of('shop', 'db'), [
          { oid: 0, bound: false, relation: 'log', column: 'what' },
        ])
        await settled(() => labels.of('shop', 'db')[0]?.bound === true)
        t.match(labels.of('shop', 'db'), [{ oid: 12, attnum: 2 }])
      },
    )

    t.test('one database under two names of targets has the same labels', async (t) => {
      const { labels, session } = await world(t, await openState(await store.fresh(), silentLog))
      const names = catalogue(relation(90, 'log', ['what']))
      labels.looked('shop', names, PLACE, 0)
      labels.looked('for-agents', names, PLACE, 0)
      labels.looked('other', names, '7001/1', 0)
      await labels.follow(session, 1, [there])
      t.equal(labels.of('for-agents', 'db').length, 1)
      t.equal(labels.of('other', 'db').length, 0)
      labels.looked('for-agents', names, PLACE, 0)
      await settled(() => labels.of('shop', 'db')[0]?.bound === true)
    })

    t.test('a dismissed one counts no longer, also when it is copied again', async (t) => {
      const { labels, session } = await world(t, await openState(await store.fresh(), silentLog))
      await labels.follow(session, 1, [there])
      const id = labels.all()[0]?.id ?? ''
      t.equal(await labels.dismiss(id, 'somebody', 'test data'), true)
      t.equal(await labels.dismiss(id, 'somebody', 'test data'), false)
      t.equal(await labels.dismiss('none', 'somebody', 'test data'), false)
      t.same(labels.of('shop', 'db'), [])
      t.equal(labels.follow(session, 2, [there]), undefined)
      await labels.follow(session, 3, [{ ...there, from: 'public.customers.email' }])
      t.equal(labels.of('shop', 'db').length, 1)
    })

    t.test('temporary tables are their session’s own, and nothing is kept of them', async (t) => {
      const { labels, session } = await world(t, await openState(await store.fresh(), silentLog))
      const own = { ...made, relation: { ...made.relation, schema: 'pg_temp', temporary: true } }
      const before = labels.of('shop', 'db')
      t.equal(labels.follow(session, 1, [own]), undefined)
      t.not(labels.of('shop', 'db'), before, 'sessions see that something changed')
      t.same(labels.of('shop', 'db'), [])
      t.same(labels.of('shop', 'db', 'another'), [])
      t.match(labels.of('shop', 'db', session.id), [{ schema: 'pg_temp', relation: 'copy' }])
      labels.sessionEnded(session.id)
      t.same(labels.of('shop', 'db', session.id), [])
      t.same(labels.all(), [])
    })

    t.test('what cannot be kept is refused', async (t) => {
      const state = await openState(await store.fresh(), silentLog)
      const { labels, session } = await world(t, state)
      await state.db.schema.dropTable('sallyport_followed_labels').execute()
      await t.rejects(labels.follow(session, 1, [made]) ?? Promise.resolve(), {
        code: 'state_failed',
      })
      t.same(labels.of('shop', 'db'), [])
    })

    if (store.kind !== 'postgres') return
    t.test('two gateways on one store see each other’s', async (t) => {
      const options = await store.fresh()
      const one = await world(t, await openState(options, silentLog))
      const two = await world(t, await openState(options, silentLog))
      await one.labels.follow(one.session, 1, [there])
      await settled(() => two.labels.of('shop', 'db').length === 1)
      await two.labels.dismiss(two.labels.all()[0]?.id ?? '', 'somebody', 'none')
      await settled(() => one.labels.of('shop', 'db').length === 0)
      t.same(one.labels.of('shop', 'db'), [])
    })
  })
}

async function world(
  t: { readonly teardown: (end: () => Promise<void>) => unknown },
  state: State,
) {
  let now = 0
  let ids = 0
  const seen: string[] = []
  const parts = {
    state,
    clock: { now: () => now, monotonicUs: () => now * 1000 },
    log: silentLog,
    newId: () => `${Math.random()}-${(ids += 1)}`,
    onFollowed: ({ relation }: { readonly relation: string }) => void seen.push(relation),
  }
  const labels = await createFollowedLabels(parts)
  t.teardown(async () => {
    await labels.close()
    await state.close()
  })
  return {
    labels,
    session: session(),
    seen,
    tick: (ms: number) => (now += ms),
    reopened: () => createFollowedLabels(parts),
  }
}

function session(): Session {
  const facts = {
    subject: 'ann',
    issuer: 'https://issuer.example',
    name: 'Ann',
    kind: 'human' as const,
    groups: [],
    actor: [],
    claims: {},
    mfa: false,
  }
  return newSession({
    id: 'session-1',
    identity: {
      facts,
      key: 'ann',
      standing: () => ({ valid: true }),
    } as unknown as Session['identity'],
    target: { name: 'shop', kind: 'postgres', labels: {}, database: 'db' },
    zone: 'UTC',
    clientAddress: '',
    application: '',
  })
}

async function settled(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10))
}

function relation(oid: number, name: string, columns: readonly string[]): Relation {
  return {
    oid,
    schema: 'public',
    name,
    kind: 'r',
    temporary: false,
    system: false,
    columns: columns.map((column, at) => ({
      attnum: at + 1,
      name: column,
      type: 25,
      notNull: false,
      generated: false,
      labels: [],
    })),
    keys: [],
    uniqueColumns: [],
    parents: [],
    rules: [],
    triggers: [],
    checks: [],
  }
}

function catalogue(...relations: readonly Relation[]): Catalogue {
  return {
    version: 1,
    database: 'db',
    server: 180_000,
    relation: (schema, name) => relations.find((one) => one.schema === schema && one.name === name),
    relationByOid: (oid) => relations.find((one) => one.oid === oid),
    routines: () => [],
    routineByOid: () => undefined,
    type: () => undefined,
    typeByOid: () => undefined,
    operators: () => [],
    userCasts: [],
    schemas: ['public'],
    userRelations: relations,
  }
}
