// The same sessions against gateways with different bundles, each recorded: what a film under another bundle
// says, up to the end of its branch, is what really happened under that bundle, to the value.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import type { Policy } from '../../engine/policy/policy.js'
import { buildBundle } from '../../proxy/policies/build.js'
import { namedPolicy } from '../../proxy/policies/backtest/named-policy.js'
import { recordingsAt } from '../../proxy/commands/recordings/place.js'
import type { FilmEntry } from '../../proxy/replay/film.js'
import { createFilms } from '../../proxy/replay/films.js'
import { HIDDEN } from '../../proxy/replay/masked-frames.js'
import { createScreening } from '../../proxy/replay/screening.js'
import { createUnderFilm, type UnderPlace } from '../../proxy/replay/under-film.js'
import { endsBranch } from '../../proxy/replay/under.js'
import { REPOSITORY } from '../peers/gateway-config.js'
import { startTestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { LIBRARY, opaPath } from '../rego/library.js'

const skip = missingPostgres('embedded')
t.setTimeout(240_000)

const SESSIONS: readonly (readonly string[])[] = [
  [
    'SELECT id, status FROM orders ORDER BY id',
    'SELECT id, name, ssn, email FROM customers ORDER BY id',
    'SELECT upper(name) AS loud, upper(ssn) AS quiet FROM customers ORDER BY id',
    "SELECT id FROM customers WHERE ssn = '123-45-6789'",
    'SELECT count(*) FROM customers',
    'SELECT nothing FROM customers',
  ],
  [
    'SELECT count(*) FROM customers',
    'BEGIN',
    "UPDATE orders SET status = 'late' WHERE id = 7",
    'ROLLBACK',
    "UPDATE orders SET status = 'gone'",
    'SELECT 1 AS one',
  ],
  [
    'SELECT id FROM customers ORDER BY id',
    'SELECT status FROM orders ORDER BY id',
    'SELECT 2 AS two',
  ],
]

const RULE = `package sallyport.policies

deny.read contains {"id": "test/no-orders", "message": "no orders"} if {
	some effect in input.command.effects
	effect.object == "public.orders"
}
`
const HOLD = `package sallyport.policies

hold.update contains {
	"id": "test/held",
	"message": "changes wait",
	"approval": {"approvers": ["approvers"], "quorum": 1, "expires_ms": 60000, "reason_required": false, "scope": "command"},
} if {
	some effect in input.command.effects
	effect.op == "update"
}
`

// What makes each bundle out of the shipped one.
const BUNDLES: Readonly<Record<string, (policies: string) => void>> = {
  shipped: () => undefined,
  clear: (policies) =>
    edit(join(policies, 'personal_data.rego'), /not facts\.clear_reader/g, 'facts.clear_reader'),
  wide: (policies) =>
    edit(
      join(policies, 'destructive.rego'),
      'effect.where in {"absent", "trivial"}',
      'effect.where in {"trivial"}',
    ),
  strict: (policies) => writeFileSync(join(policies, 'test_strict.rego'), RULE),
  held: (policies) => writeFileSync(join(policies, 'test_held.rego'), HOLD),
}

function edit(file: string, what: string | RegExp, by: string): void {
  const before = readFileSync(file, 'utf8')
  const after = before.replace(what, by)
  if (after === before) throw new Error(`${file} does not hold what is to be changed`)
  writeFileSync(file, after)
}

type Run = { readonly entries: readonly FilmEntry[]; readonly place?: UnderPlace }

t.test('films under other bundles are what happens under them', { skip }, async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'sallyport-under-'))
  t.teardown(() => rmSync(work, { recursive: true, force: true }))
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(() => server.stop())
  const { host, port, superuser: user, password } = server
  const setUp = new pg.Client({ host, port, user, password, database: 'postgres' })
  await setUp.connect()
  await setUp.query(readFileSync(join(REPOSITORY, 'rego', 'catalogue', 'shop.sql'), 'utf8'))
  await setUp.query(
    `INSERT INTO customers VALUES (1, 'Ann', 'ann@example.org', '123-45-6789', '4242', NULL, 'eu'),
       (2, 'Bo', 'bo@example.org', '223-45-6789', '4343', 'x', 'us')`,
  )
  t.teardown(() => setUp.end())
  const asItWas = async (): Promise<void> => {
    await setUp.query('DELETE FROM orders')
    await setUp.query(`INSERT INTO orders VALUES (7, 1, 'new', 1, now()), (8, 2, 'old', 2, now())`)
  }
  const key = join(work, 'key')
  writeFileSync(key, Buffer.alloc(32, 7).toString('base64'))
  const target = { name: 'shop', database: 'postgres', host, port, accounts: [{ user, password }] }
  const opa = await opaPath()
  const built = new Map<string, Promise<Policy>>()
  const policyOf = (name: string): Promise<Policy> => {
    const named = { opa: () => Promise.resolve(opa), cwd: work, fuel: 5_000_000 }
    const policy =
      built.get(name) ?? namedPolicy(`${name}.tar.gz`, named).then(({ policy: one }) => one)
    built.set(name, policy)
    return policy
  }

  // Names of bundles → their films, and how to look at one under another.
  const gateways = new Map<
    string,
    { readonly ids: readonly string[]; readonly config: string; readonly record: string }
  >()
  for (const [name, change] of Object.entries(BUNDLES)) {
    const folder = join(work, name)
    cpSync(LIBRARY, folder, { recursive: true })
    change(join(folder, 'policies', 'sallyport', 'policies'))
    const recordings = { directory: 'recordings', key: `file:${key}` }
    const bundle = join(work, `${name}.tar.gz`)
    writeFileSync(bundle, await buildBundle({ opa, folder }))
    const gateway = await startTestGateway({ target, policies: bundle, config: { recordings } })
    t.teardown(() => gateway.stop())
    for (const session of SESSIONS) {
      await asItWas()
      const client = new pg.Client({
        host: gateway.host,
        port: gateway.port,
        user: 'agent',
        password: await gateway.token('agent'),
        database: 'shop',
      })
      let waits = false
      client.on('error', () => undefined)
      client.on('notice', () => {
        // Held: nobody will agree, so whoever asked goes away.
        waits = true
        void client.end()
      })
      await client.connect()
      for (const text of session) {
        if (waits) break
        await client.query(text).catch(() => undefined)
      }
      await client.end().catch(() => undefined)
    }
    const ids = await sessionIds(gateway)
    gateways.set(name, { ids, config: gateway.configFile, record: gateway.recordDirectory })
  }

  const run = async (of: string, session: number, under?: string): Promise<Run> => {
    const found = gateways.get(of)
    const id = found?.ids[session] ?? ''
    const films = createFilms(found?.record ?? '')
    const film = async () => {
      const one = await films.film(id)
      if (one === undefined) throw new Error(`no film of ${of} ${session}`)
      return one
    }
    const io = { stdout: { write: () => true }, stderr: { write: () => true }, env: {}, cwd: '/' }
    const library = recordingsAt(found?.config, io)?.library
    const policies =
      under === undefined ? undefined : { under: await policyOf(under), before: () => policyOf(of) }
    const underFilm =
      policies === undefined ? undefined : createUnderFilm(film, policies, () => performance.now())
    const screening = createScreening({
      film: await film(),
      ...(library === undefined ? {} : { recordings: library }),
      ...(underFilm === undefined ? {} : { under: underFilm }),
    })
    const entries: FilmEntry[] = []
    for await (const { entry } of screening.entries(1)) entries.push(entry)
    return { entries, ...(underFilm === undefined ? {} : { place: await underFilm.place() }) }
  }

  const went = new Map<string, Promise<Run>>()
  const asItWent = (of: string, session: number): Promise<Run> => {
    const known = went.get(`${of} ${session}`) ?? run(of, session)
    went.set(`${of} ${session}`, known)
    return known
  }

  for (const of of Object.keys(BUNDLES)) {
    await t.test(`sessions under ${of}, seen under the same bundle, do not part`, async (t) => {
      for (const session of SESSIONS.keys()) {
        const { entries, place } = await run(of, session, of)
        t.same(place, {})
        t.ok(entries.length > 0)
        t.ok(
          entries.every(
            ({ under }) => under?.parting === 'same' && !under.after && under.notes.length === 0,
          ),
        )
      }
    })
  }

  const partings = new Set<string>()
  for (const [of, under] of pairs()) {
    await t.test(
      `sessions under ${of}, seen under ${under}, are those under ${under}`,
      async (t) => {
        for (const session of SESSIONS.keys()) {
          const seen = (await run(of, session, under)).entries
          const real = (await asItWent(under, session)).entries
          for (const [i, entry] of seen.entries()) {
            const parting = entry.under?.parting ?? 'unknown'
            partings.add(parting)
            const then = real[i]
            const name = `session ${session}, command ${entry.command}: ${entry.text} (${parting})`
            t.equal(entry.under?.action, then?.action, name)
            t.same(entry.under?.rules, then?.rules, name)
            if (parting === 'denied') t.notOk(then?.go, name)
            if (parting === 'ran') t.ok(then?.go, name)
            if (endsBranch(parting)) break
            t.equal(then?.go, entry.go, name)
            t.ok(agree(shown(entry), shown(then)), `${name}\n${shown(entry)}\n${shown(then)}`)
          }
        }
      },
    )
  }
  t.same([...partings].sort(), ['denied', 'held', 'masked', 'ran', 'same', 'unmasked'])
})

async function sessionIds(gateway: {
  readonly webUrl: string
  readonly token: (name: string) => Promise<string>
}) {
  const headers = { authorization: `Bearer ${await gateway.token('agent')}` }
  for (;;) {
    const answer = await fetch(`${gateway.webUrl}/api/sessions?state=all`, { headers })
    const { sessions } = (await answer.json()) as {
      sessions: { id: string; since: string; live: boolean }[]
    }
    if (sessions.length === SESSIONS.length && sessions.every(({ live }) => !live)) {
      return sessions.sort((a, b) => (a.since < b.since ? -1 : 1)).map(({ id }) => id)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

// Each beside the shipped one, both ways, and two that differ in more than one respect.
function pairs(): readonly (readonly [string, string])[] {
  const others = Object.keys(BUNDLES).filter((name) => name !== 'shipped')
  return [
    ...others.flatMap((name) => [['shipped', name] as const, [name, 'shipped'] as const]),
    ['clear', 'strict'],
    ['wide', 'held'],
  ]
}

type Shown = readonly (readonly (string | null)[])[]

function shown(entry: FilmEntry | undefined): Shown {
  return (entry?.frames ?? []).flatMap((frame) => (frame.kind === 'rows' ? frame.rows : []))
}

// Equal value by value, but for those that are hidden; where rows are hidden whole, others may have come.
function agree(seen: Shown, real: Shown): boolean {
  const whole = seen.every((row) => row.every((value) => value === HIDDEN || value === null))
  if (seen.length !== real.length) return whole
  return seen.every((row, i) =>
    row.every((value, j) => value === HIDDEN || value === (real[i]?.[j] ?? null)),
  )
}
