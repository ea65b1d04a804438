// What is known of a value that a statement computes: its type, and the labelled columns that it comes
// from, each with what it passed on its way. Values are plain data; sinks turn them into flows.
import type { Sink } from '../../schemas/facts.js'
import type { Analysis } from './analysis.js'
import type { Oid } from './catalogue.js'

export type Source = {
  // schema.table.column
  readonly from: string
  readonly labels: readonly string[]
  // [] for a plain copy; outermost last.
  readonly through: readonly string[]
  // How many computations it passed; bounded, since doubling a text often enough makes an error that
  // tells its length.
  readonly steps: number
}

export type Value = {
  // 0 where the type is not known, UNKNOWN for a literal that has none yet.
  readonly type: Oid
  readonly sources: readonly Source[]
  // Of a row whose columns are known.
  readonly fields?: readonly Field[]
  // Set for a plain copy of a column: what RowDescription will say of it.
  readonly origin?: { readonly table: Oid; readonly attnum: number }
  // A literal or parameter.
  readonly constant?: boolean
}

export type Field = { readonly name: string; readonly value: Value }

// pg_type OIDs that the readers name.
export const TYPE = {
  bool: 16,
  name: 19,
  int8: 20,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  xml: 142,
  unknown: 705,
  bpchar: 1042,
  varchar: 1043,
  record: 2249,
  jsonb: 3802,
} as const

// NULL or not is no secret (masks keep NULL as NULL), and neither is how many there are.
export const HARMLESS_STEPS: readonly string[] = ['null_test', 'count']

const SOURCES_MAX = 256
const STEPS_MAX = 1_000_000

export const NOTHING: Value = { type: 0, sources: [] }

export function typed(type: Oid): Value {
  return { type, sources: [] }
}

// The value of several, as one: their sources together.
export function joined(values: readonly Value[], type: Oid = 0): Value {
  const [first, ...more] = values.filter((value) => value.sources.length > 0)
  if (first === undefined) return typed(type)
  if (more.length === 0) return { type, sources: first.sources }
  const found = new Map<string, Source>()
  for (const source of [first, ...more].flatMap((value) => value.sources)) {
    const key = JSON.stringify([source.from, source.through])
    const known = found.get(key)
    found.set(key, known === undefined ? source : { ...source, steps: summed(known, source) })
  }
  return { type, sources: bounded([...found.values()]) }
}

export function passed(value: Value, step: string, type: Oid = 0): Value {
  if (value.sources.length === 0) return typed(type)
  return {
    type,
    sources: value.sources.map((source) => ({
      ...source,
      through: source.through.includes(step) ? source.through : [...source.through, step],
      steps: source.steps + 1,
    })),
  }
}

export function isLabelled(value: Value): boolean {
  return value.sources.some((source) => !isHarmless(source.through))
}

export function isHarmless(through: readonly string[]): boolean {
  return HARMLESS_STEPS.some((step) => through.includes(step))
}

export function isCopy(value: Value): boolean {
  return value.origin !== undefined && value.sources.every(({ through }) => through.length === 0)
}

// Declares that a value is used so.
export function sunk(value: Value, to: Sink, analysis: Analysis, output?: number): void {
  for (const { from, labels, through } of value.sources) {
    analysis.flow({
      from,
      labels: [...labels],
      to,
      through: [...through],
      ...(output === undefined ? {} : { output }),
    })
  }
}

// Computed without bound.
export function endless(source: Source): Source {
  return { ...source, steps: STEPS_MAX }
}

// Two uses of one source in one expression count together, so that doubling is seen.
function summed(left: Source, right: Source): number {
  return Math.min(left.steps + right.steps + 1, STEPS_MAX)
}

// Very many ways from the same columns are told as one way, which is no copy.
function bounded(sources: readonly Source[]): readonly Source[] {
  if (sources.length <= SOURCES_MAX) return sources
  const found = new Map<string, Source>()
  for (const source of sources) {
    found.set(source.from, { ...source, through: ['several'], steps: STEPS_MAX })
  }
  return [...found.values()]
}
