// One row of the space as a document of facts, as a gateway could have made it, and in words.
import {
  FACTS_VERSION,
  type Effect,
  type Facts,
  type Flow,
  type Operation,
} from '../../../engine/schemas/facts.js'
import { OPERATION_SHAPES } from './operation-shapes.js'
import type { LabelledColumn, Value } from './dimension-values.js'
import type { DimensionName, Space } from './situation-space.js'

export type Row = readonly number[]

const ISSUER = 'https://issuer.example'
const WEEK = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
// A Sunday.
const WEEK_STARTS = Date.UTC(2026, 0, 4)

// Told in words beside a command, which shows the rest.
const CIRCUMSTANCES: readonly DimensionName[] = [
  'env',
  'grants',
  'counters',
  'time',
  'transaction',
  'purpose',
  'mfa',
  'unread',
  'message',
  'stale',
]

type Pick = (name: DimensionName) => Value

function pickOf(space: Space, row: Row): Pick {
  return (name) => {
    const at = space.dimensions.findIndex((dimension) => dimension.name === name)
    return space.dimensions[at]?.values[row[at] ?? 0] ?? { name: '' }
  }
}

export function situationFacts(space: Space, row: Row, stage: Facts['stage']): Facts {
  const pick = pickOf(space, row)
  const base = baseFacts(pick)
  if (stage === 'session') return { ...base, stage }
  const column = pick('label').of as LabelledColumn | undefined
  const effects = effectsOf(pick, column ?? space.columns[0])
  const unread = pick('unread').of as
    NonNullable<Facts['command']>['unread'][number]['reason'] | undefined
  return {
    ...base,
    stage,
    command: {
      protocol: 'postgres',
      digest: `sha256:${'0'.repeat(64)}`,
      effects: [...effects],
      flows: [...flowsOf(pick, effects, column ?? space.columns[0])],
      unread: unread === undefined ? [] : [{ reason: unread, detail: 'a part' }],
      postgres: {
        tag: pick('op').name === 'read' ? 'SELECT' : pick('op').name.toUpperCase(),
        message: pick('message').of === 'extended' ? 'extended' : 'simple',
        position: 1,
        of: 1,
        limited: (pick('limited').of as number | undefined) ?? -1,
        returns_rows: pick('op').name === 'read',
      },
    },
  }
}

function baseFacts(pick: Pick): Omit<Facts, 'command' | 'stage'> {
  const who = pick('identity').name
  const subject = (pick('subject').of as string | undefined) ?? 'somebody'
  const group = pick('group').of as string | undefined
  const [key, env] = (pick('env').of as readonly [string, string] | undefined) ?? []
  const target = (pick('target').of as string | undefined) ?? 'shop'
  const [weekday, hour] = (pick('time').of as readonly [string, number] | undefined) ?? [
    'wednesday',
    12,
  ]
  const day = Math.max(
    0,
    WEEK.findIndex((name) => name === weekday),
  )
  const at = new Date(WEEK_STARTS + (day * 24 + hour) * 3_600_000)
  const [counter, count] = (pick('counters').of as readonly [string, number] | undefined) ?? []
  const [scope, by] =
    (pick('grants').of as readonly ['command' | 'session', string] | undefined) ?? []
  return {
    ...(pick('stale').of === true ? { policy: { stale: true } } : {}),
    version: FACTS_VERSION,
    identity: {
      subject,
      issuer: ISSUER,
      name: '',
      kind: who === 'agent for a human' ? 'human' : (who as Facts['identity']['kind']),
      groups: group === undefined ? [] : [group],
      actor: who === 'agent for a human' ? [{ subject: 'assistant', issuer: ISSUER }] : [],
      claims: {},
      mfa: pick('mfa').of === true,
    },
    target: {
      name: target,
      kind: 'postgres',
      labels: key === undefined || env === undefined ? {} : { [key]: env },
      database: target,
    },
    session: {
      id: 'generated',
      client_address: '192.0.2.10',
      application: 'psql',
      purpose: (pick('purpose').of as string | undefined) ?? '',
      transaction:
        (pick('transaction').of as Facts['session']['transaction'] | undefined) ?? 'idle',
      counters: {
        commands: 0,
        commands_last_minute: 0,
        rows: 0,
        labelled_rows: 0,
        denials: 0,
        ...(counter === undefined ? {} : { [counter]: count }),
      },
    },
    time: {
      utc: at.toISOString().replace('.000Z', 'Z'),
      weekday: WEEK[day] ?? 'wednesday',
      hour,
      zone: 'UTC',
    },
    grants:
      scope === undefined
        ? []
        : [{ id: 'g1', scope, approvers: [by === 'self' ? subject : 'another'] }],
  }
}

function effectsOf(pick: Pick, column: LabelledColumn | undefined): readonly Effect[] {
  const op = pick('op').name as Operation
  const setting = pick('setting').of as string | undefined
  const kind = setting === undefined ? (pick('kind').name as Effect['kind']) : 'setting'
  const shape = OPERATION_SHAPES[op]
  const where = pick('where').of as Effect['where'] | undefined
  const detail = pick('detail').of as string | undefined
  const labelled = column !== undefined && (pick('label').name !== '' || pick('flow').name !== '')
  const main: Effect = {
    op,
    object: setting ?? (pick('object').of as string | undefined) ?? ordinaryObject(op, kind),
    kind,
    ...(shape.columns === true ? { columns: labelled ? [column.column] : ['note'] } : {}),
    ...(where === undefined ? {} : { where }),
    ...(shape.columns === true ? { labels: labelled ? [...column.labels] : [] } : {}),
    ...(pick('temporary').of === true ? { temporary: true } : {}),
    ...(detail === undefined ? {} : { detail }),
  }
  switch (pick('beside').name) {
    case 'read':
      return [
        main,
        { op: 'read', object: 'public.others', kind: 'table', columns: ['id'], labels: [] },
      ]
    case 'insert':
      return [
        main,
        { op: 'insert', object: 'public.others', kind: 'table', columns: ['note'], labels: [] },
      ]
    case 'drop':
      return [main, { op: 'drop', object: 'public.others', kind: 'table' }]
    case 'update':
      return [
        main,
        {
          op: 'update',
          object: 'public.others',
          kind: 'table',
          columns: ['note'],
          where: 'absent',
          labels: [],
        },
      ]
    default:
      return [main]
  }
}

function flowsOf(
  pick: Pick,
  [main]: readonly Effect[],
  column: LabelledColumn | undefined,
): readonly Flow[] {
  const to = pick('flow').of as Flow['to'] | undefined
  if (to === undefined || column === undefined || main === undefined) return []
  const table = main.op === 'read' ? main.object : 'public.orders'
  const through = pick('through').of as string | undefined
  return [
    {
      from: `${table}.${column.column}`,
      labels: [...column.labels],
      to,
      ...(to === 'output' ? { output: 0 } : {}),
      through: through === undefined ? [] : [through],
    },
  ]
}

// Names that the synthesised DDL has as well.
export function ordinaryObject(op: Operation, kind: Effect['kind']): string {
  switch (kind) {
    case 'table':
      return 'public.orders'
    case 'view':
      return 'public.open_orders'
    case 'materialized_view':
      return 'public.order_totals'
    case 'foreign_table':
      return 'public.remote_orders'
    case 'system_table':
      return 'pg_catalog.pg_class'
    case 'sequence':
      return 'public.order_ids'
    case 'index':
      return 'public.orders_note'
    case 'function':
      return op === 'call' ? 'public.compute' : 'public.helper'
    case 'type':
      return 'public.mood'
    case 'trigger':
    case 'rule':
    case 'policy':
      return `public.orders.${kind}`
    case 'setting':
      return 'work_mem'
    case 'transaction':
    case 'statement':
    case 'cursor':
      return ''
    default:
      return `some_${kind}`
  }
}

export function personOf(space: Space, row: Row): string {
  const pick = pickOf(space, row)
  const [group, subject] = [pick('group').name, pick('subject').name]
  return [
    pick('identity').name,
    ...(group === '' ? [] : [`in ${group}`]),
    ...(subject === '' ? [] : [`called ${subject}`]),
  ].join(' ')
}

export function circumstancesOf(space: Space, row: Row): string {
  const pick = pickOf(space, row)
  return CIRCUMSTANCES.map((name) => pick(name).name)
    .filter((name) => name !== '')
    .join(', ')
}

export function nameAt(space: Space, row: Row, name: DimensionName): string {
  return pickOf(space, row)(name).name
}
