// What the schema of the facts cannot say and a gateway always keeps to: an opened session has no command,
// a WHERE belongs to what has one, sets are sorted, and the hour is the hour of the time.
import type { Effect, Facts, Flow, ObjectKind, Operation } from '../../../engine/schemas/facts.js'
import type { Chance } from './repeatable-chance.js'

// One in so many documents is a session being opened.
const SESSION_EVERY = 12
const START_MS = Date.UTC(2026, 0, 5)
const WEEKDAYS = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const

// What operations are usually about; where nothing stands, anything.
const USUAL_KINDS: Readonly<Partial<Record<Operation, readonly ObjectKind[]>>> = {
  read: ['table', 'table', 'view', 'setting', 'system_table'],
  insert: ['table', 'table', 'view'],
  update: ['table', 'table', 'view'],
  delete: ['table', 'table', 'view'],
  truncate: ['table'],
  create: ['table', 'index', 'view', 'function', 'role'],
  alter: ['table', 'index', 'function', 'role'],
  drop: ['table', 'index', 'function', 'database'],
  call: ['function'],
  copy_in: ['table'],
  copy_out: ['table', 'statement'],
  set: ['setting', 'setting', 'cursor'],
  lock: ['table'],
  listen: ['channel'],
  notify: ['channel'],
  transaction: ['transaction'],
  explain: ['statement'],
}

type Made = { readonly at: number; readonly chance: Chance }

export function coherent(made: unknown, { at, chance }: Made): Facts {
  const facts = made as Facts
  const minute = START_MS + (at * 467 + chance.below(60)) * 60_000
  const time = new Date(minute)
  const { command, identity, ...rest } = facts
  const base: Facts = {
    ...rest,
    stage: 'session',
    identity: { ...identity, groups: sortedSet(identity.groups) },
    time: {
      utc: time.toISOString().replace('.000Z', 'Z'),
      weekday: WEEKDAYS[time.getUTCDay()] ?? 'monday',
      hour: time.getUTCHours(),
      zone: 'UTC',
    },
    grants: facts.grants.map((grant) => ({ ...grant, approvers: sortedSet(grant.approvers) })),
  }
  if (command === undefined || at % SESSION_EVERY === SESSION_EVERY - 1) return base
  const of = Math.max(1, command.postgres.of % 4)
  return {
    ...base,
    stage: 'command',
    command: {
      ...command,
      digest: `sha256:${String(at).padStart(64, '0')}`,
      effects: command.effects.map((effect) => coherentEffect(effect, chance)),
      flows: command.flows.map((flow) => coherentFlow(flow, chance)),
      postgres: { ...command.postgres, of, position: 1 + chance.below(of) },
    },
  }
}

// `where` is there for update and delete and for nothing else, and missing now and then even there.
function coherentEffect(effect: Effect, chance: Chance): Effect {
  const { where, columns, labels, ...rest } = effect
  const narrowed = ['update', 'delete'].includes(effect.op)
  const kinds = USUAL_KINDS[effect.op]
  return {
    ...rest,
    kind: kinds !== undefined && chance.often(70) ? chance.pick(kinds) : rest.kind,
    ...(columns === undefined ? {} : { columns: sortedSet(columns) }),
    ...(narrowed && where !== undefined && chance.often(95) ? { where } : {}),
    ...(labels === undefined ? {} : { labels: sortedSet(labels) }),
  }
}

function coherentFlow(flow: Flow, chance: Chance): Flow {
  const { output, ...rest } = flow
  const labels = sortedSet(flow.labels)
  const place = output ?? chance.below(4)
  return flow.to === 'output' ? { ...rest, labels, output: place } : { ...rest, labels }
}

function sortedSet(values: readonly string[]): string[] {
  return [...new Set(values)].sort()
}
