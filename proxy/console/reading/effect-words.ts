// What a command does, in words of people: from the effects of its facts, never from its text.
import type { Effect, Operation } from '../../../engine/schemas/facts.js'
import { onOneLine } from './printable.js'

// How much there is to lose: nothing, something that can be put back, something that is gone.
export type Tone = 'look' | 'write' | 'destroy' | 'call'

const TONES: Readonly<Partial<Record<Operation, Tone>>> = {
  read: 'look',
  explain: 'look',
  copy_out: 'look',
  insert: 'write',
  update: 'write',
  copy_in: 'write',
  create: 'write',
  lock: 'write',
  delete: 'destroy',
  truncate: 'destroy',
  drop: 'destroy',
  alter: 'destroy',
  grant: 'destroy',
  revoke: 'destroy',
}

export function toneOf(effect: Pick<Effect, 'op' | 'where'>): Tone {
  if (effect.op === 'update' && (effect.where === 'absent' || effect.where === 'trivial')) {
    return 'destroy'
  }
  return TONES[effect.op] ?? 'call'
}

const VERBS: Readonly<Record<Operation, string>> = {
  read: 'reads',
  insert: 'adds rows to',
  update: 'changes rows of',
  delete: 'deletes rows of',
  truncate: 'empties',
  create: 'creates',
  alter: 'alters',
  drop: 'drops',
  grant: 'grants rights on',
  revoke: 'takes rights away on',
  call: 'calls',
  copy_in: 'loads rows into',
  copy_out: 'copies out',
  set: 'sets',
  lock: 'locks',
  listen: 'listens to',
  notify: 'notifies',
  transaction: 'transaction',
  explain: 'explains',
  execute_program: 'runs a program on the server',
  read_file: 'reads a file of the server',
  write_file: 'writes a file of the server',
  network: 'opens a connection from the server to',
  replicate: 'replicates',
  admin: 'administers the server',
  unknown: 'does something unknown to',
}

const WHERE: Readonly<Record<NonNullable<Effect['where']>, string>> = {
  absent: 'every row: there is no WHERE',
  trivial: 'every row: its WHERE leaves none out',
  range: 'the rows within a range',
  equality: 'the rows with certain values',
  key: 'one row, named by its key',
  cursor: 'the row at a cursor',
}

export function verbOf(op: Operation): string {
  return VERBS[op]
}

export function whereOf(effect: Effect): string | undefined {
  return effect.where === undefined ? undefined : WHERE[effect.where]
}

// public.orders is shown as orders: nearly everything is in public.
export function shortName(object: string): string {
  return onOneLine(object.replace(/^(public|pg_catalog)\./, ''), 120)
}

// "drops orders and reads customers": the heaviest first, as a headline.
export function headline(effects: readonly Effect[]): string {
  const weight: Readonly<Record<Tone, number>> = { destroy: 0, call: 1, write: 2, look: 3 }
  const words = [...effects]
    .filter(({ op }) => op !== 'transaction' || effects.length === 1)
    .sort((a, b) => weight[toneOf(a)] - weight[toneOf(b)])
    .map(({ op, kind, object }) =>
      op === 'transaction'
        ? 'begins or ends a transaction'
        : `${verbOf(op)} ${kind === 'table' ? '' : `${kind.replaceAll('_', ' ')} `}${shortName(object)}`.trim(),
    )
  const several = [...new Set(words)]
  if (several.length === 0) return 'runs a command'
  if (several.length <= 2) return several.join(' and ')
  return `${several[0]}, ${several[1]} and ${several.length - 2} more`
}
