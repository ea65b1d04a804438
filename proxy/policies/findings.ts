// What a check of policies found: where, what is wrong and how to write it. And the four ways of printing
// it: for people, as JSON, as SARIF 2.1.0 for code scanning, and as commands to GitHub's runners.
import { join, relative, sep } from 'node:path'

export type Severity = 'error' | 'warning'

export type Finding = {
  // Which check found it, such as `unknown-word`.
  readonly rule: string
  readonly severity: Severity
  // Relative to the folder of policies, or to where the command was called; see `seenFrom`.
  readonly file: string
  // From 1.
  readonly line: number
  readonly column: number
  readonly message: string
  // How to write it.
  readonly fix: string
}

export const FINDING_FORMATS = ['pretty', 'json', 'sarif', 'github'] as const
export type FindingFormat = (typeof FINDING_FORMATS)[number]

// Colours, or none; `paintFor` of the command line gives one.
export type Paint = (colour: 'red' | 'green' | 'yellow' | 'grey' | 'bold', text: string) => string

export type Printing = {
  readonly paint?: Paint
  // What each rule of the checks is about, for SARIF.
  readonly rules?: Readonly<Record<string, string>>
}

// Errors and warnings, by place.
export function sorted(findings: readonly Finding[]): readonly Finding[] {
  const order = (one: Finding, other: Finding): number =>
    compared(one.file, other.file) ||
    one.line - other.line ||
    one.column - other.column ||
    compared(one.rule, other.rule) ||
    compared(one.message, other.message)
  return [...findings].sort(order)
}

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

// The same findings with files named as somebody in `from` would, so that editors and code hosts find them.
export function seenFrom(
  from: string,
  root: string,
  findings: readonly Finding[],
): readonly Finding[] {
  return findings.map((one) => ({ ...one, file: relative(from, join(root, one.file)) || '.' }))
}

export function findingsText(
  findings: readonly Finding[],
  format: FindingFormat,
  { paint = (_, text) => text, rules = {} }: Printing = {},
): string {
  switch (format) {
    case 'pretty':
      return prettyText(findings, paint)
    case 'json':
      return `${JSON.stringify(findings, null, 2)}\n`
    case 'sarif':
      return `${JSON.stringify(sarifOf(findings, rules), null, 2)}\n`
    case 'github':
      return findings.map(githubLine).join('')
  }
}

function prettyText(findings: readonly Finding[], paint: Paint): string {
  const blocks = findings.map((one) => {
    const place = `${one.file}:${one.line}:${one.column}`
    const colour = one.severity === 'error' ? 'red' : 'yellow'
    return (
      `${paint('bold', place)}  ${paint(colour, one.severity)}  ${paint('grey', one.rule)}\n` +
      `${indented(one.message)}\n${indented(`→ ${one.fix}`)}\n\n`
    )
  })
  return `${blocks.join('')}${paint(blocks.length === 0 ? 'green' : 'bold', totalOf(findings))}\n`
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ')
}

function totalOf(findings: readonly Finding[]): string {
  if (findings.length === 0) return '✓ nothing found'
  const count = (severity: Severity): string => {
    const number = findings.filter((one) => one.severity === severity).length
    return `${number} ${severity}${number === 1 ? '' : 's'}`
  }
  return `${count('error')}, ${count('warning')}`
}

// SARIF 2.1.0, §3.13 to §3.30.
function sarifOf(findings: readonly Finding[], rules: Readonly<Record<string, string>>): object {
  const ids = [...new Set([...Object.keys(rules), ...findings.map(({ rule }) => rule)])].sort()
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'sallyport policy check',
            rules: ids.map((id) => ({ id, shortDescription: { text: rules[id] ?? id } })),
          },
        },
        columnKind: 'unicodeCodePoints',
        results: findings.map((one) => ({
          ruleId: one.rule,
          ruleIndex: ids.indexOf(one.rule),
          level: one.severity,
          message: { text: `${one.message}\n${one.fix}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(one.file) },
                region: { startLine: one.line, startColumn: one.column },
              },
            },
          ],
        })),
      },
    ],
  }
}

function uriOf(file: string): string {
  return file.split(sep).map(encodeURIComponent).join('/')
}

// “Workflow commands for GitHub Actions”: in a message %, CR and LF are escaped; in a property also `:`
// and `,`, which would end it.
function githubLine(one: Finding): string {
  const property = (value: string): string =>
    message(value).replaceAll(':', '%3A').replaceAll(',', '%2C')
  const message = (value: string): string =>
    value.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const place = `file=${property(one.file)},line=${one.line},col=${one.column}`
  const text = message(`${one.message}\n${one.fix}`)
  return `::${one.severity} ${place},title=${property(one.rule)}::${text}\n`
}
