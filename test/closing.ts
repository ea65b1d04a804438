// The last lines of a test run, of which a log that is cut shows no more: what failed by name, each with the
// lines that tell most, so few of each that all of it fits.
import type { FileResult } from './tap-results.js'

export type Ended = {
  readonly file: string
  readonly verdict: 'FAILED' | 'UNSTEADY'
  /** As `FileResult` tells it. */
  readonly failure: string
}

const LINES_MAX = 70
const LINES_OF_ONE = 15
const LINE_CHARACTERS = 240
/** Said by what surrounds them, or of use to nobody who reads a list. */
const LEFT_OUT = new Set(['source', 'stack', 'at', 'compare', 'tapCaught', 'handles'])

/** One line for each failure at least, and never more lines than a cut log shows. */
export function closingLines(ended: readonly Ended[]): string[] {
  const names = ended.slice(0, LINES_MAX)
  const each = Math.min(
    LINES_OF_ONE,
    Math.max(1, Math.floor(LINES_MAX / Math.max(1, ended.length))),
  )
  const lines = names.flatMap(({ verdict, failure }) => {
    const [name = '', ...useful] = usefulLines(failure)
    return [`${verdict} ${name}`, ...useful.map((line) => `    ${line}`)]
      .slice(0, each)
      .map((line) => line.slice(0, LINE_CHARACTERS))
  })
  const more = ended.length - names.length
  return more === 0 ? lines : [...lines, `… and ${more} more`]
}

/** The name, where it stands, then what differs. */
export function usefulLines(failure: string): string[] {
  const [name = '', ...diagnostics] = failure.split('\n')
  const margin = marginOf(diagnostics[0] ?? '')
  const sections = new Map<string, string[]>()
  let current: string[] = []
  for (const line of diagnostics) {
    const [, key, rest = ''] = /^\s*([\w-]+):(.*)/.exec(line) ?? []
    if (key !== undefined && marginOf(line) === margin)
      sections.set(key, (current = /^\s*[|>]?-?$/.test(rest) ? [] : [rest.trim()]))
    else current.push(line.slice(margin + 2))
  }
  const place = sections.get('at')?.join(' ') ?? ''
  const [, file, line] = /fileName: (\S+) lineNumber: (\d+)/.exec(place.replace(/\s+/g, ' ')) ?? []
  return [
    name,
    ...(file === undefined ? [] : [`at ${file}:${line}`]),
    ...[...sections].flatMap(([key, lines]) => {
      if (key === 'diff') return lines.filter((one) => /^[-+](?!--|\+\+)/.test(one))
      return LEFT_OUT.has(key) ? [] : [`${key}: ${lines[0] ?? ''}`, ...lines.slice(1)]
    }),
  ]
}

/** The files that took longest, longest first. */
export function slowestLines(times: ReadonlyMap<string, number>, many: number): string[] {
  return [...times]
    .sort(([, left], [, right]) => right - left)
    .slice(0, many)
    .map(([file, ms]) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${file}`)
}

export function totalOf(
  results: readonly FileResult[],
  of: (result: FileResult) => number,
): number {
  return results.reduce((total, result) => total + of(result), 0)
}

function marginOf(line: string): number {
  return line.length - line.trimStart().length
}
