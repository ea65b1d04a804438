// A command that shows a generated situation: SQL which, read against the tables of `synthesisedDdl`, gives
// such effects. Where no text does (a program on the server, a statement nobody can read), it says so.
import type { Effect, Facts, Flow } from '../../../engine/schemas/facts.js'
import {
  alterText,
  callText,
  cascade,
  createText,
  dropText,
  settingText,
  type Text,
} from './synthesise-definitions.js'

export type Synthesised = {
  readonly text: string
  // False where the text only stands for the facts.
  readonly isSql: boolean
}

export function synthesised(facts: Facts): Synthesised {
  const { command, target } = facts
  if (command === undefined) return { text: `(opening a session on ${target.name})`, isSql: false }
  const [main, beside] = command.effects
  if (main === undefined) return { text: '(no effect)', isSql: false }
  if (command.unread.length > 0) {
    const reasons = command.unread.map(({ reason }) => reason).join(', ')
    return { text: `(a command that cannot be read: ${reasons})`, isSql: false }
  }
  const text = textOf(main, command.flows[0], command.postgres.limited)
  if (text === undefined) return { text: asWords(main, command.flows), isSql: false }
  const rest = beside === undefined ? '' : textOf(beside, undefined, -1)
  if (rest === undefined) return { text: asWords(main, command.flows), isSql: false }
  if (rest === '') return { text, isSql: true }
  return besideText(text, beside, rest)
}

// Two effects of one command: a sub-select reads beside anything that has a WHERE or a source; others have
// no common statement.
function besideText(text: string, beside: Effect | undefined, rest: string): Synthesised {
  if (beside?.op === 'read' && /^(SELECT|UPDATE|DELETE)\b/.test(text) && !/ LIMIT /.test(text)) {
    const and = / WHERE (?!CURRENT)/.test(text) ? ' AND' : ' WHERE'
    if (!/ (ORDER|GROUP) BY |CURRENT OF/.test(text)) {
      return { text: `${text}${and} EXISTS (SELECT id FROM public.others)`, isSql: true }
    }
  }
  return { text: `${text} -- and, in the same command: ${rest}`, isSql: false }
}

function asWords(
  { op, kind, object, where, detail, temporary }: Effect,
  flows: readonly Flow[],
): string {
  const more = [
    ...(temporary === true ? ['temporary'] : []),
    ...(where === undefined ? [] : [`where ${where}`]),
    ...(detail === undefined ? [] : [detail]),
    ...flows.map(({ from, to }) => `${from} → ${to}`),
  ]
  return `(${[op, kind, object, ...more].filter((word) => word !== '').join(' ')})`
}

function textOf(effect: Effect, flow: Flow | undefined, limited: number): Text {
  const { op, kind, object, temporary } = effect
  const column = effect.columns?.[0] ?? 'note'
  if (WRITES.includes(op) && !isWritable(effect)) return undefined
  // What is there for this session alone was made by it, which no single statement shows.
  if (temporary === true && op !== 'create') return undefined
  switch (op) {
    case 'read':
      return readText(effect, column, flow, limited)
    case 'insert':
      return flow?.to === 'write' && flow.from.startsWith('public.orders.')
        ? `INSERT INTO ${object} (note) SELECT ${passed(lastOf(flow.from), flow)} FROM public.orders`
        : plain(flow, `INSERT INTO ${object} (${column}) VALUES ('x')`)
    case 'update':
      return narrowed(effect, plain(flow, `UPDATE ${object} SET ${column} = 'x'`))
    case 'delete':
      return narrowed(effect, plain(flow, `DELETE FROM ${object}`))
    case 'truncate':
      return `TRUNCATE ${object}${cascade(effect)}`
    case 'create':
      return plain(flow, createText(effect))
    case 'alter':
      return alterText(effect)
    case 'drop':
      return dropText(effect)
    case 'grant':
      return kind === 'table' ? `GRANT SELECT ON ${object} TO readers` : undefined
    case 'revoke':
      return kind === 'table' ? `REVOKE SELECT ON ${object} FROM readers` : undefined
    case 'call':
      return callText(effect)
    case 'copy_in':
      return kind === 'table' ? `COPY ${object} (${column}) FROM STDIN` : undefined
    case 'copy_out':
      if (kind === 'statement') return undefined
      return kind === 'table'
        ? `COPY ${object} (${column}) TO STDOUT`
        : `COPY (SELECT ${column} FROM ${object}) TO STDOUT`
    case 'set':
      return kind === 'setting' ? settingText(effect) : undefined
    case 'lock':
      return kind === 'table' ? `LOCK TABLE ${object}` : undefined
    case 'listen':
      return `LISTEN ${object}`
    case 'notify':
      return plain(flow, `NOTIFY ${object}, 'x'`)
    case 'transaction':
      return 'BEGIN'
    case 'explain':
      return flow === undefined
        ? 'EXPLAIN SELECT id FROM public.orders'
        : `EXPLAIN ${readText({ ...effect, kind: 'table', object: 'public.orders' }, lastOf(flow.from), flow, -1) ?? ''}`
    case 'execute_program':
      return "COPY public.orders FROM PROGRAM 'cat /etc/passwd'"
    case 'read_file':
      return "COPY public.orders FROM '/etc/passwd'"
    case 'write_file':
      return plain(flow, "COPY public.orders TO '/tmp/orders'")
    case 'admin':
      return kind === 'setting' ? "ALTER SYSTEM SET work_mem = '1GB'" : undefined
    case 'network':
    case 'replicate':
    case 'unknown':
      return undefined
  }
}

const WRITES: readonly Effect['op'][] = ['insert', 'update', 'delete']

// Only tables have keys.
function isWritable({ kind, where }: Effect): boolean {
  return kind === 'table' || (where !== 'key' && (kind === 'view' || kind === 'foreign_table'))
}

function readText(effect: Effect, column: string, flow: Flow | undefined, limited: number): Text {
  const { kind, object } = effect
  if (kind === 'setting') return flow === undefined ? `SHOW ${object}` : undefined
  if (kind === 'sequence')
    return flow === undefined ? `SELECT last_value FROM ${object}` : undefined
  if (kind === 'large_object' || kind === 'function') return undefined
  if (kind === 'system_table') {
    const table = effect.labels?.some((label) => label.startsWith('system:')) === true
    return `SELECT * FROM ${table ? 'pg_catalog.pg_authid' : object}`
  }
  const limit = limited < 0 ? '' : ` LIMIT ${limited}`
  const value = flow === undefined ? column : passed(column, flow)
  switch (flow?.to) {
    case undefined:
    case 'output':
      return `SELECT ${value} FROM ${object}${limit}`
    case 'predicate':
      return `SELECT id FROM ${object} WHERE ${value} = 'x'${limit}`
    case 'join':
      return `SELECT a.id FROM ${object} a JOIN ${object} b ON a.${column} = b.${column}${limit}`
    case 'order':
      return `SELECT id FROM ${object} ORDER BY ${value}${limit}`
    case 'group':
      return `SELECT count(*) FROM ${object} GROUP BY ${value}${limit}`
    case 'aggregate':
      return `SELECT max(${value}) FROM ${object}${limit}`
    case 'argument':
      return `SELECT public.compute(${value}) FROM ${object}${limit}`
    case 'write':
    case 'copy':
    case 'notice':
      return undefined
  }
}

// What a value passes on its way, as far as one word of the facts says.
function passed(column: string, { through }: Flow): string {
  const [step] = through
  if (step === undefined) return column
  const [kind = '', name = ''] = step.split(':')
  if (kind === 'cast') return `${column}::${name === '' ? 'text' : name}`
  if (kind === 'function') return name === 'left' ? `left(${column}, 4)` : `${name}(${column})`
  if (kind === 'operator') return `${column} ${name} 'x'`
  if (kind === 'aggregate') return `${name}(${column})`
  if (kind === 'count') return `count(${column})`
  if (kind === 'null_test') return `${column} IS NULL`
  if (kind === 'coalesce') return `coalesce(${column}, 'x')`
  if (kind === 'array') return `ARRAY[${column}]`
  if (kind === 'row') return `ROW(${column})`
  return column
}

function narrowed({ where }: Effect, text: Text): Text {
  if (text === undefined || where === undefined) return undefined
  switch (where) {
    case 'absent':
      return text
    case 'trivial':
      return `${text} WHERE true`
    case 'range':
      return `${text} WHERE id > 100`
    case 'equality':
      return `${text} WHERE note = 'x'`
    case 'key':
      return `${text} WHERE id = 1`
    case 'cursor':
      return `${text} WHERE CURRENT OF rows`
  }
}

// A flow that the statement does not show.
function plain(flow: Flow | undefined, text: Text): Text {
  return flow === undefined ? text : undefined
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
