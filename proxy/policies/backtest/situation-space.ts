// The space of facts in which two policies are compared: one dimension for each thing that a rule can ask, its
// values from the schema's closed domains and from the words of both policies. A row of values becomes one
// document of facts.
import type { LabelRule } from '../../../engine/policy/policy.js'
import { SINKS, UNREAD_REASONS } from '../../../engine/schemas/facts.js'
import {
  COUNTERS,
  counterValues,
  labelledColumns,
  objectNames,
  settingNames,
  timeValues,
  unique,
  unstarred,
  type LabelledColumn,
  type Value,
} from './dimension-values.js'
import { fitsOperation, OPERATION_SHAPES } from './operation-shapes.js'
import { wordsOf, type Field, type Vocabulary } from './vocabulary.js'

export type Dimension = {
  readonly name: DimensionName
  readonly values: readonly Value[]
}

export type DimensionName =
  | 'op'
  | 'kind'
  | 'object'
  | 'setting'
  | 'where'
  | 'label'
  | 'temporary'
  | 'detail'
  | 'flow'
  | 'through'
  | 'unread'
  | 'beside'
  | 'limited'
  | 'message'
  | 'identity'
  | 'group'
  | 'subject'
  | 'env'
  | 'target'
  | 'grants'
  | 'counters'
  | 'time'
  | 'transaction'
  | 'purpose'
  | 'mfa'
  | 'stale'

export type Space = {
  readonly dimensions: readonly Dimension[]
  readonly columns: readonly LabelledColumn[]
}

const WORDS_MAX = 16
const NONE: Value = { name: '' }

// From the words of everything, or of what changed alone: then each dimension that words are found for is
// cut down to them and the ordinary value.
export function spaceOf(
  vocabulary: Vocabulary,
  labels: readonly LabelRule[],
  narrow?: Vocabulary,
): Space {
  const columns = labelledColumns(labels, wordsOf(vocabulary, 'label'))
  const of = (field: Field): readonly string[] => wordsOf(vocabulary, field).slice(0, WORDS_MAX)
  const named = (words: readonly string[]): readonly Value[] =>
    words.map((name) => ({ name, of: name }))
  // Of what changed alone where that says something: these are combined in full.
  const near = (field: Field): readonly string[] => {
    const words = narrow === undefined ? [] : wordsOf(narrow, field).slice(0, WORDS_MAX)
    return words.length > 0 ? words : of(field)
  }
  const numbers =
    narrow !== undefined && narrow.numbers.size > 0 ? narrow.numbers : vocabulary.numbers
  const envs = unique(['prod', ...near('env'), 'elsewhere'])
  const labelKeys = unique([
    'env',
    ...(narrow !== undefined && narrow.targetLabels.size > 0
      ? narrow.targetLabels
      : vocabulary.targetLabels),
  ])
  const full: readonly Dimension[] = [
    { name: 'op', values: named(Object.keys(OPERATION_SHAPES)) },
    {
      name: 'kind',
      values: named(unique(Object.values(OPERATION_SHAPES).flatMap((s) => s.kinds))),
    },
    {
      name: 'object',
      values: [NONE, ...named(objectNames(wordsOf(vocabulary, 'object')))],
    },
    { name: 'setting', values: [NONE, ...named(settingNames(wordsOf(vocabulary, 'object')))] },
    {
      name: 'where',
      // Where there can be one there nearly always is. First the one that rules rarely mind: what is
      // denied already, for having none, would hide what a change does.
      values: [...named(['key', 'equality', 'range', 'absent', 'trivial', 'cursor']), NONE],
    },
    {
      name: 'label',
      values: [NONE, ...columns.map((of) => ({ name: of.labels.join('+'), of }))],
    },
    { name: 'temporary', values: [NONE, { name: 'temporary', of: true }] },
    {
      name: 'detail',
      values: [
        NONE,
        ...named(
          unique([...Object.values(OPERATION_SHAPES).flatMap((s) => s.details), ...of('detail')]),
        ),
      ],
    },
    { name: 'flow', values: [NONE, ...named(SINKS)] },
    {
      name: 'through',
      values: [NONE, ...named(unique(['function:upper', 'function:left', ...of('through')]))],
    },
    { name: 'unread', values: [NONE, ...named(UNREAD_REASONS)] },
    { name: 'beside', values: [NONE, ...named(['read', 'insert', 'update', 'drop'])] },
    {
      name: 'limited',
      values: [NONE, { name: 'LIMIT 1', of: 1 }, { name: 'LIMIT 100000', of: 100_000 }],
    },
    { name: 'message', values: [NONE, ...named(['extended'])] },
    {
      name: 'identity',
      values: named(['agent', 'human', 'pipeline', 'agent for a human']),
    },
    { name: 'group', values: [NONE, ...named(of('group'))] },
    { name: 'subject', values: [NONE, ...named(of('subject'))] },
    {
      name: 'env',
      values: [
        ...labelKeys.flatMap((key) =>
          envs.map((env) => ({ name: `${key}=${env}`, of: [key, env] })),
        ),
        { name: 'no labels', of: undefined },
      ],
    },
    { name: 'target', values: [NONE, ...named(of('target'))] },
    {
      name: 'grants',
      values: [
        NONE,
        { name: 'approved by another person', of: ['command', 'other'] },
        { name: 'session approved by another person', of: ['session', 'other'] },
        { name: 'approved by themselves', of: ['command', 'self'] },
      ],
    },
    { name: 'counters', values: [NONE, ...counterValues(numbers)] },
    { name: 'time', values: [NONE, ...timeValues(numbers)] },
    { name: 'transaction', values: [NONE, ...named(['open', 'failed'])] },
    { name: 'purpose', values: [NONE, ...named(unique(['INC-1', ...of('purpose')]))] },
    { name: 'mfa', values: [NONE, { name: 'with a second factor', of: true }] },
    { name: 'stale', values: [NONE, { name: 'stale policies', of: true }] },
  ]
  return { columns, dimensions: narrow === undefined ? full : narrowed(full, narrow) }
}

const FIELD_OF: Readonly<Partial<Record<DimensionName, Field>>> = {
  op: 'op',
  kind: 'kind',
  object: 'object',
  where: 'where',
  detail: 'detail',
  flow: 'to',
  through: 'through',
  unread: 'reason',
  group: 'group',
  subject: 'subject',
  target: 'target',
  purpose: 'purpose',
}

// To what is named, the ordinary value, and one that is not named: `not x in {…}` is about that.
function narrowed(dimensions: readonly Dimension[], narrow: Vocabulary): readonly Dimension[] {
  return dimensions.map((dimension) => {
    const field = dimension.name === 'label' ? 'label' : FIELD_OF[dimension.name]
    const words = field === undefined ? [] : wordsOf(narrow, field).map(unstarred)
    const isNamed = ({ name, of }: Value): boolean =>
      words.includes(name) || (isColumn(of) && of.labels.some((label) => words.includes(label)))
    // By oneself only where a rule asks who approved; that it asks for an approval is no such question.
    if (dimension.name === 'grants' && !narrow.fields.has('grants')) {
      return { ...dimension, values: dimension.values.slice(0, 2) }
    }
    // All values where none is named: a rule without an operation stands under `any`.
    if (!dimension.values.some(isNamed)) return dimension
    const other = dimension.values.find((value) => value.name !== '' && !isNamed(value))
    const values = dimension.values.filter(
      (value) => value.name === '' || value === other || isNamed(value),
    )
    return { ...dimension, values }
  })
}

function isColumn(of: unknown): of is LabelledColumn {
  return typeof of === 'object' && of !== null && 'labels' in of
}

// Which dimensions a vocabulary speaks of, by place; the ones whose combinations decide.
export function spokenOf(space: Space, vocabulary: Vocabulary): readonly number[] {
  const spoken = (name: DimensionName): boolean => {
    const field = FIELD_OF[name]
    if (field !== undefined && wordsOf(vocabulary, field).length > 0) return true
    switch (name) {
      case 'where':
      case 'detail':
      case 'temporary':
      case 'transaction':
      case 'limited':
      case 'mfa':
      case 'stale':
      case 'purpose':
        return vocabulary.fields.has(name)
      case 'setting':
        return settingNames(wordsOf(vocabulary, 'object')).length > 0
      case 'identity':
        return wordsOf(vocabulary, 'identity').length > 0
      case 'env':
        return wordsOf(vocabulary, 'env').length > 0 || vocabulary.targetLabels.size > 0
      case 'label':
        return wordsOf(vocabulary, 'label').length > 0
      case 'grants':
        return vocabulary.grants
      case 'time':
        return ['time', 'hour', 'weekday', 'utc'].some((one) => vocabulary.fields.has(one))
      case 'counters':
        return ['counters', ...COUNTERS].some((one) => vocabulary.fields.has(one))
      default:
        return false
    }
  }
  return space.dimensions.flatMap(({ name }, at) => (spoken(name) ? [at] : []))
}

// Only what an operation decides about: which kinds, conditions, details and flows it can have.
export function allowedIn(
  space: Space,
): (first: number, value: number, second: number, other: number) => boolean {
  const tables = space.dimensions.map(({ name, values }) =>
    values.map((value) =>
      (space.dimensions[0]?.values ?? []).map((op) => fitsOperation(op.name, name, value.name)),
    ),
  )
  return (first, value, second, other) => first !== 0 || (tables[second]?.[other]?.[value] ?? true)
}
