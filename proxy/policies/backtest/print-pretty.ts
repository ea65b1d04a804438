// A report for somebody at a terminal: wider access first, each kind with who, where, what and examples.
import { kindTitle, namesText, sideText } from './report-words.js'
import {
  failuresOf,
  unmetExpectations,
  type Comparison,
  type Example,
  type FailOn,
  type FlipGroup,
  type Report,
} from './report.js'

export type Paint = (colour: 'red' | 'green' | 'yellow' | 'grey' | 'bold', text: string) => string
// Makes text of clients harmless for a terminal.
export type Plain = (text: string, charactersMax?: number) => string

const COLOURS = { wider: 'red', mixed: 'red', stricter: 'yellow' } as const
const TEXT_MAX = 160

export function prettyOf(report: Report, failOn: FailOn, paint: Paint, plain: Plain): string {
  const failures = failuresOf(report, failOn)
  const verdict =
    failures.length === 0
      ? paint('green', '✓ nothing that was not expected')
      : failures.map((text) => paint('red', `✗ ${text}`)).join('\n')
  const rules = (report.rules ?? []).map(
    ({ id, what, places }) =>
      `  rule ${what.padEnd(7)} ${plain(id)}  ${paint('grey', plain(places.join(', ')))}\n`,
  )
  const broken = (report.invariants ?? []).map(
    ({ id, title, count, example }) =>
      `${paint('red', `✗ invariant ${plain(id)}`)} ${plain(title)}: broken ${count} times\n` +
      exampleText(example, paint, plain),
  )
  const unmet = unmetExpectations(report).map(
    ({ place, why }) =>
      `${paint('yellow', '• expected, but did not come')} ${plain(place)}: ${plain(why)}\n`,
  )
  return [
    `${paint('bold', report.title)}\n${paint('grey', plain(sideText(report)))}\n`,
    ...rules,
    ...report.comparisons.map((one) => comparisonText(one, paint, plain)),
    ...broken,
    ...unmet,
    `${verdict}\n`,
  ].join('')
}

function comparisonText(comparison: Comparison, paint: Paint, plain: Plain): string {
  const { source, compared, same, otherRules, flips, unchecked, relabelled } = comparison
  const what = source === 'recorded' ? 'recorded commands' : 'generated situations'
  const counts =
    `${number(compared)} ${what}: ${number(flips)} decided otherwise, ${number(same)} the same` +
    (otherRules > 0 ? `, ${number(otherRules)} the same for other reasons` : '')
  const notes = [
    ...(unchecked > 0
      ? [
          `${number(unchecked)} could not be executed again: ` +
            comparison.uncheckedWhy.map(({ name }) => plain(name)).join('; '),
        ]
      : []),
    ...(relabelled.commands > 0
      ? [
          `${number(relabelled.commands)} read columns that are labelled otherwise now ` +
            `(${plain(namesText(relabelled.columns))}); what their facts would be is not known`,
        ]
      : []),
  ].map((text) => `  ${paint('yellow', '•')} ${text}\n`)
  const groups = comparison.groups.map((group) => groupText(group, paint, plain))
  return `\n${paint('bold', counts)}\n${notes.join('')}${groups.join('')}\n`
}

function groupText(group: FlipGroup, paint: Paint, plain: Plain): string {
  const expected =
    group.expected === undefined
      ? ''
      : paint('green', `  expected: ${plain(group.expected)} ${plain(group.why ?? '')}`)
  const colour = group.expected === undefined ? COLOURS[group.direction] : 'green'
  return (
    `\n${paint(colour, group.direction.padEnd(8))}  ${plain(kindTitle(group))}  ` +
    `${paint('bold', plain(group.rule))}  ${number(group.count)}${expected}\n` +
    `  who: ${plain(namesText(group.people))}; target: ${plain(namesText(group.targets))}; ` +
    `object: ${plain(namesText(group.objects))}\n` +
    group.examples.map((example) => exampleText(example, paint, plain)).join('')
  )
}

function exampleText(example: Example, paint: Paint, plain: Plain): string {
  const { seq, session, verified, circumstances, after } = example
  const place =
    seq !== undefined
      ? `record ${seq}, session ${session ?? ''}`
      : `generated${verified === true ? ', read again' : ', as facts only'}` +
        (circumstances === undefined ? '' : `: ${circumstances}`)
  const message = after.message === undefined ? '' : `\n      ${plain(after.message, TEXT_MAX)}`
  return (
    `    ${plain(example.text, TEXT_MAX)}\n` +
    paint('grey', `      ${plain(example.person)} on ${plain(example.target)}, ${plain(place)}`) +
    `${message}\n`
  )
}

function number(value: number): string {
  return value.toLocaleString('en')
}
