// A report as Markdown, for a comment on a pull request: a short table first, wider access above all else,
// examples folded away. Never longer than a comment may be.
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

// A comment on GitHub holds 65,536 characters; GitLab's hold more.
export const MARKDOWN_CHARACTERS_MAX = 60_000
const TEXT_MAX = 400
const ROWS_MAX = 40

const MARKS = { wider: '🔓 wider', mixed: '🔀 mixed', stricter: '🔒 stricter' } as const

export function markdownOf(report: Report, failOn: FailOn): string {
  const failures = failuresOf(report, failOn)
  const parts: string[] = [
    `## ${failures.length === 0 ? '✅' : '❌'} Sallyport: ${report.title}\n`,
    failures.length === 0
      ? 'Nothing changes that was not expected.\n'
      : failures.map((text) => `- **${cell(text)}**`).join('\n') + '\n',
    cell(sideText(report)) + '\n',
  ]
  for (const comparison of report.comparisons) parts.push(summaryOf(comparison))
  parts.push(expectationsOf(report), invariantsOf(report), rulesOf(report))
  const details = report.comparisons.flatMap((one) => one.groups.map((group) => detailsOf(group)))
  return fitted(
    parts.filter((part) => part !== ''),
    details,
  )
}

function summaryOf(comparison: Comparison): string {
  const { source, compared, same, otherRules, groups, unchecked, relabelled } = comparison
  const what = source === 'recorded' ? 'recorded commands' : 'generated situations'
  const head = `### ${compared.toLocaleString('en')} ${what}: ${comparison.flips.toLocaleString('en')} decided otherwise\n`
  const notes = [
    `${same.toLocaleString('en')} the same` +
      (otherRules > 0 ? `, ${otherRules.toLocaleString('en')} the same for other reasons` : ''),
    ...(unchecked > 0
      ? [
          `⚠️ ${unchecked.toLocaleString('en')} could not be executed again: ` +
            comparison.uncheckedWhy.map(({ name }) => cell(name)).join('; '),
        ]
      : []),
    ...(relabelled.commands > 0
      ? [
          `⚠️ ${relabelled.commands.toLocaleString('en')} read columns that are labelled otherwise now ` +
            `(${cell(namesText(relabelled.columns))}); their facts were made with the labels of then, ` +
            'so what they would be now is not known from the record',
        ]
      : []),
  ].map((text) => `- ${text}`)
  if (groups.length === 0) return `${head}\n${notes.join('\n')}\n`
  const rows = groups
    .slice(0, ROWS_MAX)
    .map(
      (group) =>
        `| ${MARKS[group.direction]} | ${cell(kindTitle(group))} | ${code(group.rule)} | ` +
        `${group.count.toLocaleString('en')} | ${cell(namesText(group.people))} | ` +
        `${cell(namesText(group.targets))} | ${cell(namesText(group.objects))} | ` +
        `${group.expected === undefined ? '**no**' : cell(group.expected)} |`,
    )
  const more = groups.length > ROWS_MAX ? [`\n… and ${groups.length - ROWS_MAX} kinds more.`] : []
  return [
    head,
    `| access | flip | rule | ${source === 'recorded' ? 'commands' : 'situations'} | who | target | object | expected |`,
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    ...more,
    '',
    ...notes,
    '',
  ].join('\n')
}

function expectationsOf(report: Report): string {
  const unmet = unmetExpectations(report)
  if (unmet.length === 0) return ''
  const lines = unmet.map(({ place, why }) => `- ${code(place)}: ${cell(why)}`)
  return `### ⚠️ Expected, but did not come\n\n${lines.join('\n')}\n`
}

function invariantsOf({ invariants }: Report): string {
  if (invariants === undefined) return ''
  if (invariants.length === 0) return '### ✅ All invariants hold\n'
  const lines = invariants.map(
    ({ id, title, count, example }) =>
      `- **${cell(id)}** (${cell(title)}): broken ${count.toLocaleString('en')} times, for instance by ` +
      `${cell(example.person)} on ${cell(example.target)}: ${code(short(example.text))} → ${example.after.action}`,
  )
  return `### ❌ Broken invariants\n\n${lines.join('\n')}\n`
}

function rulesOf({ rules }: Report): string {
  if (rules === undefined || rules.length === 0) return ''
  const lines = rules
    .slice(0, ROWS_MAX)
    .map(({ id, what, places }) => `| ${what} | ${code(id)} | ${cell(places.join(', '))} |`)
  const more = rules.length > ROWS_MAX ? `\n… and ${rules.length - ROWS_MAX} more.\n` : ''
  return `### Rules\n\n| | rule | where |\n|---|---|---|\n${lines.join('\n')}\n${more}`
}

function detailsOf(group: FlipGroup): string {
  const title = `${MARKS[group.direction]}: ${kindTitle(group)} by ${group.rule} (${group.count.toLocaleString('en')})`
  const why =
    group.why === undefined ? '' : `Expected (${group.expected ?? ''}): ${cell(group.why)}\n\n`
  const examples = group.examples.map(exampleOf).join('\n')
  return `<details><summary>${html(title)}</summary>\n\n${why}${examples}\n</details>\n`
}

function exampleOf(example: Example): string {
  const { before, after } = example
  const said = (side: typeof before): string =>
    `${side.action}${side.rules.length > 0 ? ` (${side.rules.map(code).join(', ')})` : ''}` +
    (side.message === undefined ? '' : ` ${cell(short(side.message))}`)
  return [
    `- ${cell(example.person)} on ${cell(example.target)}${placeOf(example)}`,
    fenced(short(example.text)),
    `  - before: ${said(before)}`,
    `  - after: ${said(after)}`,
    '',
  ].join('\n')
}

function placeOf({ seq, session, verified, circumstances }: Example): string {
  if (seq !== undefined) return `, record ${seq}, session ${cell(session ?? '')}`
  const how = verified === true ? 'generated, read again' : 'generated, as facts only'
  return `, ${how}${circumstances === undefined ? '' : `: ${cell(circumstances)}`}`
}

// Longer than any run of backticks inside, so that a command cannot end its own block.
function fenced(text: string): string {
  const runs = [...text.matchAll(/`+/g)].map(([run]) => run.length)
  const fence = '`'.repeat(Math.max(3, ...runs.map((length) => length + 1)))
  return `  ${fence}sql\n  ${text}\n  ${fence}`
}

function code(text: string): string {
  const flat = visible(text).replaceAll('`', 'ˋ').replaceAll('|', '\\|')
  return flat === '' ? '' : `\`${flat}\``
}

// What came from a client stays text: no markup, no links, no mentions, no new row of a table.
function cell(text: string): string {
  return visible(text)
    .replace(/[\\|<>[\]*_~`]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replaceAll('@', '@\u2060')
    .replace(/:\/\/|www\./g, (link) => `${link[0] ?? ''}\u2060${link.slice(1)}`)
}

function visible(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, '\ufffd')
}

function html(text: string): string {
  return text.replace(/[<>&]/g, (character) => `&#${character.charCodeAt(0)};`)
}

function short(text: string): string {
  const flat = visible(text).trim()
  return flat.length <= TEXT_MAX ? flat : `${flat.slice(0, TEXT_MAX)}…`
}

function fitted(parts: readonly string[], details: readonly string[]): string {
  const foot = (left: number): string =>
    left === 0 ? '' : `\n… examples of ${left} more kinds in the job's own output.\n`
  let text = parts.join('\n')
  const room = MARKDOWN_CHARACTERS_MAX - 200
  if (text.length > room) return `${text.slice(0, room)}\n\n… cut here.\n`
  let shown = 0
  for (const one of details) {
    if (text.length + one.length + 1 > room) break
    text += `\n${one}`
    shown += 1
  }
  return text + foot(details.length - shown)
}
