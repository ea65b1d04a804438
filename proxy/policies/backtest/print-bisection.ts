// What a bisection found, for somebody at a terminal.
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Bisection, Turn } from './bisect.js'
import type { FolderCommit } from './folder-history.js'
import type { Paint, Plain } from './print-pretty.js'

export type TurnShown = Turn & { readonly diff: string }

export type BisectionShown = Omit<Bisection, 'turns'> & {
  readonly turns: readonly TurnShown[]
  readonly text?: string
}

const DIFF_LINES_MAX = 120

export function bisectionText(found: BisectionShown, paint: Paint, plain: Plain): string {
  const { commits, asked, skipped, turns, now, text } = found
  const lines = [
    ...(text === undefined ? [] : [plain(text, 400)]),
    paint('grey', `${commits} commits, ${asked} states of the folder built and asked`),
    ...skipped.map(
      ({ commit, why }) =>
        `${paint('yellow', '• passed over')} ${named(commit, plain)}: ${plain(why, 160)}`,
    ),
  ]
  if (now === undefined) lines.push(paint('red', 'no commit can be asked'))
  else if (turns.length === 0) {
    lines.push(`the same at the first commit and at the last: ${decisionText(now, plain)}`)
    lines.push(paint('grey', '--every also finds changes that were taken back'))
  }
  for (const turn of turns) lines.push('', ...turnLines(turn, paint, plain))
  return `${lines.join('\n')}\n`
}

function turnLines(turn: TurnShown, paint: Paint, plain: Plain): readonly string[] {
  const { commits, before, after, diff } = turn
  const [first] = commits
  const [last] = commits.slice(-1)
  const head =
    commits.length === 1 || first === undefined || last === undefined
      ? []
      : [paint('yellow', `one of ${commits.length} commits, since those between cannot be asked:`)]
  const all = diff.split('\n')
  const shown = all.slice(0, DIFF_LINES_MAX)
  return [
    ...head,
    ...commits.flatMap((commit) => [
      paint('bold', `commit ${commit.commit}`),
      `Author: ${plain(commit.author)}`,
      `Date:   ${plain(commit.date)}`,
      `    ${plain(commit.subject)}`,
    ]),
    `before: ${decisionText(before, plain)}`,
    `after:  ${decisionText(after, plain)}`,
    '',
    ...shown.map((line) => diffLine(line, paint, plain)),
    ...(all.length > shown.length
      ? [paint('grey', `… ${all.length - shown.length} lines more`)]
      : []),
  ]
}

// Space at the beginning of a line means something here, and `plain` takes it away.
function diffLine(line: string, paint: Paint, plain: Plain): string {
  const indent = /^[+\- ]?[\t ]*/.exec(line)?.[0] ?? ''
  const text = indent.replaceAll('\t', '    ') + plain(line.slice(indent.length), 200)
  if (line.startsWith('+')) return paint('green', text)
  return line.startsWith('-') ? paint('red', text) : text
}

function decisionText({ action, rules, masks, approval }: Decision, plain: Plain): string {
  const ids = [...new Set(rules.map(({ id }) => id))]
  return [
    action,
    ...(ids.length === 0 ? [] : [`by ${plain(ids.join(', '))}`]),
    ...(approval === undefined ? [] : [`(approval by ${plain(approval.approvers.join(', '))})`]),
    ...(masks.length === 0 ? [] : [`masking ${plain(masks.map(({ match }) => match).join(', '))}`]),
  ].join(' ')
}

function named({ commit, subject }: FolderCommit, plain: Plain): string {
  return `${commit.slice(0, 10)} ${plain(subject, 60)}`
}
