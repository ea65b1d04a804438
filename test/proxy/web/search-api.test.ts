// Searching over HTTP: what one may not see is not found, not counted and not hinted at; questions that cannot be
// understood are refused with their place.
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import type { Desk } from '../../../proxy/search/desk.js'
import { BASE, commandRecord, emptyDirectory, recorded } from '../recording/sample-record.js'
import { deskOf, threadOf } from '../search/sample-desk.js'
import { webWorld } from './world.js'

type Answer = {
  readonly hits: readonly {
    readonly who: string
    readonly session: string
    readonly text: string
  }[]
  readonly total_at_least: number
  readonly next?: string
}

async function searched(t: Test) {
  let desk: Desk | undefined
  const at = (): Desk => {
    if (desk === undefined) throw new Error('no desk yet')
    return desk
  }
  const world = await webWorld(t, {
    search: {
      thread: threadOf(at),
      activeRules: () => [{ id: 'pii/masked', title: 'Masked' }, { id: 'never/spoke' }],
    },
  })
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  for (const name of ['engineer', 'approver', 'somebody'] as const) {
    const token = name === 'somebody' ? '' : world.tokens[name]
    const { sub = name } = token === '' ? {} : payload(token)
    const identity = { ...BASE.identity, subject: sub, name, issuer: world.settings.issuer }
    for (let n = 1; n <= 30; n += 1) {
      const record = commandRecord(n, {
        session: `session-of-${name}`,
        text: `SELECT ${n} /* by ${name} */`,
      })
      const facts = { ...record.facts, base: { ...BASE, identity } }
      const rules = [{ id: 'pii/masked', message: 'masked' }]
      await recorded(recorder, { ...record, facts, decision: { ...record.decision, rules } })
    }
  }
  await recorder.close()
  desk = deskOf(t, directory, { file: join(directory, 'search.sqlite') })
  const find = async (query: string, token: string) => {
    const { status, json, text } = await world.call(`/api/search?${query}`, token)
    return { status, text, ...(json as unknown as Answer) }
  }
  return { ...world, find, desk }
}

t.test('searching over HTTP', async (t) => {
  const { call, find, tokens, sign, desk } = await searched(t)
  const auditor = await sign({
    claims: { sub: 'u-auditor', preferred_username: 'auditor', groups: ['auditors'] },
  })

  await t.test('nobody searches without a token', async (t) => {
    for (const path of ['/api/search', '/api/search/groups?by=person', '/api/policy/rules']) {
      t.equal((await call(path)).status, 401, path)
    }
  })

  await t.test('each finds what is theirs, whatever they ask', async (t) => {
    for (const query of [
      '',
      'q=select',
      'q=by%20approver',
      'q=-person:engineer',
      'person=approver',
      'person=*',
      'session=session-of-approver',
      'session=*',
      'q=session:session-of-approver',
      `q=${encodeURIComponent('person:"x\' or 1=1 --"')}`,
      'cursor=999999.0',
    ]) {
      const {
        status,
        hits,
        total_at_least: total,
        text,
      } = await find(`${query}&limit=500`, tokens.engineer)
      t.equal(status, 200, query)
      t.ok(
        hits.every(({ who }) => who === 'engineer'),
        query,
      )
      t.ok(total <= 30, 'nor is it counted')
      t.notMatch(text, /approver|somebody/, 'nor named')
    }
    t.equal((await find('limit=500', tokens.engineer)).hits.length, 30)
    const { json } = await call('/api/search/groups?by=person', tokens.engineer)
    t.match(json, { groups: [{ value: 'engineer', commands: 30 }], commands: 30, complete: true })
  })

  await t.test('an agent finds what it did and what the person did whom it acts for', async (t) => {
    const { hits } = await find('limit=500', tokens.agent)
    t.equal(hits.length, 30)
    t.ok(hits.every(({ who }) => who === 'engineer'))
  })

  await t.test('auditors find everything, a page at a time', async (t) => {
    const first = await find('limit=50', auditor)
    t.equal(first.hits.length, 50)
    t.ok(first.total_at_least >= 51)
    const second = await find(`limit=50&cursor=${first.next}`, auditor)
    t.equal(second.hits.length, 40)
    t.equal(second.next, undefined)
    t.equal(second.total_at_least, 90)
    const { json } = await call('/api/search/groups?by=person&q=select', auditor)
    t.equal((json['groups'] as unknown[]).length, 3)
  })

  await t.test('fields of a form are parts of the question', async (t) => {
    const { hits } = await find('person=somebody&q=12&target=shop&from=2000-01-01', auditor)
    t.match(hits, [{ text: 'SELECT 12 /* by somebody */' }])
    t.same((await find('person=somebody&to=2000-01-01', auditor)).hits, [])
    t.same((await find(`person=${encodeURIComponent('a "b" \\')}`, auditor)).hits, [])
  })

  await t.test('what cannot be understood is refused with its place', async (t) => {
    const wrong = await call('/api/search?q=env:prod%20persn:x', auditor)
    t.equal(wrong.status, 400)
    t.match(wrong.json, { detail: /at character 10 of the question: .*Did you mean person:/ })
    for (const query of [
      'limit=0',
      'limit=1000',
      'cursor=x',
      'surprise=1',
      `q=${'x'.repeat(2_100)}`,
    ]) {
      t.equal((await call(`/api/search?${query}`, auditor)).status, 400, query)
    }
    t.equal((await call('/api/search/groups', auditor)).status, 400)
    t.equal((await call('/api/search/groups?by=weather', auditor)).status, 400)
  })

  await t.test('rules are for who may see policies, with those that never spoke', async (t) => {
    t.equal((await call('/api/policy/rules', tokens.engineer)).status, 403)
    const { json, status } = await call('/api/policy/rules', tokens.approver)
    t.equal(status, 200)
    t.match(json['rules'], [
      { id: 'pii/masked', title: 'Masked', hits: 90, never: false, retired: false },
      { id: 'never/spoke', hits: 0, never: true },
    ])
  })

  await t.test('an index made anew meanwhile gives nobody what is of others', async (t) => {
    const before = desk.whos(0)
    desk.rebuild()
    t.not(desk.whos(0).made, before.made)
    while (desk.step().more);
    t.equal((await find('limit=500', tokens.engineer)).hits.length, 30)
  })
})

function payload(token: string): { readonly sub?: string } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}
