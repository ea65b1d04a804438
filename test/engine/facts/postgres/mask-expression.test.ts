// What a mask makes of a value at the source is, byte for byte and in both formats, what it makes of it at the
// exit; tried on a real PostgreSQL with values from all ends of each type. No value makes an error.
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import t from 'tap'
import {
  maskedExpression,
  quoted,
  starsExpression,
} from '../../../../engine/facts/postgres/mask-expression.js'
import type { Catalogue, Column, Type } from '../../../../engine/facts/postgres/catalogue.js'
import type { Mask } from '../../../../engine/schemas/decision.js'
import { keySettings, maskKeyOf } from '../../../../proxy/protocols/postgres/mask-key.js'
import { maskedBy } from '../../../../proxy/protocols/postgres/mask-method.js'
import { chance } from '../../../fuzz/chance.js'
import { missingPostgres, startPostgres } from '../../../peers/postgres.js'

const KEY = maskKeyOf(Buffer.from('a secret of this test alone, for nothing else'), 'shop')
const by = chance(20_261_124)
const many = (make: () => string): readonly string[] => Array.from({ length: 60 }, make)
const below = (limit: number): number => by.below(limit)
const two = (number: number): string => String(number).padStart(2, '0')
const day = (): string =>
  `${String(1 + below(9000)).padStart(4, '0')}-${two(1 + below(12))}-${two(1 + below(28))}${below(4) === 0 ? ' BC' : ''}`
const time = (): string =>
  `${two(below(24))}:${two(below(60))}:${two(below(60))}.${below(1_000_000)}`
const moment = (): string => day().replace(/^(\S+)/, `$1 ${time()}`)
const early = (text: string): string =>
  text.endsWith('BC')
    ? text.replace(/^\d{4}/, (year) => two(Number(year) % 4000 || 1).padStart(4, '0'))
    : text

const TEXTS = ['', 'x', 'ab', '94107', '123-45-6789', 'häßlich é', '𝄞𝄞𝄞 clef', '   ', 'a\\b', "o'b"]
const DATES = [
  'infinity',
  '-infinity',
  '4714-11-24 BC',
  '4713-01-01 BC',
  '0001-12-31 BC',
  '0001-01-01',
]
const VALUES: Readonly<Record<string, readonly string[]>> = {
  text: [...TEXTS, ...many(() => 'é'.repeat(below(5)) + 'z'.repeat(below(9)))],
  'varchar(7)': TEXTS.map((value) => [...value].slice(0, 7).join('')),
  'char(9)': TEXTS.map((value) => [...value].slice(0, 9).join('')),
  bpchar: TEXTS,
  name: TEXTS,
  '"char"': ['a', 'é'],
  bytea: ['', '\\x00ff', '\\x5c5c', 'text'],
  int2: ['-32768', '32767', '0', '-1', ...many(() => String(below(65_536) - 32_768))],
  int4: [
    '-2147483648',
    '2147483647',
    '0',
    '-1',
    ...many(() => String(below(2_000_000) - 1_000_000)),
  ],
  int8: [
    '-9223372036854775808',
    '9223372036854775807',
    '0',
    ...many(() => `${below(9)}${below(1e9)}${below(1e8)}`),
  ],
  numeric: [
    'NaN',
    '0',
    '-0.0001',
    '999.99999999999999999999',
    '1e40',
    '-1e40',
    '1e-40',
    ...many(() => `${below(3) - 1}${below(99_999)}.${below(9999)}`),
  ],
  'numeric(10,2)': [
    'NaN',
    '99999999.99',
    '-99999999.99',
    '0',
    ...many(() => `${below(99_999) - 50_000}.${two(below(100))}`),
  ],
  'numeric(4)': ['9999', '-9999', '-1'],
  float4: [
    'NaN',
    'Infinity',
    '-Infinity',
    '0',
    '-0',
    '1e-30',
    '-1e-30',
    '3.4e38',
    '1234567',
    '-16777217',
    ...many(() => `${below(200_000) - 100_000}.${below(999)}`),
  ],
  float8: [
    'NaN',
    'Infinity',
    '-Infinity',
    '0',
    '5e-324',
    '-5e-324',
    '1.7e308',
    '4503599627370495',
    '-4503599627370495',
    '4503599627370496',
    ...many(() => `${below(2e9) - 1e9}.${below(999)}`),
  ],
  date: [...DATES, '5874897-12-31', '294276-12-31', '294275-12-31', ...many(() => early(day()))],
  timestamp: [
    ...DATES,
    '294276-12-31 23:59:59.999999',
    '1999-12-31 23:59:59.999999',
    ...many(() => early(moment())),
  ],
  timestamptz: [
    ...DATES,
    '2026-01-01 00:30:00+02',
    '2025-12-31 23:30:00-05',
    ...many(() => early(moment())),
  ],
  inet: [
    '10.1.2.3',
    '10.1.2.3/16',
    '10.1.2.3/25',
    '0.0.0.0/0',
    '2001:db8:1:2::3',
    '::/0',
    '2001:db8:ffff:ffff::1/40',
  ],
  cidr: [
    '10.0.0.0/8',
    '192.168.5.0/24',
    '192.168.5.128/25',
    '192.168.5.1/32',
    '2001:db8::/32',
    '::1/128',
  ],
  bool: ['true'],
  uuid: ['00000000-0000-0000-0000-000000000001'],
  jsonb: ['{"a": 1}'],
  'text[]': ['{a}'],
  interval: ['1 day'],
  money: ['1'],
}

const METHODS: readonly Omit<Mask, 'match'>[] = [
  { method: 'redact' },
  { method: 'null' },
  { method: 'constant', value: "it's" },
  ...[0, 1, 3, 4, 8].map((keep) => ({ method: 'partial' as const, keep })),
  { method: 'partial' },
  { method: 'hash' },
  { method: 'token' },
  { method: 'generalise' },
  ...(['year', 'quarter', 'month'] as const).map((period) => ({
    method: 'generalise' as const,
    period,
  })),
  ...[1, 7, 10, 1000, 1_000_000_000_000].map((width) => ({ method: 'generalise' as const, width })),
  ...[1, 3, 8].map((keep) => ({ method: 'generalise' as const, keep })),
  ...[0, 8, 20, 24, 32].map((network) => ({ method: 'generalise' as const, network })),
]
const MASKS = METHODS.map((mask): Mask => ({ match: 'label:pii', ...mask }))

// Texts of these are the target's alone: other forms of the same are not made at the exit.
const NULL_IN_TEXT: ReadonlySet<string> = new Set(['float4', 'float8', 'inet', 'cidr'])

for (const kind of ['embedded', 'debian'] as const)
  t.test(`the source and the exit agree (${kind})`, { skip: missingPostgres(kind) }, async (t) => {
    const server = await startPostgres({ kind })
    t.teardown(() => server.stop())
    const { host, port, superuser: user, password } = server
    const settings = [...keySettings(KEY)].map(([name, value]) => `-c ${name}=${value}`).join(' ')
    const client = new pg.Client({
      host,
      port,
      user,
      password,
      database: 'postgres',
      options: settings,
    })
    await client.connect()
    t.teardown(() => client.end())
    await client.query(`SET TIME ZONE 'UTC'`)
    const types = { getTypeParser: () => (value: unknown) => value }
    const ask = async (query: string, binary: boolean) => {
      const described = await client.query({ text: `${query} LIMIT 0`, rowMode: 'array' })
      const { fields } = described
      if (binary) return { fields, rows: await copied(client, query) }
      const asked = { text: query, rowMode: 'array', types } as const
      const { rows } = await client.query<(string | null)[]>(asked as pg.QueryArrayConfig)
      return {
        fields,
        rows: rows.map((row) => row.map((one) => (one === null ? null : Buffer.from(one)))),
      }
    }
    for (const [type, values] of Object.entries(VALUES)) {
      await client.query(`DROP TABLE IF EXISTS held; CREATE TABLE held (n int, v ${type})`)
      for (const [n, value] of values.entries())
        await client.query(`INSERT INTO held VALUES ($1, $2::text::${type})`, [n, value])
      await client.query('INSERT INTO held VALUES (-1, NULL)')
      const { column, catalogue } = await columnOf(client)
      const expressions = MASKS.map((mask) =>
        maskedExpression('held.v', column, mask, { catalogue, keyed: true }),
      )
      const texts = expressions.map((one) => (typeof one === 'string' ? one : ''))
      t.notOk(texts.includes(''), `every mask of ${type} is made`)
      const proof = starsExpression('held.v', column, { catalogue, keyed: true })
      for (const binary of [false, true]) {
        const { rows, fields } = await ask(
          `SELECT v, ${texts.join(', ')}, ${proof} FROM held ORDER BY n`,
          binary,
        )
        const [stored] = fields
        if (stored === undefined) throw new Error('no column')
        const differences: unknown[] = []
        for (const field of fields.slice(1))
          if (
            field.dataTypeID !== stored.dataTypeID ||
            field.dataTypeModifier !== stored.dataTypeModifier
          )
            differences.push(field)
        for (const [at, mask] of MASKS.entries()) {
          const masked = maskedBy(
            mask,
            {
              table: 0,
              attnum: 0,
              type: stored.dataTypeID,
              typmod: stored.dataTypeModifier,
              format: binary ? 1 : 0,
            },
            type === '"char"' || catalogue.typeByOid(stored.dataTypeID)?.category === 'S',
            KEY,
          )
          for (const row of rows) {
            const value = row[0]
            const source = row[1 + at]
            if (value === undefined || source === undefined) throw new Error('a field is missing')
            const exit =
              value === null || masked === 'null'
                ? null
                : typeof masked === 'function'
                  ? (masked(value) ?? null)
                  : masked
            const same =
              (exit === null ? 'NULL' : Buffer.from(exit).toString('latin1')) ===
              (source === null ? 'NULL' : source.toString('latin1'))
            const silent = exit === null && !binary && NULL_IN_TEXT.has(type)
            if (!same && !silent)
              differences.push([
                type,
                JSON.stringify(mask),
                binary,
                shown(value, binary),
                shown(source, binary),
                shown(exit, binary),
              ])
          }
        }
        t.strictSame(differences.slice(0, 5), [], `${type}, ${binary ? 'binary' : 'text'}`)
      }
    }
  })

// `pg` takes the fields of a row for UTF-8, whatever their format; in a binary copy they are the same bytes.
async function copied(client: pg.Client, query: string): Promise<(Buffer | null)[][]> {
  const pieces: Buffer[] = []
  for await (const piece of client.query(copyTo(`COPY (${query}) TO STDOUT (FORMAT binary)`)))
    pieces.push(piece as Buffer)
  const bytes = Buffer.concat(pieces)
  const rows: (Buffer | null)[][] = []
  // A signature of 11 bytes, flags, the length of an extension.
  let at = 19
  for (let count = bytes.readInt16BE(at); count >= 0; count = bytes.readInt16BE(at)) {
    at += 2
    const row: (Buffer | null)[] = []
    for (let field = 0; field < count; field++) {
      const length = bytes.readInt32BE(at)
      at += 4
      row.push(length < 0 ? null : bytes.subarray(at, at + length))
      at += Math.max(0, length)
    }
    rows.push(row)
  }
  return rows
}

function shown(value: Uint8Array | null, binary: boolean): string {
  return value === null ? 'NULL' : Buffer.from(value).toString(binary ? 'hex' : 'utf8')
}

async function columnOf(client: pg.Client): Promise<{ column: Column; catalogue: Catalogue }> {
  const { rows } = await client.query<Record<string, string | number>>(
    `SELECT a.atttypid::int AS type, a.atttypmod AS typmod, n.nspname AS schema, t.typname AS name,
      t.typtype AS kind, t.typcategory AS category
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE a.attrelid = 'held'::regclass AND a.attname = 'v'`,
  )
  const [row] = rows
  if (row === undefined) throw new Error('no such column')
  const type = {
    oid: Number(row['type']),
    schema: String(row['schema']),
    name: String(row['name']),
    kind: String(row['kind']),
    category: String(row['category']),
    relation: 0,
    element: 0,
    base: 0,
  } as Type
  const column: Column = {
    attnum: 2,
    name: 'v',
    type: type.oid,
    typmod: Number(row['typmod']),
    notNull: false,
    generated: false,
    labels: ['pii'],
  }
  const known = { typeByOid: (oid: number) => (oid === type.oid ? type : undefined) }
  return { column, catalogue: known as unknown as Catalogue }
}

t.test('a name in quotes holds any character', (t) => {
  t.equal(quoted('a"b'), '"a""b"')
  t.end()
})
