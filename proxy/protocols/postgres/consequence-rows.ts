// How many rows a held command would change: the planner's estimate of the same statement with the same
// values, and, where the policy allows it, a count of what its condition chooses. Neither calls a function
// that somebody made, and a count none that is volatile.
import { countSelectOf } from '../../../engine/facts/postgres/count-select.js'
import type { Effect } from '../../../engine/schemas/facts.js'
import type { Asked } from './consequence.js'
import { codeOf } from './consequence-problem.js'
import { volatileAmong, type Size } from './consequence-catalogue.js'
import type { Look, Values } from './consequence-connection.js'
import { estimateOf } from './consequence-plan.js'

export type RowsFound = {
  readonly estimate?: number | undefined
  readonly count?: number | undefined
}

export async function rowsOf(
  look: Look,
  asked: Asked,
  relations: readonly Size[],
  notes: string[],
): Promise<RowsFound> {
  const { statement, which, own } = asked
  const { effects } = statement.command
  const why = own ? OWN : effects.map(objection).find((found) => found !== undefined)
  if (why !== undefined) {
    notes.push(`rows were not estimated: ${why}`)
    return {}
  }
  const goes = effects.filter(({ op }) => op === 'drop' || op === 'truncate')
  if (goes.length > 0) return rowsGone(look, goes, relations, which, notes)
  if (!PLANNED.has(statement.command.postgres.tag)) return {}
  await asSession(look, asked)
  const estimate = await estimated(look, asked, notes)
  return {
    estimate,
    count: which === 'count' ? await counted(look, asked, relations, notes) : undefined,
  }
}

const OWN = 'the session sees changes of its own'
const PLANNED = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE'])

// The planner calls functions that are not volatile to simplify conditions, so nobody's own.
function objection({ op, object, kind }: Effect): string | undefined {
  if (op === 'call')
    return kind === 'function' || kind === 'sequence'
      ? `it calls ${object}`
      : 'it is prepared elsewhere'
  if (op === 'unknown') return `what ${object} does is not known`
  return op === 'network' ? `${object} is on another server` : undefined
}

async function asSession(look: Look, { names }: Asked): Promise<void> {
  const path = names.searchPath.map(quoted).join(', ')
  await look.run(`SET LOCAL search_path = ${path}`)
}

async function estimated(look: Look, asked: Asked, notes: string[]): Promise<number | undefined> {
  try {
    const rows = await look.rows(`EXPLAIN (FORMAT JSON) ${asked.text}`, asked.values)
    return estimateOf(rows[0]?.[0])
  } catch (problem) {
    notes.push(`rows were not estimated: ${codeOf(problem)}`)
    return undefined
  }
}

async function counted(
  look: Look,
  asked: Asked,
  relations: readonly Size[],
  notes: string[],
): Promise<number | undefined> {
  const select = countSelectOf(asked.text)
  const why = 'why' in select ? select.why : await unfit(look, asked, select.calls, relations)
  if (why !== undefined || 'why' in select) {
    notes.push(`rows were not counted: ${why ?? ''}`)
    return undefined
  }
  try {
    const values = asked.values === undefined ? undefined : used(asked.values, select.parameters)
    const rows = await look.rows(select.text, values)
    return Number(rows[0]?.[0])
  } catch (problem) {
    notes.push(`rows were not counted: ${codeOf(problem)}`)
    return undefined
  }
}

// What is read must be tables as they are: views, row security and foreign tables call what they like.
async function unfit(
  look: Look,
  { statement }: Asked,
  calls: readonly string[],
  relations: readonly Size[],
): Promise<string | undefined> {
  for (const { op, kind, object } of statement.command.effects) {
    if ((op === 'read' || op === 'update' || op === 'delete') && kind !== 'table') {
      return `${object} is no table`
    }
  }
  const secured = relations.find((size) => size.secured)
  if (secured !== undefined) return `row security decides about ${secured.object}`
  return (await volatileAmong(look, calls)) ? 'it calls a volatile function' : undefined
}

// The statistics know about all rows; a count is of the tables that go.
async function rowsGone(
  look: Look,
  goes: readonly Effect[],
  relations: readonly Size[],
  which: Asked['which'],
  notes: string[],
): Promise<RowsFound> {
  const named = new Set(goes.map(({ object }) => object))
  const gone = relations.filter(
    ({ kind, object }) => named.has(object) && (kind === 'r' || kind === 'p'),
  )
  if (gone.length === 0) return {}
  const known = gone.every(({ rows }) => rows >= 0)
  const estimate = known ? gone.reduce((sum, { rows }) => sum + rows, 0) : undefined
  if (which !== 'count' || goes.some(({ kind }) => kind !== 'table')) return { estimate }
  if (gone.some(({ secured }) => secured)) {
    notes.push('rows were not counted: row security decides about them')
    return { estimate }
  }
  try {
    let count = 0
    for (const { object } of gone) count += await countOf(look, object)
    return { estimate, count }
  } catch (problem) {
    notes.push(`rows were not counted: ${codeOf(problem)}`)
    return { estimate }
  }
}

async function countOf(look: Look, object: string): Promise<number> {
  const [name] = await look.rows(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE pg_catalog.concat(n.nspname, '.', c.relname) = $1 AND c.relkind IN ('r', 'p')`,
    { binds: [Buffer.from(object)], formats: [], types: [25] },
  )
  const rows = await look.rows(`SELECT pg_catalog.count(*) FROM ${name?.[0] ?? ''}`)
  return Number(rows[0]?.[0])
}

// What the count does not mention has no type that could be found out: it goes as an unknown NULL.
function used({ binds, formats, types }: Values, parameters: readonly number[]): Values {
  const TEXT = 25
  return {
    binds: binds.map((value, i) => (parameters.includes(i + 1) ? value : null)),
    formats: binds.map((_, i) => (formats.length === 1 ? formats[0] : formats[i]) ?? 0),
    types: binds.map((_, i) => (parameters.includes(i + 1) ? (types[i] ?? 0) : TEXT)),
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
