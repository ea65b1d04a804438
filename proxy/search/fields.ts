// The fields that a question may name, as one table: what each means, where it is looked up, and which values it
// may have at all, so that a mistyped one is an error and not an empty answer.
import { OPERATIONS } from '../../engine/schemas/facts.js'

export type Place = 'who' | 'what' | 'mark'

export type Field = {
  readonly place: Place | 'session' | 'result' | 'number' | 'time'
  readonly means: string
  // Closed: nothing else is ever recorded.
  readonly values?: readonly string[]
}

export const RESULT_VALUES = ['done', 'failed', 'cancelled', 'unknown'] as const

export const FIELDS = {
  person: { place: 'who', means: 'subject or name of who sent it, or of who acted for them' },
  kind: { place: 'who', means: 'kind of identity', values: ['human', 'agent', 'pipeline'] },
  group: { place: 'who', means: 'a group of that person' },
  issuer: { place: 'who', means: 'the identity provider that vouched for them' },
  actor: { place: 'who', means: 'who acted for the person' },
  target: { place: 'who', means: 'name of the target' },
  database: { place: 'who', means: 'database on the target' },
  env: { place: 'who', means: 'the target’s label env' },
  tag: { place: 'who', means: 'any label of the target, as name=value' },
  object: { place: 'what', means: 'a table, view, function … touched: public.orders or orders' },
  column: { place: 'what', means: 'a column read, written or followed: customers.ssn' },
  saw: { place: 'what', means: 'a labelled column whose values went to the client' },
  label: { place: 'what', means: 'a label of what was touched' },
  op: { place: 'what', means: 'what was done', values: OPERATIONS },
  statement: { place: 'what', means: 'the command tag: select, drop table …' },
  rule: { place: 'what', means: 'a rule that spoke: destructive/*' },
  action: {
    place: 'what',
    means: 'what was decided',
    values: ['allow', 'deny', 'mask-fields', 'require-approval'],
  },
  ran: { place: 'what', means: 'whether it went to the target', values: ['yes', 'no'] },
  approval: { place: 'mark', means: 'what became of its approval: requested, approved, denied …' },
  approver: { place: 'mark', means: 'who approved or denied it' },
  incident: { place: 'mark', means: 'an incident recorded about it' },
  shadow: { place: 'mark', means: 'what the shadow would have decided, where it differs' },
  session: { place: 'session', means: 'id of the session, or its beginning with *' },
  result: { place: 'result', means: 'what came of it', values: RESULT_VALUES },
  rows: { place: 'number', means: 'rows returned or changed: >1000' },
  masked: { place: 'number', means: 'fields masked: >0' },
  duration_ms: { place: 'number', means: 'milliseconds on the target: >500' },
  since: { place: 'time', means: 'from this time on: 2026-01-01, 2026-01-01T08:00Z, 7d, 12h' },
  until: { place: 'time', means: 'before this time' },
} as const satisfies Readonly<Record<string, Field>>

export type FieldName = keyof typeof FIELDS

export function fieldNamed(name: string): FieldName | undefined {
  return Object.keys(FIELDS).find((one): one is FieldName => one === name)
}

export function placeOfField(name: FieldName): Field['place'] {
  return FIELDS[name].place
}

export function valuesOf(name: FieldName): readonly string[] | undefined {
  const field: Field = FIELDS[name]
  return field.values
}

// What was most likely meant: one or two letters away.
export function closest(word: string, among: readonly string[]): string | undefined {
  const near = among
    .map((one) => [one, distance(word, one)] as const)
    .filter(([one, far]) => far <= (one.length > 4 ? 2 : 1))
  return near.sort(([, a], [, b]) => a - b)[0]?.[0]
}

const COMPARED = 30

function distance(a: string, b: string): number {
  const left = a.slice(0, COMPARED)
  const right = b.slice(0, COMPARED)
  let row = Array.from({ length: right.length + 1 }, (_, at) => at)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same))
    }
    row = next
  }
  return row[right.length] ?? 0
}
