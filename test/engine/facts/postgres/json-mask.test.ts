// Documents of which paths are protected, on real servers: the values at the paths are masked, all others stay,
// and whatever shape a document has, nothing of what lies at a path is seen.
import pg from 'pg'
import t from 'tap'
import { maskedDocument } from '../../../../engine/facts/postgres/json-mask.js'
import { pathSteps } from '../../../../engine/facts/postgres/json-path.js'
import type { Mask } from '../../../../engine/schemas/decision.js'
import { missingPostgres, startPostgres } from '../../../peers/postgres.js'

const REDACT: Mask = { match: 'label:pii', method: 'redact' }
const S = '****'

const CASES: readonly (readonly [document: unknown, paths: readonly string[], shown: unknown])[] = [
  [{ ssn: '1', plan: 'x' }, ['$.ssn'], { ssn: S, plan: 'x' }],
  [{ ssn: null, plan: 'x' }, ['$.ssn'], { ssn: null, plan: 'x' }],
  [{ ssn: 12.5 }, ['$.ssn'], { ssn: S }],
  [{ ssn: { a: [1] } }, ['$.ssn'], { ssn: S }],
  [{ ssn: ['1', '2'] }, ['$.ssn'], { ssn: S }],
  [{ plan: 'x' }, ['$.ssn'], { plan: 'x' }],
  [{}, ['$.ssn'], {}],
  // A root that is no object.
  ['1', ['$.ssn'], S],
  [1, ['$.ssn'], S],
  [true, ['$.ssn'], S],
  [null, ['$.ssn'], null],
  [[], ['$.ssn'], S],
  [[{ ssn: '1' }, { plan: 'x' }], ['$.ssn'], S],
  [[{ ssn: '1' }, { plan: 'x' }, '2', null], ['$[*].ssn'], [{ ssn: S }, { plan: 'x' }, S, null]],
  // Below.
  [{ a: { b: { c: '1', d: 2 } }, e: 3 }, ['$.a.b.c'], { a: { b: { c: S, d: 2 } }, e: 3 }],
  [{ a: { b: '1' } }, ['$.a.b.c'], { a: { b: S } }],
  [{ a: '1' }, ['$.a.b.c'], { a: S }],
  [{ a: [{ b: '1' }] }, ['$.a.b'], { a: S }],
  [{ a: { b: null } }, ['$.a.b.c'], { a: { b: null } }],
  // Elements.
  [{ a: [{ s: '1', n: 1 }, { n: 2 }] }, ['$.a[*].s'], { a: [{ s: S, n: 1 }, { n: 2 }] }],
  [{ a: { s: '1', home: { s: '2' } } }, ['$.a[*].s'], { a: S }],
  [{ a: '1' }, ['$.a[*].s'], { a: S }],
  [{ a: [[{ s: '1' }], { s: '2' }] }, ['$.a[*].s'], { a: [S, { s: S }] }],
  [{ a: [1, null, { b: 1 }] }, ['$.a[*]'], { a: [S, null, S] }],
  [[['1'], '2'], ['$[*][*]'], [[S], S]],
  // Names.
  [{ 'a "b': '1', "it's": 2 }, ['$["a \\"b"]', `$["it's"]`], { 'a "b': S, "it's": S }],
  [{ 'x-y': 1, é: 2 }, ['$.x-y', '$["é"]'], { 'x-y': S, é: S }],
  // Several, and one below another.
  [{ ssn: '1', a: { ssn: '2', b: 3 } }, ['$.ssn', '$.a.ssn'], { ssn: S, a: { ssn: S, b: 3 } }],
  [{ a: { b: '1' } }, ['$.a', '$.a.b'], { a: S }],
  [{ a: { b: '1', c: 2 } }, ['$.a.b', '$.a'], { a: S }],
]

for (const kind of ['embedded', 'debian'] as const) {
  const options = { skip: missingPostgres(kind), timeout: 120_000 }
  t.test(`paths of a document are masked where they lie (${kind})`, options, async (t) => {
    const server = await startPostgres({ kind })
    t.teardown(() => server.stop())
    const { host, port, superuser: user, password } = server
    const client = new pg.Client({ host, port, user, password, database: 'postgres' })
    await client.connect()
    t.teardown(() => client.end())
    const shown = async (document: string | null, paths: readonly string[], mask = REDACT) => {
      const expression = maskedDocument(
        'd.doc',
        paths.map((path) => ({ path, mask })),
        'pg_catalog.jsonb',
      )
      if (typeof expression !== 'string') throw new Error(expression.refused)
      const text = `SELECT ${expression} AS shown, pg_typeof(${expression})::text AS type FROM (SELECT $1::jsonb AS doc) AS d`
      return (await client.query<{ shown: unknown; type: string }>(text, [document])).rows[0]
    }

    t.test('and nothing else is changed', async (t) => {
      for (const [document, paths, expected] of CASES) {
        const found = await shown(JSON.stringify(document), paths)
        t.strictSame(found?.shown, expected, `${JSON.stringify(document)} ${paths.join(' ')}`)
        t.equal(found?.type, 'jsonb')
      }
      t.equal((await shown(null, ['$.ssn']))?.shown, null)
    })

    t.test('of a key that stands twice nothing is left', async (t) => {
      t.strictSame((await shown('{"ssn": "1", "ssn": "2"}', ['$.ssn']))?.shown, { ssn: S })
    })

    t.test('in documents by chance no protected value is left', async (t) => {
      let state = 7
      const chance = (below: number): number => {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
        return Math.floor((state / 2_147_483_648) * below)
      }
      // Whatever lies below a key `s` holds the canary.
      const made = (depth: number, secret: boolean): unknown => {
        const leaf = secret ? 'CANARY' : 'open'
        const kind = depth > 3 ? 0 : chance(4)
        if (kind === 0) return leaf
        if (kind === 1) return Array.from({ length: chance(3) }, () => made(depth + 1, secret))
        return Object.fromEntries(
          ['a', 's', 'b']
            .slice(chance(2))
            .map((key) => [key, made(depth + 1, secret || key === 's')]),
        )
      }
      for (let turn = 0; turn < 400; turn++) {
        const document = { a: made(1, false), s: made(1, true) }
        const text = JSON.stringify(document)
        const all = JSON.stringify(
          (
            await shown(text, [
              '$.s',
              '$.a.s',
              '$.a.a.s',
              '$.a.b.s',
              '$.a.a.a.s',
              '$.a.a.b.s',
              '$.a.b.a.s',
              '$.a.b.b.s',
            ])
          )?.shown,
        )
        t.notMatch(all, 'CANARY', text)
      }
    })

    t.test('a mask says what stands at a path', async (t) => {
      const method = async (mask: Mask) =>
        (await shown('{"a": "1234", "b": 1}', ['$.a'], mask))?.shown
      t.strictSame(await method({ match: 'label:pii', method: 'null' }), { a: null, b: 1 })
      const constant: Mask = { match: 'label:pii', method: 'constant', value: `it's` }
      t.strictSame(await method(constant), { a: `it's`, b: 1 })
      t.strictSame(await method({ match: 'label:pii', method: 'partial', keep: 2 }), { a: S, b: 1 })
      await t.rejects(shown('{}', ['$.a'], { ...constant, value: '\\' }), /cannot be masked/)
    })
  })
}

t.test('what is no path is told so', async (t) => {
  for (const path of [
    '',
    '$',
    'ssn',
    '$ssn',
    '$.',
    '$..ssn',
    '$.a[0]',
    '$.a[',
    '$.*',
    '$.a b',
    "$['a']",
    '$.a.b.c.d.e.f.g.h.i',
  ]) {
    t.equal(pathSteps(path), undefined, path)
  }
  t.strictSame(pathSteps('$.a[*]["b c"]'), [{ key: 'a' }, 'each', { key: 'b c' }])
})
