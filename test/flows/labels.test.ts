// The story of labels: a database of which nobody knows what is in it is scanned, the diff is read and written,
// and the check holds it against the database as it changes. No value of it is ever seen.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { SEEDED } from '../proxy/labels/seeded-columns.js'
import { labelsWorld, NO_POSTGRES } from '../proxy/labels/labels-world.js'
import { quoted } from '../../proxy/labels/sample.js'

t.setTimeout(180_000)

type Proposal = {
  readonly table: string
  readonly column: string
  readonly labels: readonly string[]
  readonly confidence: string
  readonly reasons: readonly string[]
}

t.test('a database nobody has labelled', { skip: NO_POSTGRES }, async (t) => {
  const world = await labelsWorld(t)
  const { client, typed, rules, home, serverLog } = world
  const secrets = await seed(world)

  const seen: string[] = []
  const scanned = async (...argv: readonly string[]) => {
    const found = await typed('scan', 'shop', ...argv)
    seen.push(found.out, found.err)
    t.equal(found.code, 0, found.err)
    return found.out
  }

  await t.test(
    'sensitive columns are found, and those that only look like it are left',
    async (t) => {
      const report = JSON.parse(await scanned('--format', 'json')) as { proposals: Proposal[] }
      const made = new Map(
        report.proposals
          .filter(({ table, confidence }) => table === 'records' && confidence !== 'low')
          .map((one) => [one.column, one]),
      )
      const expected = SEEDED.filter(({ labels }) => labels.length > 0)
      const missed = expected.filter(({ name }) => !made.has(name)).map(({ name }) => name)
      const traps = SEEDED.filter(({ labels }) => labels.length === 0)
      const wrong = traps.filter(({ name }) => made.has(name)).map(({ name }) => name)
      const otherwise = expected.flatMap(({ name, labels }) => {
        const found = made.get(name)
        const same = [...(found?.labels ?? labels)].sort().join() === [...labels].sort().join()
        return same ? [] : [`${name}: ${found?.labels.join(', ')}`]
      })
      const [right, all] = [expected.length - missed.length, made.size]
      t.comment(
        `${SEEDED.length} columns, ${expected.length} sensitive: recall ${right}/${expected.length}, ` +
          `precision ${all - wrong.length}/${all}`,
      )
      t.same({ missed, wrong, otherwise }, { missed: [], wrong: [], otherwise: [] })
    },
  )
  await t.test('the reasons name counts, tests and words, and where in JSON it is', async (t) => {
    const { proposals } = JSON.parse(await scanned('--format', 'json')) as { proposals: Proposal[] }
    const why = (column: string): string =>
      proposals.find((one) => one.column === column)?.reasons.join('; ') ?? ''
    t.match(
      why('zahlung'),
      /100 % of 200 sampled values are card numbers by prefix, length and Luhn/,
    )
    t.match(why('credit_card'), /the name says “credit card”/)
    t.match(why('profile'), /^at contact\.mails\[\]: 100 % of 200 sampled values are e-mail/)
    t.match(why('people'), /^at \*: /)
    t.match(why('handover'), /longer texts among 200 sampled values hold an e-mail address in 2\d/)
    t.match(why('field_3'), /a security label for anon masks it by fake_email/)
    t.match(why('vorname'), /the name says “vorname”/)
  })

  await t.test('tables that may not be read are judged by name, and named', async (t) => {
    const out = await scanned('--format', 'json')
    const { proposals, unread } = JSON.parse(out) as {
      readonly proposals: Proposal[]
      readonly unread: readonly { readonly table: string; readonly why: string }[]
    }
    t.match(unread, [
      { table: 'public.half_open', why: 'the account has no right to read 1 of its columns' },
      { table: 'public.hidden', why: 'the account has no right to read it' },
      { table: 'secret_place.inside', why: 'the account has no right to read it' },
    ])
    const of = (table: string): readonly string[] =>
      proposals.filter((one) => one.table === table).map(({ column }) => column)
    t.same(of('hidden'), ['email'])
    t.same(of('inside'), ['iban'])
    t.same([...of('half_open')].sort(), ['a', 'email'])
  })

  await t.test(
    'what reads a column follows by itself; empty and odd tables are no obstacle',
    async (t) => {
      const report = JSON.parse(await scanned('--format', 'json')) as {
        readonly proposals: Proposal[]
        readonly following: readonly { readonly column: string; readonly from: readonly string[] }[]
      }
      const { proposals, following } = report
      const columns = following.map(({ column }) => column)
      for (const one of [
        ...['public.mail_view.sent_to', 'public.kept_view.EmailAddress', 'public.computed.lowered'],
      ]) {
        t.ok(columns.includes(one), one)
      }
      const tables = proposals.map(({ table }) => table)
      for (const one of ['mail_view', 'kept_view', 'visits_1', 'visits_2'])
        t.notOk(tables.includes(one))
      t.match(
        proposals.filter(({ table }) => table === 'visits'),
        [{ column: 'guest_email' }],
      )
      t.match(
        proposals.filter(({ table }) => table === 'nothing'),
        [{ column: 'phone', confidence: 'medium' }],
      )
      t.match(
        proposals.filter(({ table }) => table === 'of "us"\nall 💳'),
        [{ column: 'e"mail\n: x', confidence: 'high' }],
      )
      // A view of a function’s rows reads nothing that has a label.
      t.match(
        proposals.filter(({ table }) => table === 'made_up'),
        [{ column: 'email' }],
      )
    },
  )

  await t.test('a million rows are looked at in a moment', async (t) => {
    const begin = performance.now()
    const out = await scanned('--format', 'json')
    const tookMs = performance.now() - begin
    const { proposals } = JSON.parse(out) as { readonly proposals: Proposal[] }
    t.match(
      proposals.filter(({ table }) => table === 'large'),
      [{ column: 'who' }],
    )
    t.ok(tookMs < 30_000, `${Math.round(tookMs)} ms`)
    t.comment(`whole scan: ${Math.round(tookMs)} ms`)
    t.match(serverLog(), /TABLESAMPLE SYSTEM \(0\.040000\) REPEATABLE \(1\) LIMIT 200/)
  })

  await t.test('without values it goes by names, comments and dbt', async (t) => {
    const manifest = {
      nodes: {
        a: {
          schema: 'public',
          name: 'records',
          columns: { handle: { name: 'handle', meta: { pii: 'network' } } },
        },
      },
    }
    writeFileSync(join(home, 'manifest.json'), JSON.stringify(manifest))
    const out = await scanned('--sample', '0', '--dbt', 'manifest.json', '--format', 'json')
    const report = JSON.parse(out) as {
      readonly sampledRows: number
      readonly proposals: Proposal[]
    }
    t.equal(report.sampledRows, 0)
    const found = report.proposals.filter(({ confidence }) => confidence !== 'low')
    const names = found.map(({ column }) => column)
    for (const one of ['handle', 'vorname', 'field_2']) t.ok(names.includes(one), one)
    for (const one of ['zahlung', 'kontakt']) t.notOk(names.includes(one), one)
  })

  await t.test(
    'the diff is printed, then written, and then there is nothing left to add',
    async (t) => {
      rules(
        '# Ours, in our order.\ncolumns:\n  - column: iban # everywhere\n    labels: [pii, pii.iban]\n',
      )
      const printed = await scanned()
      t.match(printed, /\n--- a\/data\/labels\/data\.yaml\n\+\+\+ b\/data\/labels\/data\.yaml\n@@ /)
      t.match(printed, /\n {5}labels: \[pii, pii\.iban\]\n\+ {2}# (?:high|medium): /)
      t.match(printed, /No rule of the policy speaks of secret, confidential|confidential, secret/)
      t.equal(rules().split('\n').length, 5, 'nothing is written unasked')
      const written = await scanned('--write')
      t.match(written, /rules written to ours\/data\/labels\/data\.yaml/)
      const text = rules()
      t.ok(text.startsWith('# Ours, in our order.\ncolumns:\n  - column: iban # everywhere\n'))
      t.notMatch(text, /column: iban\n/, 'what is labelled is not labelled again')
      const { columns } = parse(text) as { readonly columns: readonly Proposal[] }
      t.match(
        columns.find(({ column }) => column === 'zahlung'),
        {
          schema: 'public',
          table: 'records',
          labels: ['pii', 'pii.card'],
        },
      )
      seen.push(text)
      t.match(await scanned('--write'), /Nothing to add\.\n$/)
      t.equal(rules(), text)
      t.match(parse(await scanned('--format', 'yaml', '--confidence', 'high')), { columns: [] })
    },
  )

  await t.test('the check holds the rules against the database as it changes', async (t) => {
    const check = async (...argv: readonly string[]) => {
      const found = await typed('check', 'shop', ...argv)
      seen.push(found.out, found.err)
      return found
    }
    const fine = await check()
    t.equal(fine.code, 0, fine.out)
    t.match(fine.out, /no rule of the policy speaks of “secret”/)
    await client.query('ALTER TABLE records RENAME COLUMN kontakt TO kontakte')
    await client.query('ALTER TABLE records ADD COLUMN second_email text')
    const broken = await check('--format', 'github')
    t.equal(broken.code, 1)
    t.match(
      broken.out,
      /::error file=ours\/data\/labels\/data\.yaml,line=\d+,col=\d+,title=label-rule-empty::/,
    )
    t.match(broken.out, /public\.records\.kontakt”%0Adid you mean the column “kontakte”/)
    t.match(
      broken.out,
      /::warning .*title=label-missing::“public\.records\.second_email” sounds like/,
    )
    t.equal((await check('--format', 'json', '--warnings')).code, 1)
  })

  await t.test('no value is in anything that was printed or written', async (t) => {
    const all = seen.join('\n')
    t.ok(seen.length > 10 && secrets.size > 10_000, `${secrets.size} values`)
    t.same(
      [...secrets].filter((value) => all.includes(value)),
      [],
    )
  })

  await t.test('the target was read and nothing else', async (t) => {
    const verbs = [...serverLog().matchAll(/reader.*statement: (\w+)/g)].map(([, verb]) => verb)
    t.same([...new Set(verbs)].sort(), ['BEGIN', 'ROLLBACK', 'SELECT', 'SET'])
  })
})

type World = Awaited<ReturnType<typeof labelsWorld>>

const ROWS = 400

async function seed({ client }: World): Promise<ReadonlySet<string>> {
  const columns = SEEDED.map(({ name, type }) => `${quoted(name)} ${type}`)
  await client.query(`CREATE TABLE records (${columns.join(', ')})`)
  const values = new Set<string>()
  for (let row = 0; row < ROWS; row += 1) {
    const cells = SEEDED.map(({ type, value, labels }) => {
      const cell = value(row)
      if (labels.length > 0)
        for (const text of textsIn(cell)) if (text.length >= 6) values.add(text)
      return type === 'jsonb' ? JSON.stringify(cell) : cell
    })
    const places = cells.map((_, at) => `$${at + 1}`).join(', ')
    await client.query(`INSERT INTO records VALUES (${places})`, cells)
  }
  await client.query(`
    COMMENT ON COLUMN records.field_1 IS 'PII, ask legal before use';
    COMMENT ON COLUMN records.field_2 IS 'sallyport: pii, pii.health';
    COMMENT ON COLUMN records.field_4 IS 'sallyport: pii, confidential';
    SET allow_system_table_mods = on;
    INSERT INTO pg_seclabel (objoid, classoid, objsubid, provider, label)
      SELECT attrelid, 'pg_class'::regclass, attnum, 'anon', 'MASKED WITH FUNCTION anon.fake_email()'
      FROM pg_attribute WHERE attrelid = 'records'::regclass AND attname = 'field_3';
    RESET allow_system_table_mods;
    GRANT SELECT ON records TO reader`)
  await client.query(OTHERS)
  for (let row = 1; row <= 300; row += 1) {
    for (const one of [`guest${row}@hotel`, `odd${row}@names`, `half${row}@open`]) values.add(one)
  }
  for (let row = 1; row <= 1_000_000; row += 97) values.add(`crowd${row}@large`)
  return values
}

const OTHERS = `
  CREATE VIEW mail_view AS SELECT "EmailAddress" AS sent_to, status FROM records;
  CREATE MATERIALIZED VIEW kept_view AS SELECT "EmailAddress" FROM records;
  CREATE TABLE computed (email text, lowered text GENERATED ALWAYS AS (lower(email)) STORED);
  CREATE TABLE visits (guest_email text, day date) PARTITION BY RANGE (day);
  CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE visits_2 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  INSERT INTO visits SELECT 'guest' || i || '@hotel.example', '2024-06-01' FROM generate_series(1, 300) i;
  CREATE TABLE nothing (phone text, sku text);
  CREATE TABLE "of ""us""\nall 💳" ("e""mail\n: x" text, "x*" int);
  INSERT INTO "of ""us""\nall 💳" SELECT 'odd' || i || '@names.example', i FROM generate_series(1, 50) i;
  CREATE VIEW made_up AS SELECT 'nobody@nowhere.example'::text AS email;
  CREATE TABLE hidden (email text);
  CREATE TABLE half_open (a text, email text);
  INSERT INTO half_open SELECT 'half' || i || '@open.example', 'x' FROM generate_series(1, 50) i;
  CREATE SCHEMA secret_place;
  CREATE TABLE secret_place.inside (iban text);
  CREATE TABLE large (id int, who text);
  INSERT INTO large SELECT i, 'crowd' || i || '@large.example' FROM generate_series(1, 1000000) i;
  ANALYZE large;
  GRANT SELECT ON mail_view, kept_view, computed, visits, nothing, "of ""us""\nall 💳", made_up, large
    TO reader;
  GRANT SELECT (a) ON half_open TO reader`

const KEYS_OF_FORM: ReadonlySet<string> = new Set(['theme', 'contact', 'mails', 'by', 'since'])

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'number') return [String(value)]
  if (typeof value !== 'object' || value === null) return []
  const keys = Object.keys(value).filter((key) => !KEYS_OF_FORM.has(key))
  return [...keys, ...Object.values(value).flatMap(textsIn)]
}
