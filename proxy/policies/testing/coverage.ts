// Which rows and rules of the policies the tests have reached: Rego tests by OPA's own trace, command tests
// by evaluating in OPA what they asked of the Wasm. Generated facts do not count: they expect nothing in
// particular.
import type { RuleEntry } from '../../../engine/policy/rule-index.js'

// Row → whether it was reached, by file.
export type Rows = ReadonlyMap<string, ReadonlyMap<number, boolean>>

export type Share = { readonly reached: number; readonly total: number; readonly percent: number }

export type Coverage = {
  readonly lines: Share
  readonly rules: Share
  // Rules that no test made speak.
  readonly silent: readonly RuleEntry[]
  readonly rows: Rows
}

export type Thresholds = { readonly rules?: number; readonly lines?: number }

// Of the report that `opa test --coverage` and `opa eval --coverage` print.
export function rowsOf(report: unknown): Rows {
  const files = Object.entries(objectOf(objectOf(report)['files']))
  return new Map(
    files.map(([file, ranges]) => {
      const rows = new Map<number, boolean>()
      for (const row of rowsIn(objectOf(ranges)['not_covered'])) rows.set(row, false)
      for (const row of rowsIn(objectOf(ranges)['covered'])) rows.set(row, true)
      return [file, rows] as const
    }),
  )
}

// A row that any of them reached is reached.
export function merged(sources: readonly Rows[]): Rows {
  const rows = new Map<string, Map<number, boolean>>()
  for (const source of sources) {
    for (const [file, found] of source) {
      const known = rows.get(file) ?? new Map<number, boolean>()
      for (const [row, reached] of found) known.set(row, reached || known.get(row) === true)
      rows.set(file, known)
    }
  }
  return rows
}

// Of policies alone: rows of tests are no part of what decides.
export function coverageOf(
  sources: readonly Rows[],
  rules: readonly RuleEntry[],
  isPolicy: (file: string) => boolean,
): Coverage {
  const rows = new Map([...merged(sources)].filter(([file]) => isPolicy(file)))
  const all = [...rows.values()].flatMap((found) => [...found.values()])
  // A head is reached when its body held.
  const silent = rules.filter(({ file, line }) => rows.get(file)?.get(line) !== true)
  return {
    lines: shareOf(all.filter((reached) => reached).length, all.length),
    rules: shareOf(rules.length - silent.length, rules.length),
    silent,
    rows,
  }
}

// In words; [] where each is reached.
export function shortfalls(coverage: Coverage, thresholds: Thresholds): readonly string[] {
  return (['rules', 'lines'] as const).flatMap((what) => {
    const [wanted, { percent, reached, total }] = [thresholds[what], coverage[what]]
    if (wanted === undefined || percent >= wanted) return []
    return [
      `tests reach ${percentText(percent)} of the ${what} (${reached} of ${total}); ` +
        `coverage.${what} in sallyport-policy.yaml wants ${percentText(wanted)}`,
    ]
  })
}

// Rounded down, so that 100 % means all.
export function percentText(percent: number): string {
  return `${Math.floor(percent * 10) / 10} %`
}

function shareOf(reached: number, total: number): Share {
  return { reached, total, percent: total === 0 ? 100 : (reached / total) * 100 }
}

function rowsIn(ranges: unknown): readonly number[] {
  if (!Array.isArray(ranges)) return []
  return ranges.flatMap((range: unknown) => {
    const { start, end } = objectOf(range)
    const [from, to] = [Number(objectOf(start)['row']), Number(objectOf(end)['row'])]
    if (!Number.isInteger(from)) return []
    const length = Number.isInteger(to) ? to - from + 1 : 1
    return Array.from({ length }, (_, at) => from + at)
  })
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
