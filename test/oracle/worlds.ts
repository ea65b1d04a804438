// Three databases of one shape: two worlds that differ in protected values alone, the masked one that
// says what every answer must be, and the rules that label their columns. Whether a text is NULL is not
// protected, so the worlds agree in it.

/** `masked`: what the shipped policies leave of protected values. */
export type World = 'one' | 'other' | 'masked'

/** Which masks there are: the shipped ones, one of every method, or the tier `output`. */
export type Methods = 'redact' | 'each' | 'output'

// The names of protected columns in the queries made, and what else they are than `pii`. Those that hold the
// same values have the same label, so that they still join.
const PROTECTED: Readonly<Record<string, string>> = {
  ssn: 'pii.ssn',
  email: 'pii.email',
  salary: 'pii.salary',
  born: 'pii.born',
  code: 'pii.code',
  owner_ssn: 'pii.ssn',
}

export const LABELS = `columns:
${Object.entries(PROTECTED)
  .map(([column, label]) => `  - column: ${column}\n    labels: [pii, ${label}]`)
  .join('\n')}
`

/** `data.masks` of the policies. */
export const MASKS: Readonly<Record<Methods, string>> = {
  redact: 'default: { method: redact }\nby_label: []\n',
  each: `default: { method: redact }
by_label:
  - { label: pii.ssn, mask: { method: hash } }
  - { label: pii.email, mask: { method: partial, keep: 5 } }
  - { label: pii.salary, mask: { method: generalise, width: 100 } }
  - { label: pii.born, mask: { method: generalise, period: quarter } }
  - { label: pii.code, mask: { method: token } }
`,
  output: `default: { method: redact, tier: output }
by_label:
  - { label: pii.email, mask: { method: partial, keep: 2, tier: output } }
`,
}

const TABLES = `
CREATE TABLE people (id int PRIMARY KEY, name text, ssn text, email varchar(40), born date,
  salary int, region text, code char(8));
CREATE TABLE contractors (agency text) INHERITS (people);
CREATE TABLE orders (id int PRIMARY KEY, person_id int, ssn text, total int, placed date, region text);
CREATE TABLE cards (id int PRIMARY KEY, owner_ssn varchar(20), active bool, kind text);
CREATE TABLE events (id int, person_id int, ssn text, at date, kind text) PARTITION BY RANGE (id);
CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (MINVALUE) TO (20);
CREATE TABLE events_high PARTITION OF events FOR VALUES FROM (20) TO (MAXVALUE);
CREATE TABLE regions (name text PRIMARY KEY, head int);
CREATE INDEX ON people (ssn);
CREATE INDEX ON orders (person_id);
`

const ROWS = `
INSERT INTO regions VALUES ('north', 1), ('south', 2), ('west', 3), ('east', NULL);
INSERT INTO people SELECT n, 'name ' || n, pg_temp.ssn(n), pg_temp.email(n), pg_temp.day(n), pg_temp.pay(n),
  (ARRAY['north', 'south', 'west', NULL])[1 + n % 4], pg_temp.code(n) FROM generate_series(1, 24) AS n;
INSERT INTO contractors SELECT n, 'hired ' || n, pg_temp.ssn(n), pg_temp.email(n), pg_temp.day(n), pg_temp.pay(n),
  (ARRAY['north', 'east'])[1 + n % 2], pg_temp.code(n), 'agency ' || n % 3 FROM generate_series(25, 31) AS n;
INSERT INTO orders SELECT n, 1 + n % 31, pg_temp.ssn(1 + n % 17), n * 7 % 50,
  DATE '2026-01-01' + n % 9, (ARRAY['north', 'south', 'west'])[1 + n % 3] FROM generate_series(1, 40) AS n;
INSERT INTO cards SELECT n, pg_temp.ssn(1 + n * 3 % 31), n % 3 <> 0, (ARRAY['visa', 'debit'])[1 + n % 2]
  FROM generate_series(1, 20) AS n;
INSERT INTO events SELECT n, 1 + n % 11, pg_temp.ssn(1 + n % 29), DATE '2026-02-01' + n % 5,
  (ARRAY['login', 'buy', 'leave'])[1 + n % 3] FROM generate_series(1, 36) AS n;
`

const VIEWS = `
CREATE VIEW northerners AS SELECT id, name, ssn, region FROM people WHERE region = 'north';
CREATE VIEW spending AS SELECT ssn, count(*)::int AS n, sum(total)::int AS total FROM orders GROUP BY ssn;
CREATE FUNCTION ssn_of(int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM public.people WHERE id = $1';
CREATE FUNCTION known(text, int) RETURNS text LANGUAGE sql STRICT
  AS 'SELECT left($1, $2) || coalesce(ssn_of($2), '''')';
CREATE FUNCTION orders_of(int) RETURNS TABLE (id int, ssn text, total int) LANGUAGE sql
  AS 'SELECT id, ssn, total FROM public.orders WHERE person_id = $1 OR ssn = ssn_of($1)';
CREATE FUNCTION everyone() RETURNS SETOF people LANGUAGE sql AS 'SELECT * FROM public.people';
ANALYZE;
`

// Each world's protected values, by the number of who they belong to. Every fifth text is NULL in all.
const VALUES: Readonly<
  Record<Exclude<World, 'masked'>, Readonly<Record<string, readonly [type: string, value: string]>>>
> = {
  one: {
    ssn: ['text', `CASE WHEN n % 5 = 0 THEN NULL ELSE '900-11-' || (2000 + n) END`],
    email: ['text', `CASE WHEN n % 5 = 1 THEN NULL ELSE 'm' || n % 13 || '@mail.example' END`],
    day: ['date', `DATE '1970-01-01' + n * 100`],
    pay: ['int', `1000 + n * 10`],
    code: ['text', `'c' || n % 6`],
  },
  other: {
    ssn: ['text', `CASE WHEN n % 5 = 0 THEN NULL ELSE '411-' || (90 - n % 7) || '-0000' END`],
    email: ['text', `CASE WHEN n % 5 = 1 THEN NULL ELSE 'zz@' || n || '.test' END`],
    day: ['date', `CASE WHEN n % 2 = 0 THEN NULL ELSE DATE '2001-12-31' - n END`],
    pay: ['int', `CASE WHEN n % 3 = 0 THEN NULL ELSE -n END`],
    code: ['text', `'X'`],
  },
}

/** Anything of either world that may never leave it. */
export const CANARY = /900-11-|411-\d\d-0000|@mail\.example|zz@\d/

// Said anew, beside what the gateway and its rewriting have. HMAC (RFC 2104) by the digests that pgcrypto, which
// is not there, would have.
function maskedValues(methods: Methods, key: Buffer): string {
  const padded = (pad: number): string => Buffer.from(key.map((byte) => byte ^ pad)).toString('hex')
  const keyed = (use: string, column: string): string =>
    `encode(sha256('\\x${padded(0x5c)}' || sha256('\\x${padded(0x36)}${Buffer.from(`${use}\0`).toString('hex')}' || convert_to(${column}::text, 'UTF8'))), 'hex')`
  const hash = (column: string): string => `'h_' || substr(${keyed('hash', column)}, 1, 32)`
  const masked: Readonly<Record<string, string>> =
    methods === 'redact'
      ? {
          ssn: `'****'`,
          email: `'****'`,
          born: 'NULL',
          salary: 'NULL',
          code: `'****'`,
          owner_ssn: `'****'`,
        }
      : {
          ssn: hash('ssn'),
          // Of a column of 20 characters.
          owner_ssn: `substr(${hash('owner_ssn')}, 1, 20)`,
          email: `CASE WHEN length(email) >= 10 THEN '****' || substr(email, length(email) - 4) ELSE '****' END`,
          born: `make_date(extract(year FROM born)::int, ((extract(month FROM born)::int - 1) / 3) * 3 + 1, 1)`,
          salary: 'floor(salary / 100.0) * 100',
          code: `substr('tok_' || ${keyed('token', 'code')}, 1, 8)`,
        }
  const tables = {
    people: ['ssn', 'email', 'born', 'salary', 'code'],
    orders: ['ssn'],
    cards: ['owner_ssn'],
    events: ['ssn'],
  }
  return Object.entries(tables)
    .flatMap(([table, columns]) =>
      columns.map(
        (name) => `UPDATE ${table} SET ${name} = ${masked[name] ?? ''} WHERE ${name} IS NOT NULL;`,
      ),
    )
    .join('\n')
}

const IN_ORDER = `
CLUSTER people USING people_pkey;
CLUSTER orders USING orders_pkey;
CLUSTER cards USING cards_pkey;
`

/** To be run in one database, as one simple query. */
export function worldSql(world: World, methods: Methods, key: Buffer): string {
  const values = Object.entries(VALUES[world === 'masked' ? 'one' : world]).map(
    ([name, [type, value]]) =>
      `CREATE FUNCTION pg_temp.${name}(n int) RETURNS ${type} LANGUAGE sql AS $$ SELECT ${value} $$;`,
  )
  const masked = world === 'masked' ? [maskedValues(methods, key), IN_ORDER] : []
  return [TABLES, ...values, ROWS, ...masked, VIEWS].join('\n')
}
