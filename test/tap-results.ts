// What a TAP version 14 stream says of each test file, by its leaves: how many assertions passed and were
// skipped, and each that failed with the names it stands under and its diagnostics. A run closes on that.

export type FileResult = {
  file: string
  passed: number
  skipped: number
  /** One text each: `file › test › assertion`, then the diagnostics, indented as they came. */
  failures: readonly string[]
}

/** Longer diagnostics (a compared record, a page) are cut after so many lines. */
const DIAGNOSTIC_LINES = 40

/** One result for each file that the stream has finished. */
export function tapResults(tap: string): FileResult[] {
  const lines = tap.split('\n')
  const results: FileResult[] = []
  // A subtest's own line comes after its deeper lines; its name before them.
  let names: { name: string; failuresBefore: number }[] = []
  let failures: string[] = []
  let [passed, skipped, lastDepth] = [0, 0, 0]
  for (const [at, line] of lines.entries()) {
    const depth = (line.length - line.trimStart().length) / 4
    const opened = /^\s*# Subtest: (.*)/.exec(line)?.[1]
    if (opened !== undefined)
      names = [...names.slice(0, depth), { name: opened, failuresBefore: failures.length }]
    const result = /^\s*(not )?ok \d+(?: - )?(.*)/.exec(line)
    if (result === null) continue
    const isLeaf = depth >= lastDepth
    const hasFailed = result[1] !== undefined
    // A file that ended badly (a crash, a time limit) fails without an assertion that says so.
    const isToldBelow = failures.length > (names[depth]?.failuresBefore ?? 0)
    if (hasFailed && (isLeaf || !isToldBelow))
      failures.push(
        told(
          [...names.slice(0, depth).map(({ name }) => name), result[2] ?? ''],
          lines.slice(at + 1, at + 400),
        ),
      )
    else if (isLeaf && /# (SKIP|TODO)/i.test(line)) skipped++
    else if (isLeaf && depth > 0) passed++
    lastDepth = depth
    if (depth > 0) continue
    results.push({ file: names[0]?.name ?? '', passed, skipped, failures })
    failures = []
    ;[passed, skipped, lastDepth] = [0, 0, 0]
  }
  return results
}

function told(names: readonly string[], after: readonly string[]): string {
  const end = after.findIndex((line) => line.trim() === '...')
  const hasDiagnostics = after[0]?.trim() === '---' && end > 0
  const diagnostics = hasDiagnostics ? withoutSource(after.slice(1, end)) : []
  const cut = diagnostics.slice(0, DIAGNOSTIC_LINES).map((line) => line.slice(0, 400))
  return [names.join(' › '), ...cut].join('\n')
}

// The lines of the test around the place, which is named anyway.
function withoutSource(lines: readonly string[]): readonly string[] {
  const from = lines.findIndex((line) => /^\s*source: [|>]/.test(line))
  if (from < 0) return lines
  const margin = lines[from]?.search(/\S/) ?? 0
  const rest = lines.slice(from + 1)
  const end = rest.findIndex((line) => line.trim() !== '' && line.search(/\S/) <= margin)
  return [...lines.slice(0, from), ...(end < 0 ? [] : rest.slice(end))]
}
