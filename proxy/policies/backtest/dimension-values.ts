// Values of dimensions that come from words and numbers of policies: columns by their labels, names of objects
// and settings, counters on both sides of a threshold, hours around a limit.
import type { LabelRule } from '../../../engine/policy/policy.js'
import type { Facts } from '../../../engine/schemas/facts.js'

export type Value = {
  // '' for the ordinary one, which nobody needs to be told.
  readonly name: string
  readonly of?: unknown
}

export type LabelledColumn = { readonly column: string; readonly labels: readonly string[] }

export const COUNTERS = [
  'commands_last_minute',
  'commands',
  'rows',
  'labelled_rows',
  'denials',
] as const

// No more of each, however many words a policy has.
const WORDS_MAX = 16
const OBJECTS_MAX = 12
const SETTINGS_MAX = 40

export function labelledColumns(
  rules: readonly LabelRule[],
  words: readonly string[],
): readonly LabelledColumn[] {
  const found = new Map<string, LabelledColumn>()
  for (const { column, labels } of rules) {
    const sorted = [...new Set(labels)].sort()
    const key = sorted.join('+')
    if (!found.has(key)) found.set(key, { column: unstarred(column), labels: sorted })
  }
  const known = new Set([...found.values()].flatMap(({ labels }) => labels))
  // What the rules of access name and no column has: the system's own, or a mistake.
  for (const word of words) {
    if (known.has(word) || word.includes('label:') || word.includes('pattern:')) continue
    const label = word.endsWith(':') ? `${word}secret` : word
    found.set(label, { column: 'value', labels: [label] })
  }
  return [...found.values()].slice(0, WORDS_MAX)
}

// Names with a schema, and schemas: rules name them alone or as what a name begins with.
export function objectNames(words: readonly string[]): readonly string[] {
  const names = words.flatMap((word) =>
    /^[\w$]+\.$/.test(word) ? [`${word}things`] : /^[\w$]+\.[\w$*]+$/.test(word) ? [word] : [],
  )
  return unique(names.map(unstarred)).slice(0, OBJECTS_MAX)
}

// Settings stand among names of objects, without a schema.
export function settingNames(words: readonly string[]): readonly string[] {
  return words.filter((word) => /^[a-z][a-z0-9_]*$/.test(word)).slice(0, SETTINGS_MAX)
}

export function counterValues(numbers: ReadonlySet<number>): readonly Value[] {
  const thresholds = [...numbers].filter((n) => n >= 5).sort((a, b) => a - b)
  return [...thresholds.slice(-6), 1_000_000].flatMap((n) =>
    COUNTERS.map((name) => ({ name: `${name} ${n}`, of: [name, n] })),
  )
}

type Weekday = Facts['time']['weekday']

export function timeValues(numbers: ReadonlySet<number>): readonly Value[] {
  const hours = [...numbers].filter((n) => Number.isInteger(n) && n > 0 && n < 24)
  const both = unique([3, 22, ...hours, ...hours.map((hour) => hour - 1)].map(String)).map(Number)
  const at = (weekday: Weekday, hour: number): Value => ({
    name: `${weekday} ${hour} o'clock`,
    of: [weekday, hour],
  })
  return [at('sunday', 12), at('saturday', 3), ...both.map((hour) => at('wednesday', hour))]
}

export function unstarred(pattern: string): string {
  return pattern.replaceAll('*', 'x')
}

export function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)]
}
