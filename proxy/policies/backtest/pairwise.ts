// Situations that no traffic has shown yet: every pair of values that facts can have, every triple of those
// that rules most often combine, and, around rules that differ, every combination of what they speak of.
import type { LabelRule } from '../../../engine/policy/policy.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { coveringRows } from './covering-rows.js'
import type { Row } from './situation-facts.js'
import { allowedIn, spaceOf, spokenOf, type DimensionName, type Space } from './situation-space.js'
import type { Vocabulary } from './vocabulary.js'

export type Generated = {
  readonly space: Space
  readonly rows: readonly Row[]
  readonly stage: Facts['stage']
}

const ROWS_MAX = 20_000
// Around one statement; around one rule that differs, and around all of them together.
const FOCUS_ROWS_MAX = 4_000
const RULE_ROWS_MAX = 10_000
const RULE_ROWS_IN_ALL = 40_000

// What rules are mostly about. The rest stays ordinary beside it, since what is refused for one reason
// hides what another would have let through.
const CORE: readonly DimensionName[] = [
  'op',
  'kind',
  'object',
  'setting',
  'where',
  'label',
  'temporary',
  'detail',
  'flow',
  'through',
  'beside',
  'identity',
  'group',
  'subject',
  'env',
  'target',
  'grants',
  'mfa',
]

// Each combination in full, with everything else as ordinary as the operation allows.
const TOGETHER: readonly (readonly DimensionName[])[] = [
  ['op', 'where', 'identity', 'env'],
  ['op', 'group', 'env'],
  ['op', 'kind', 'identity', 'grants'],
  ['op', 'kind', 'temporary', 'identity'],
  ['op', 'where', 'temporary', 'identity'],
  ['op', 'detail', 'identity', 'grants'],
  ['op', 'object', 'identity', 'group'],
  ['op', 'where', 'beside', 'identity'],
  ['op', 'setting', 'detail', 'identity'],
  ['op', 'flow', 'label', 'identity'],
  ['op', 'flow', 'label', 'beside'],
  ['op', 'flow', 'label', 'group'],
  ['flow', 'label', 'through', 'identity'],
]

const WHO_AND_WHERE: readonly DimensionName[] = ['identity', 'env', 'group']

const OF_SESSIONS: readonly DimensionName[] = [
  'identity',
  'group',
  'subject',
  'env',
  'target',
  'counters',
  'time',
  'purpose',
  'mfa',
  'stale',
]

// `changed`: the words of each rule that differs.
export function pairwiseSituations(
  whole: Vocabulary,
  labels: readonly LabelRule[],
  changed: readonly Vocabulary[],
): readonly Generated[] {
  const space = spaceOf(whole, labels)
  const places = placesIn(space)
  const plain = plainSpace(space, [])
  const share = Math.floor(RULE_ROWS_IN_ALL / Math.max(1, changed.length))
  const rowsEach = Math.min(RULE_ROWS_MAX, share)
  const together = TOGETHER.flatMap((names) => covering(plain, [names.map(places)], ROWS_MAX))
  return [
    { space: plain, rows: together, stage: 'command' },
    { space, rows: covering(space, pairs(space.dimensions.keys()), ROWS_MAX), stage: 'command' },
    {
      space: plain,
      rows: covering(plain, [[places('identity'), places('group')]], ROWS_MAX),
      stage: 'session',
    },
    { space, rows: covering(space, pairs(OF_SESSIONS.map(places)), ROWS_MAX), stage: 'session' },
    ...changed.map((vocabulary) => focusedSituations(whole, labels, vocabulary, rowsEach)),
  ]
}

// Around one rule or statement: all that it speaks of in full, then in pairs with what else is at the core.
export function focusedSituations(
  whole: Vocabulary,
  labels: readonly LabelRule[],
  focus: Vocabulary,
  rowsMax = FOCUS_ROWS_MAX,
): Generated {
  const narrow = spaceOf(whole, labels, focus)
  const spoken = spokenOf(narrow, focus)
  const space = plainSpace(narrow, spoken)
  const [first, ...others] = focusOf(narrow, spoken, rowsMax)
  const rows = [
    ...covering(space, first === undefined ? [] : [first], rowsMax),
    ...covering(space, others, rowsMax),
  ]
  return { space, rows, stage: 'command' }
}

export function covering(
  space: Space,
  interactions: readonly (readonly number[])[],
  rowsMax: number,
): readonly Row[] {
  const sizes = space.dimensions.map(({ values }) => values.length)
  return coveringRows({ sizes, interactions, allowed: allowedIn(space), rowsMax })
}

function placesIn(space: Space): (name: DimensionName) => number {
  return (name) => space.dimensions.findIndex((dimension) => dimension.name === name)
}

function pairs(places: Iterable<number>): readonly (readonly number[])[] {
  const all = [...places].sort((a, b) => a - b)
  return all.flatMap((one, at) => all.slice(at + 1).map((other) => [one, other]))
}

// The same dimensions; those beside the core, and beside what a rule speaks of, with their ordinary value
// alone.
function plainSpace(space: Space, spoken: readonly number[]): Space {
  const dimensions = space.dimensions.map((dimension, at) =>
    spoken.includes(at) || CORE.includes(dimension.name)
      ? dimension
      : { ...dimension, values: dimension.values.slice(0, 1) },
  )
  return { ...space, dimensions }
}

// All that a rule speaks of in full, with who and where, as far as that stays small; then each of it with everything else of the
// core in pairs.
function focusOf(
  space: Space,
  spoken: readonly number[],
  rowsMax: number,
): readonly (readonly number[])[] {
  const size = (place: number): number => space.dimensions[place]?.values.length ?? 1
  const together: number[] = []
  let combinations = 1
  const place = placesIn(space)
  // Who and where as well: what says nothing of them holds for all, and other rules may not.
  const always = WHO_AND_WHERE.map(place).filter((one) => !spoken.includes(one))
  for (const one of [...[...spoken].sort((a, b) => size(a) - size(b)), ...always]) {
    if (combinations * size(one) > rowsMax) continue
    combinations *= size(one)
    together.push(one)
  }
  const core = CORE.map(place)
  const others = spoken.flatMap((one) =>
    core.flatMap((other) => (other === one ? [] : [[one, other].sort((a, b) => a - b)])),
  )
  return [together.sort((a, b) => a - b), ...others]
}
