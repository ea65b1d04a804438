// The results of tests as people and machines read them: one function for each form, all of the same report.
import { percentText, type Coverage } from './coverage.js'
import { junitText } from './junit.js'
import { counted, isBad, isGood, type Outcome, type TestReport } from './outcome.js'

export const TEST_FORMATS = ['pretty', 'json', 'junit', 'github', 'markdown'] as const
export type TestFormat = (typeof TEST_FORMATS)[number]

export type Paint = (colour: 'red' | 'green' | 'yellow' | 'grey' | 'bold', text: string) => string

export type ReportOptions = {
  readonly paint?: Paint
  // All tests by name, not only those that failed.
  readonly verbose?: boolean
  // What the reader of the report knows a file by.
  readonly named?: (file: string) => string
}

const plain: Paint = (_, text) => text

export function reportText(
  report: TestReport,
  format: TestFormat,
  { paint = plain, verbose = false, named = (file) => file }: ReportOptions = {},
): string {
  const outcomes = report.outcomes.map((one) => ({ ...one, file: named(one.file) }))
  const told = { ...report, outcomes }
  switch (format) {
    case 'pretty':
      return prettyText(told, paint, verbose)
    case 'json':
      return `${JSON.stringify(jsonOf(told, named), null, 2)}\n`
    case 'junit':
      return junitText(told)
    case 'github':
      return githubText(told)
    case 'markdown':
      return markdownText(told)
  }
}

function prettyText(report: TestReport, paint: Paint, verbose: boolean): string {
  const blocks = report.outcomes.filter(isBad).map((one) => {
    const place = paint('bold', `${one.file}:${one.line}`)
    const lines = one.details.map((line) => `  ${line}\n`).join('')
    return `${place}  ${paint('red', one.verdict)}  ${one.suite}: ${one.name}\n${lines}\n`
  })
  const all = verbose
    ? `${report.outcomes.map((one) => `${markOf(one, paint)} ${one.suite}: ${one.name}\n`).join('')}\n`
    : ''
  const only = report.outcomes.filter(({ onlyByOpa }) => onlyByOpa !== undefined)
  const aside = only.map((one) => {
    const place = `${one.file}:${one.line}`
    return `${paint('yellow', 'only by OPA')}  ${place}  ${one.name}: ${one.onlyByOpa ?? ''}\n`
  })
  const { coverage, shortfalls } = report
  return [
    all,
    ...blocks,
    ...aside,
    ...(coverage === undefined ? [] : coverageLines(coverage, paint)),
    ...shortfalls.map((line) => `${paint('red', 'too little')}  ${line}\n`),
    `${paint(isGood(report) ? 'green' : 'red', totalOf(report))}\n`,
  ].join('')
}

function markOf(one: Outcome, paint: Paint): string {
  if (isBad(one)) return paint('red', '✗')
  return one.verdict === 'skipped' ? paint('yellow', '–') : paint('green', '✓')
}

function coverageLines(coverage: Coverage, paint: Paint): readonly string[] {
  return [
    ...coverage.silent.map(
      ({ id, file, line }) =>
        `${paint('yellow', 'silent')}  ${file}:${line}  no test makes ${id} speak\n`,
    ),
    `${coverageText(coverage)}\n`,
  ]
}

function coverageText({ lines, rules }: Coverage): string {
  const part = ({ reached, total, percent }: typeof lines): string =>
    `${reached} of ${total} (${percentText(percent)})`
  return `rules ${part(rules)}, lines ${part(lines)} reached`
}

export function totalOf({ outcomes, durationMs }: TestReport): string {
  const { passed, failed, differs, skipped } = counted(outcomes)
  return [
    `${passed} passed, ${failed} failed`,
    ...(differs === 0 ? [] : [`${differs} differ between OPA and Wasm`]),
    `${skipped} skipped, in ${(durationMs / 1000).toFixed(1)} s`,
  ].join(', ')
}

function jsonOf(report: TestReport, named: (file: string) => string): object {
  const { coverage, outcomes, shortfalls, durationMs } = report
  return {
    good: isGood(report),
    counts: counted(outcomes),
    durationMs: Math.round(durationMs),
    tests: outcomes,
    shortfalls,
    ...(coverage === undefined
      ? {}
      : {
          coverage: {
            lines: coverage.lines,
            rules: coverage.rules,
            silent: coverage.silent.map(({ id, file, line }) => ({ id, file: named(file), line })),
          },
        }),
  }
}

// “Workflow commands for GitHub Actions”.
function githubText(report: TestReport): string {
  const escaped = (text: string): string =>
    text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const property = (text: string): string =>
    escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
  const lines = report.outcomes.filter(isBad).map((one) => {
    const place = `file=${property(one.file)},line=${one.line}`
    const title = property(`${one.verdict}: ${one.name}`)
    return `::error ${place},title=${title}::${escaped(one.details.join('\n'))}`
  })
  const short = report.shortfalls.map((line) => `::error title=coverage::${escaped(line)}`)
  return [...lines, ...short, totalOf(report), ''].join('\n')
}

function markdownText(report: TestReport): string {
  const { coverage, shortfalls, outcomes } = report
  const bad = outcomes.filter(isBad)
  // A fence longer than any in the text.
  const fenced = (lines: readonly string[]): string => {
    const text = lines.join('\n')
    const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
    const fence = '`'.repeat(longest + 1)
    return `${fence}\n${text}\n${fence}`
  }
  return [
    `### ${isGood(report) ? '✅' : '❌'} Policy tests: ${totalOf(report)}`,
    ...(coverage === undefined ? [] : [coverageText(coverage)]),
    ...shortfalls.map((line) => `- ${line}`),
    ...bad.flatMap((one) => [
      `**${one.verdict}** \`${one.file}:${one.line}\` ${one.name.replace(/([*_`<[\]])/g, '\\$1')}`,
      fenced(one.details),
    ]),
    '',
  ].join('\n\n')
}
