// Goes through the index along a plan, newest first, in reaches that grow: what leads is read in the order of an
// index, everything else is asked of each candidate. Ends early, with a place to go on from, once it took
// as long as one answer may take.
import type { IndexFile, Row, Value } from './index-file.js'
import { SEARCH_LIMITS } from './limits.js'
import type { Plan } from './plan.js'

export type Looked = {
  readonly rows: readonly Row[]
  // Everything from this line on was looked at.
  readonly reached: number
  readonly complete: boolean
}

export type Look = {
  readonly index: IndexFile
  readonly plan: Plan
  readonly now: () => number
  readonly deadlineMs: number
}

// Line numbers of the next matches below `below`.
export function matchesBelow(look: Look, below: number, limit: number): Looked {
  const { plan } = look
  const top = Math.min(below, plan.below)
  const rows: Row[] = []
  for (const { from, to, late } of reaches(look, top)) {
    const found = selected(look, {
      columns: 'c.seq as seq',
      ...{ from, to },
      rest: 'order by c.seq desc limit ?',
      last: [limit - rows.length],
    })
    rows.push(...found)
    if (rows.length >= limit) {
      return { rows, reached: Number(rows.at(-1)?.['seq'] ?? from), complete: false }
    }
    if (late()) return { rows, reached: from, complete: from <= plan.from }
  }
  return { rows, reached: plan.from, complete: true }
}

// Sums over all matches, by who or by what.
export function sumsBy(look: Look, by: 'who' | 'what'): Looked {
  const { plan } = look
  const columns =
    `c.${by} as id, count(*) as commands, sum(c.rows) as rows, sum(c.masked) as masked,` +
    ' max(c.seq) as seq, max(c.time) as last, min(c.time) as first'
  const rows: Row[] = []
  for (const { from, to, late } of reaches(look, plan.below)) {
    rows.push(...selected(look, { columns, from, to, rest: `group by c.${by}`, last: [], by }))
    if (late()) return { rows, reached: from, complete: from <= plan.from }
  }
  return { rows, reached: plan.from, complete: true }
}

type Reach = { readonly from: number; readonly to: number; readonly late: () => boolean }

function* reaches({ plan, now, deadlineMs }: Look, top: number): Generator<Reach> {
  if (plan.driver === 'none') return
  // What is small is read whole.
  let reach = plan.reach <= SEARCH_LIMITS.firstReach ? Infinity : SEARCH_LIMITS.firstReach
  const late = (): boolean => now() >= deadlineMs
  for (let to = top; to > plan.from;) {
    const from = Math.max(plan.from, to - reach)
    yield { from, to, late }
    to = from
    reach = Math.min(reach * SEARCH_LIMITS.reachGrows, SEARCH_LIMITS.reachMost)
  }
}

function selected(
  { index, plan }: Look,
  asked: {
    readonly columns: string
    readonly from: number
    readonly to: number
    readonly rest: string
    readonly last: readonly Value[]
    readonly by?: 'who' | 'what'
  },
): readonly Row[] {
  const { columns, from, to, rest, last, by: grouped } = asked
  const values: Value[] = []
  const where: string[] = []
  const add = (sql: string, ...more: readonly Value[]): void => {
    where.push(sql)
    values.push(...more)
  }
  const set = (ids: readonly number[]): string => JSON.stringify(ids)
  let table = 'commands c not indexed'
  const { driver, whos, whats, words, mark } = plan
  switch (driver) {
    case 'none':
      return []
    case 'scan':
      if (grouped !== undefined && plan.wheres.every(({ sql }) => COVERED.test(sql))) {
        table = `commands c indexed by commands_${grouped}`
      }
      break
    case 'who':
    case 'what':
      table = `commands c indexed by commands_${driver}`
      break
    case 'session':
      table = 'commands c indexed by commands_session'
      break
    case 'words':
      table = 'texts t cross join commands c'
      add('t.texts match ? and t.rowid >= ? and t.rowid < ?', words ?? '', from, to)
      add('c.seq = t.rowid')
      break
    case 'mark':
      table =
        '(select distinct at from marks where kind = ? and value in (select value from json_each(?))' +
        ' and at >= ? and at < ?) m cross join commands c'
      values.push(mark?.kind ?? '', JSON.stringify(mark?.values ?? []), from, to)
      add('c.seq = m.at')
      break
  }
  const member = 'in (select value from json_each(?))'
  if (whos !== undefined) add(`${driver === 'who' ? '' : '+'}c.who ${member}`, set(whos))
  if (whats !== undefined) add(`${driver === 'what' ? '' : '+'}c.what ${member}`, set(whats))
  if (driver !== 'words') add('c.seq >= ? and c.seq < ?', from, to)
  if (words !== undefined && driver !== 'words') {
    add('exists (select 1 from texts where texts match ? and rowid = c.seq)', words)
  }
  for (const one of plan.wheres) add(one.sql, ...one.values)
  const order = driver === 'words' ? rest.replace('order by c.seq', 'order by t.rowid') : rest
  return index
    .sql(`select ${columns} from ${table} where ${where.join(' and ')} ${order}`)
    .all(...values, ...last)
}

// Conditions that the indexes by who and by what can answer alone.
const COVERED = /^c\.(time|rows|masked) /
