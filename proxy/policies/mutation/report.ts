// What came of the mutants, for people, machines, pull requests and annotations: each survivor as the lines
// that were changed, since that is what a missing test looks like.
import { findingsText, type Finding, type Paint } from '../findings.js'
import { isEnough, type MutationReport, type Score, type Tried } from './score.js'
import type { Change, Mutant } from './mutant.js'

export const MUTATE_FORMATS = ['pretty', 'json', 'markdown', 'github'] as const
export type MutateFormat = (typeof MUTATE_FORMATS)[number]

const LINES_MAX = 4

export const CHANGE_WORDS: Readonly<Record<Change, string>> = {
  drop: 'without this condition',
  negate: 'with the opposite condition',
  compare: 'with another comparison',
  shrink: 'without this element',
  some: 'with one instead of every',
  remove: 'without this rule',
  swap: 'with another word',
  number: 'with another number',
  data: 'with other data',
}

export function mutationText(
  report: MutationReport,
  format: MutateFormat,
  paint: Paint = (_, text) => text,
): string {
  switch (format) {
    case 'pretty':
      return prettyText(report, paint)
    case 'json':
      return `${JSON.stringify(jsonOf(report), null, 2)}\n`
    case 'markdown':
      return markdownText(report)
    case 'github':
      return findingsText(survivorsIn(report).map(findingOf), 'github')
  }
}

function survivorsIn({ tried }: MutationReport): readonly Mutant[] {
  return tried.flatMap(({ verdict, mutant }) => (verdict === 'survived' ? [mutant] : []))
}

type Equivalent = Extract<Tried, { verdict: 'equivalent' }>

function equivalentsIn({ tried }: MutationReport): readonly Equivalent[] {
  return tried.flatMap((one) => (one.verdict === 'equivalent' ? [one] : []))
}

function placeOf({ file, line, column }: Mutant): string {
  return `${file}:${line}:${column}`
}

function prettyText(report: MutationReport, paint: Paint): string {
  const survivors = survivorsIn(report).map(
    (one) =>
      `${paint('bold', placeOf(one))}  ${one.rule}  ${paint('grey', CHANGE_WORDS[one.change])}\n` +
      shown(one.diff.before)
        .map((line) => `${paint('red', `  - ${line}`)}\n`)
        .join('') +
      shown(one.diff.after)
        .map((line) => `${paint('green', `  + ${line}`)}\n`)
        .join('') +
      '\n',
  )
  const equivalents = equivalentsIn(report).map(
    ({ mutant, because }) => `  ${placeOf(mutant)}  ${mutant.change}: because ${because}\n`,
  )
  const incomplete = report.rules.filter(({ survived }) => survived > 0)
  const width = Math.max(0, ...incomplete.map(({ rule }) => rule.length))
  return [
    survivors.length === 0 ? '' : `Nothing noticed that these lines were changed:\n\n`,
    ...survivors,
    ...(equivalents.length === 0
      ? []
      : [`Said to be equivalent, not counted:\n`, ...equivalents, '\n']),
    ...incomplete.map((one) => `  ${one.rule.padEnd(width)}  ${scoreText(one)}\n`),
    incomplete.length === 0 ? '' : '\n',
    paint(isEnough(report) ? 'green' : 'red', totalText(report)),
    '\n',
  ].join('')
}

// Of a rule that was taken out the beginning is enough.
function shown(lines: readonly string[]): readonly string[] {
  const first = lines.slice(0, LINES_MAX).map((line) => line.replaceAll('\t', '  '))
  return lines.length > LINES_MAX ? [...first, '…'] : first
}

function scoreText({ noticed, survived, percent }: Score): string {
  return `${noticed} of ${noticed + survived} (${percentText(percent)})`
}

// Rounded down, so that 99.99 is not taken for all.
function percentText(percent: number): string {
  return `${(Math.floor(percent * 10) / 10).toFixed(1)} %`
}

function totalText(report: MutationReport): string {
  const { total, threshold, tried, mutants, rules } = report
  const rulesCount = rules.length === 1 ? '1 rule' : `${rules.length} rules and tables of data`
  const stillborn = tried.filter(({ verdict }) => verdict === 'stillborn').length
  const left = [
    ...(tried.length < mutants ? [`a sample of ${tried.length} of ${mutants}`] : []),
    ...(stillborn === 0 ? [] : [`${stillborn} did not compile`]),
  ]
  const aside = left.length === 0 ? '' : ` (${left.join('; ')})`
  const mark = isEnough(report) ? '✓' : '✗'
  return (
    `${mark} ${scoreText(total)} of the mutants were noticed in ${rulesCount}${aside}; ` +
    `wanted are ${threshold} %; ${(report.durationMs / 1000).toFixed(1)} s`
  )
}

function markdownText(report: MutationReport): string {
  const survivors = survivorsIn(report)
  const blocks = survivors.map(
    (one) =>
      `**${one.rule}** ${CHANGE_WORDS[one.change]}, \`${placeOf(one)}\`\n\n\`\`\`diff\n` +
      one.diff.before.map((line) => `-${line}\n`).join('') +
      one.diff.after.map((line) => `+${line}\n`).join('') +
      '```\n',
  )
  const rows = report.rules
    .filter(({ survived }) => survived > 0)
    .map(
      (one) =>
        `| \`${one.rule}\` | ${one.noticed} | ${one.survived} | ${percentText(one.percent)} |\n`,
    )
  const equivalents = equivalentsIn(report).map(
    ({ mutant, because }) => `- \`${placeOf(mutant)}\` ${mutant.change}: because ${because}\n`,
  )
  return [
    `### Mutants of the policies\n\n${totalText(report)}\n`,
    ...(rows.length === 0
      ? []
      : ['\n| rule | noticed | not noticed | score |\n|---|---|---|---|\n', ...rows]),
    ...(blocks.length === 0
      ? []
      : [
          '\n<details><summary>Changes that no test notices</summary>\n\n',
          blocks.join('\n'),
          '\n</details>\n',
        ]),
    ...(equivalents.length === 0
      ? []
      : ['\nSaid to be equivalent, not counted:\n\n', ...equivalents]),
  ].join('')
}

function findingOf(mutant: Mutant): Finding {
  const { file, line, column, rule, change, diff } = mutant
  return {
    rule: 'mutant-survived',
    severity: 'warning',
    file,
    line,
    column,
    message: `no test notices ${rule} ${CHANGE_WORDS[change]}: ${diff.after.join(' ').trim() || 'nothing'} instead of ${diff.before.join(' ').trim()}`,
    fix: 'add a test that this change fails, or drop what makes no difference',
  }
}

function jsonOf(report: MutationReport): object {
  const { tried, mutants, rules, total, threshold, durationMs } = report
  const count = (verdict: Tried['verdict']): number =>
    tried.filter((one) => one.verdict === verdict).length
  return {
    score: total.percent,
    threshold,
    good: isEnough(report),
    mutants,
    tried: tried.length,
    noticed: total.noticed,
    survived: total.survived,
    stillborn: count('stillborn'),
    equivalent: count('equivalent'),
    duration_ms: Math.round(durationMs),
    rules: rules.map(({ rule, noticed, survived, percent }) => ({
      rule,
      noticed,
      survived,
      score: percent,
    })),
    survivors: survivorsIn(report).map(mutantJson),
    equivalents: equivalentsIn(report).map(({ mutant, because }) => ({
      ...mutantJson(mutant),
      because,
    })),
  }
}

function mutantJson({ file, line, column, rule, change, diff }: Mutant): object {
  return { file, line, column, rule, change, before: diff.before, after: diff.after }
}
