// Queries made by chance over the worlds' schema: well-typed, repeatable by seed, and able to use protected
// columns anywhere that SQL takes a value. Answers must not depend on the order of rows, unless all
// columns are in ORDER BY.
import { chance, type Chance } from '../fuzz/chance.js'
import { RELATIONS, type Column, type Kind } from './relations.js'

export type MadeQuery = {
  readonly sql: string
  /** Rows come in the order that the query states. */
  readonly ordered: boolean
  /** How many columns it has. */
  readonly width: number
}

type Item = { readonly alias: string; readonly columns: readonly Column[] }
type Scope = readonly Item[]
type Made = { readonly sql: string; readonly columns: readonly Column[] }
type Maker = {
  readonly by: Chance
  // Functions of the worlds and parts of whole rows as well.
  readonly more: boolean
  names: number
  ctes: readonly (Item & { sql?: string })[]
}

export function madeQuery(seed: number, more = false): MadeQuery {
  const maker: Maker = { by: chance(seed * 2_654_435_761), more, names: 0, ctes: [] }
  for (let warm = 0; warm < 4; warm++) maker.by.below(2)
  const depth = 1 + maker.by.below(3)
  const body = maker.by.below(25) === 0 ? recursive(maker) : withClause(maker, depth)
  const width = body.columns.length
  if (maker.by.below(3) > 0) return { sql: body.sql, ordered: false, width }
  // By all there is, since equal is not always the same: of char(n) blanks do not count.
  const places = body.columns.map((_, at) => `${at + 1}, `).join('')
  const sql = `SELECT * FROM (${body.sql}) AS o ORDER BY ${places}o::text${limited(maker)}`
  return { sql, ordered: true, width }
}

// Along a chain that protected values may break.
function recursive(m: Maker): Made {
  const step = value(m, 'bool', 1, [
    { alias: 'p', columns: RELATIONS[0]?.columns ?? [] },
    {
      alias: 'w',
      columns: [
        { name: 'n', kind: 'int' },
        { name: 's', kind: 'text' },
      ],
    },
  ])
  const sql = `WITH RECURSIVE w(n, s) AS (SELECT 1, ssn FROM people WHERE id = 1
    UNION SELECT w.n + 1, ${m.by.pick(['p.ssn', 'w.s', 'upper(p.name)'])} FROM w JOIN people p ON p.id = w.n + 1
    WHERE w.n < 12 AND ${step}) SELECT n, s FROM w`
  return {
    sql,
    columns: [
      { name: 'n', kind: 'int' },
      { name: 's', kind: 'text' },
    ],
  }
}

function limited({ by }: Maker): string {
  return by.pick(['', ' LIMIT 3', ' LIMIT 5 OFFSET 1', ' FETCH FIRST 2 ROWS WITH TIES'])
}

function withClause(m: Maker, depth: number): Made {
  if (m.by.below(4) > 0) return query(m, depth, [])
  const before = m.ctes
  const name = fresh(m, 'w')
  const inner = query(m, depth - 1, [])
  const materialized = m.by.pick(['', '', 'MATERIALIZED ', 'NOT MATERIALIZED '])
  const columns = inner.columns.map(({ kind }, at) => ({ name: `k${at}`, kind }))
  m.ctes = [...before, { alias: name, columns }]
  const outer = query(m, depth, [])
  m.ctes = before
  const heads = columns.map((column) => column.name).join(', ')
  return {
    sql: `WITH ${name}(${heads}) AS ${materialized}(${inner.sql}) ${outer.sql}`,
    columns: outer.columns,
  }
}

function query(m: Maker, depth: number, outer: Scope, kinds?: readonly Kind[]): Made {
  if (depth > 0 && m.by.below(7) === 0) {
    const left = select(m, depth - 1, outer, kinds)
    const right = select(
      m,
      depth - 1,
      outer,
      left.columns.map(({ kind }) => kind),
    )
    const operator = m.by.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'EXCEPT ALL'])
    return { sql: `(${left.sql}) ${operator} (${right.sql})`, columns: left.columns }
  }
  return select(m, depth, outer, kinds)
}

function select(m: Maker, depth: number, outer: Scope, kinds?: readonly Kind[]): Made {
  const from = fromClause(m, depth, outer)
  const scope = [...from.scope, ...outer]
  const where = m.by.below(3) > 0 ? ` WHERE ${value(m, 'bool', depth, scope)}` : ''
  const wanted = kinds ?? Array.from({ length: 1 + m.by.below(3) }, () => anyKind(m))
  const shape = m.by.below(10)
  if (shape < 2) return grouped(m, { from: from.sql, scope: from.scope, where, wanted })
  if (shape === 2 && kinds === undefined && !from.merged) {
    const star = from.scope.flatMap(({ columns }) => columns)
    return { sql: `SELECT * FROM ${from.sql}${where}`, columns: star }
  }
  const window = shape === 3
  const items = wanted.map((kind, at) => {
    const written =
      window && kind === 'int' ? windowed(m, from.scope) : value(m, kind, depth, scope)
    return `${written} AS k${at}`
  })
  const distinct = m.by.below(8) === 0 ? 'DISTINCT ' : ''
  if (kinds === undefined && m.by.below(15) === 0) items.push(wholeRow(m, from.scope))
  const columns = items.map((_, at) => ({ name: `k${at}`, kind: wanted[at] ?? ('text' as const) }))
  return { sql: `SELECT ${distinct}${items.join(', ')} FROM ${from.sql}${where}`, columns }
}

function grouped(
  m: Maker,
  {
    from,
    scope,
    where,
    wanted,
  }: { from: string; scope: Scope; where: string; wanted: readonly Kind[] },
): Made {
  const keys = Array.from({ length: m.by.below(3) }, () => {
    const kind = anyKind(m)
    return { sql: value(m, kind, 1, scope), kind }
  })
  const items = wanted.map((kind, at) => {
    const key = keys.find((one) => one.kind === kind)
    const written = key !== undefined && m.by.below(2) === 0 ? key.sql : aggregate(m, kind, scope)
    return `${written} AS k${at}`
  })
  const listed = keys.map(({ sql }) => sql).join(', ')
  const sets = m.by.pick([
    listed,
    listed,
    listed,
    `ROLLUP (${listed})`,
    `GROUPING SETS ((${listed}), ())`,
  ])
  const clause = keys.length === 0 ? '' : ` GROUP BY ${sets}`
  const having = m.by.below(4) === 0 ? ` HAVING count(*) > ${m.by.below(3)}` : ''
  return {
    sql: `SELECT ${items.join(', ')} FROM ${from}${where}${clause}${having}`,
    columns: wanted.map((kind, at) => ({ name: `k${at}`, kind })),
  }
}

function aggregate(m: Maker, kind: Kind, scope: Scope): string {
  const of = (one: Kind): string => value(m, one, 1, scope)
  const filter = m.by.below(5) === 0 ? ` FILTER (WHERE ${of('bool')})` : ''
  switch (kind) {
    case 'int': {
      const kindOf = anyKind(m)
      const written = m.by.pick([
        'count(*)',
        `count(${storedText(m, scope)})`,
        `count(DISTINCT ${of(kindOf)})`,
        `sum(${of('int')})`,
        `max(${of('int')})`,
      ])
      return `(${written}${filter})::int`
    }
    case 'text': {
      const text = of('text')
      return m.by.pick([
        `max(${text})${filter}`,
        `min(${text})${filter}`,
        `string_agg(${text}, ',' ORDER BY ${text})${filter}`,
        `array_to_string(array_agg(${text} ORDER BY ${text})${filter}, '+')`,
      ])
    }
    case 'date':
      return `${m.by.pick(['max', 'min'])}(${of('date')})${filter}`
    case 'bool':
      return `${m.by.pick(['bool_or', 'bool_and', 'every'])}(${of('bool')})${filter}`
  }
}

// Of the first item, in a form that is text.
function wholeRow(m: Maker, scope: Scope): string {
  const row = scope[0]?.alias ?? ''
  return `(${m.by.pick([`${row}`, `to_jsonb(${row})`, `row_to_json(${row})`, `${row}.*`])})::text AS whole`
}

function windowed(m: Maker, scope: Scope): string {
  const part = m.by.below(2) === 0 ? `PARTITION BY ${value(m, anyKind(m), 1, scope)} ` : ''
  const order = `ORDER BY ${value(m, anyKind(m), 1, scope)}`
  const written = m.by.pick(['rank()', 'dense_rank()', 'count(*)', 'ntile(1)'])
  return `(${written} OVER (${part}${order}))::int`
}

// `merged`: USING has made one column of two.
function fromClause(
  m: Maker,
  depth: number,
  outer: Scope,
): { sql: string; scope: Scope; merged?: true } {
  const first = fromItem(m, depth)
  if (m.by.below(2) === 0) return { sql: first.sql, scope: [first.item] }
  const second = fromItem(m, depth, m.by.below(3) === 0 ? [first.item, ...outer] : undefined)
  const both = [first.item, second.item]
  const kind = m.by.pick(['JOIN', 'LEFT JOIN', 'JOIN', 'CROSS JOIN', ', ', 'FULL JOIN'])
  if (kind === 'FULL JOIN') {
    const pairs = first.item.columns.flatMap((left) =>
      second.item.columns
        .filter((right) => right.kind === left.kind)
        .map((right) => ({ left, right })),
    )
    if (pairs.length === 0) return { sql: `${first.sql}, ${second.sql}`, scope: both }
    const { left, right } = m.by.pick(pairs)
    const on = `${first.item.alias}.${left.name} = ${second.item.alias}.${right.name}`
    return { sql: `${first.sql} FULL JOIN ${second.sql} ON ${on}`, scope: both }
  }
  if (kind === ', ' || kind === 'CROSS JOIN')
    return { sql: `${first.sql} ${kind} ${second.sql}`, scope: both }
  const kindOf = (name: string): Kind | undefined =>
    first.item.columns.find((column) => column.name === name)?.kind
  const shared = first.item.columns.filter(({ name }) =>
    second.item.columns.some((column) => column.name === name && column.kind === kindOf(name)),
  )
  if (shared.length > 0 && m.by.below(2) === 0) {
    const names = [...new Set(shared.map(({ name }) => name))].slice(0, 2).join(', ')
    const sql = `${first.sql} ${kind} ${second.sql} USING (${names})`
    return { sql, scope: both, merged: true }
  }
  const on = value(m, 'bool', 1, both)
  return { sql: `${first.sql} ${kind} ${second.sql} ON ${on}`, scope: both }
}

function fromItem(m: Maker, depth: number, lateral?: Scope): { sql: string; item: Item } {
  const alias = fresh(m, 't')
  const cte = m.ctes.length > 0 && m.by.below(3) === 0 ? m.by.pick(m.ctes) : undefined
  if (cte !== undefined)
    return { sql: `${cte.alias} AS ${alias}`, item: { alias, columns: cte.columns } }
  if (m.by.below(12) === 0) {
    const rows = [0, 1, 2].map(() => `(${literal(m, 'text')}, ${literal(m, 'int')})`).join(', ')
    const columns = [
      { name: 'v', kind: 'text' },
      { name: 'n', kind: 'int' },
    ] as const
    return { sql: `(VALUES ${rows}) AS ${alias}(v, n)`, item: { alias, columns } }
  }
  if (depth > 0 && m.by.below(4) === 0) {
    const inner = query(m, depth - 1, lateral ?? [])
    const columns = inner.columns.map(({ kind }, at) => ({ name: `j${at}`, kind }))
    const heads = columns.map(({ name }) => name).join(', ')
    const sql = `${lateral === undefined ? '' : 'LATERAL '}(${inner.sql}) AS ${alias}(${heads})`
    return { sql, item: { alias, columns } }
  }
  if (m.more && m.by.below(5) === 0) return rowsOfFunction(m, alias, lateral)
  const relation = m.by.pick(RELATIONS)
  const only = relation.inherited === true && m.by.below(6) === 0 ? 'ONLY ' : ''
  const schema = m.by.below(4) === 0 ? 'public.' : ''
  const as = m.by.below(2) === 0 ? ' AS ' : ' '
  return {
    sql: `${only}${schema}${relation.name}${as}${alias}`,
    item: { alias, columns: relation.columns },
  }
}

function rowsOfFunction(m: Maker, alias: string, lateral?: Scope): { sql: string; item: Item } {
  if (m.by.below(2) === 0)
    return { sql: `everyone() ${alias}`, item: { alias, columns: RELATIONS[0]?.columns ?? [] } }
  const columns = [
    { name: 'id', kind: 'int' },
    { name: 'ssn', kind: 'text' },
    { name: 'total', kind: 'int' },
  ] as const
  const of = value(m, 'int', 1, lateral ?? [])
  return { sql: `orders_of(${of}) AS ${alias}`, item: { alias, columns } }
}

function textOfMore(m: Maker, depth: number, scope: Scope): string {
  const of = (one: Kind): string => value(m, one, depth - 1, scope)
  const item = scope.length === 0 ? undefined : m.by.pick(scope)
  const column = item === undefined ? undefined : m.by.pick(item.columns)
  const row =
    item === undefined ? of('text') : `to_jsonb(${item.alias}) ->> '${column?.name ?? ''}'`
  return m.by.pick([`ssn_of(${of('int')})`, `known(${of('text')}, ${of('int')})`, `(${row})`])
}

function value(m: Maker, kind: Kind, depth: number, scope: Scope): string {
  const columns = scope.flatMap(({ alias, columns: all }) =>
    all.filter((column) => column.kind === kind).map(({ name }) => `${alias}.${name}`),
  )
  if (columns.length > 0 && m.by.below(depth > 0 ? 2 : 4) > 0) return m.by.pick(columns)
  if (depth <= 0) return literal(m, kind)
  const of = (one: Kind): string => value(m, one, depth - 1, scope)
  if (m.by.below(12) === 0) {
    const inner = query(m, depth - 1, scope, [kind])
    return `(SELECT max(s.k0${kind === 'bool' ? '::int' : ''}) FROM (${inner.sql}) AS s(k0))${kind === 'bool' ? '::bool' : ''}`
  }
  if (m.by.below(6) === 0) return `CASE WHEN ${of('bool')} THEN ${of(kind)} ELSE ${of(kind)} END`
  if (m.more && kind === 'text' && m.by.below(3) === 0) return textOfMore(m, depth, scope)
  if (m.by.below(8) === 0) return `coalesce(${of(kind)}, ${of(kind)})`
  switch (kind) {
    case 'text':
      return m.by.pick<() => string>([
        () => `upper(${of('text')})`,
        () => `substr(${of('text')}, 1 + ${m.by.below(4)}, 2)`,
        () => `${of('text')} || ${of('text')}`,
        () => `left(${of('text')}, 2)`,
        () => `reverse(${of('text')})`,
        () => `nullif(${of('text')}, ${of('text')})`,
        () => `replace(${of('text')}, '0', 'o')`,
        () => `(${of('int')})::text`,
        () => `(${of('date')})::text`,
        () => `concat(${of('text')}, ${of('int')})`,
        () => `split_part(${of('text')}, '-', 1)`,
      ])()
    case 'int':
      return m.by.pick<() => string>([
        () => `length(${of('text')})`,
        () => `${of('int')} + 1`,
        () => `position('1' IN ${of('text')})`,
        () => `extract(year FROM ${of('date')})::int`,
        () => `(${of('bool')})::int`,
        () => `greatest(${of('int')}, 3)`,
        () => `(SELECT count(*)::int FROM (${query(m, depth - 1, scope).sql}) AS c)`,
      ])()
    case 'date':
      return m.by.pick<() => string>([
        () => `(${of('date')} + 1)`,
        () => `least(${of('date')}, DATE '2026-01-05')`,
      ])()
    case 'bool':
      return condition(m, depth, scope)
  }
}

function condition(m: Maker, depth: number, scope: Scope): string {
  const kind = m.by.pick(['int', 'text', 'text', 'date'] as const)
  const of = (one: Kind): string => value(m, one, depth - 1, scope)
  return m.by.pick<() => string>([
    () => `${of(kind)} = ${of(kind)}`,
    () => `${of(kind)} = ${of(kind)}`,
    () => `${of(kind)} < ${of(kind)}`,
    () => `${of(kind)} <> ${literal(m, kind)}`,
    () => `${of(kind)} IN (${literal(m, kind)}, ${literal(m, kind)})`,
    () => `${of(kind)} BETWEEN ${literal(m, kind)} AND ${of(kind)}`,
    () => `${storedText(m, scope)} IS NOT NULL`,
    () => `${of(kind)} IS DISTINCT FROM ${of(kind)}`,
    () => `${of('text')} LIKE '9%'`,
    () => `${of('text')} ~ '^[a-z9*]'`,
    () => `${of(kind)} = ANY (ARRAY[${literal(m, kind)}, ${of(kind)}])`,
    () => `(${of('bool')} AND ${of('bool')})`,
    () => `(${of('bool')} OR ${of('bool')})`,
    () => `NOT ${of('bool')}`,
    () => `(${of('int')}, ${of('text')}) < (${of('int')}, ${of('text')})`,
    () => `EXISTS (${query(m, depth - 1, scope).sql})`,
    () => `${of(kind)} IN (${query(m, depth - 1, scope, [kind]).sql})`,
    () => `${of(kind)} > ALL (${query(m, depth - 1, scope, [kind]).sql})`,
  ])()
}

// Whether a value is NULL is answered truly, for every type; what masks make of a number or a date is NULL.
// So NULL is asked of texts alone, and as they are stored.
function storedText(m: Maker, scope: Scope): string {
  const stored = scope.flatMap(({ alias, columns }) =>
    columns
      .filter(({ name, kind }) => kind === 'text' && !/^[jkv]\d*$/.test(name))
      .map(({ name }) => `${alias}.${name}`),
  )
  return stored.length === 0 ? literal(m, 'text') : m.by.pick(stored)
}

function literal({ by }: Maker, kind: Kind): string {
  switch (kind) {
    case 'text':
      return by.pick([`'900-'`, `'****'`, `'north'`, `''`, `'411-89'`, `'name 3'`])
    case 'int':
      return String(by.pick([0, 1, 3, 7, 20, 1050]))
    case 'date':
      return by.pick([`DATE '2026-01-03'`, `DATE '1970-04-11'`, `DATE '2001-12-25'`])
    case 'bool':
      return by.pick(['true', 'false'])
  }
}

function anyKind({ by }: Maker): Kind {
  return by.pick(['text', 'text', 'int', 'int', 'date', 'bool'])
}

function fresh(m: Maker, letter: string): string {
  m.names++
  return `${letter}${m.names}`
}
