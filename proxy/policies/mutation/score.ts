// What came of all mutants, by rule and in all. The score is the share of those that tests noticed among
// those that could have been built and change something.
import { join, relative } from 'node:path'
import type { Mutant } from './mutant.js'

export type Tried = { readonly mutant: Mutant } & (
  | { readonly verdict: 'noticed'; readonly by: readonly string[] }
  | { readonly verdict: 'survived' }
  | { readonly verdict: 'stillborn' }
  | { readonly verdict: 'equivalent'; readonly because: string }
)

export type Score = {
  readonly rule: string
  readonly noticed: number
  readonly survived: number
  // Percent; 100 where there was nothing to notice.
  readonly percent: number
}

export type MutationReport = {
  readonly tried: readonly Tried[]
  // In all there are so many; a sample tries fewer.
  readonly mutants: number
  readonly rules: readonly Score[]
  readonly total: Score
  readonly threshold: number
  readonly durationMs: number
}

export function mutationReport(
  tried: readonly Tried[],
  { mutants, threshold, durationMs }: Pick<MutationReport, 'mutants' | 'threshold' | 'durationMs'>,
): MutationReport {
  const names = [...new Set(tried.map(({ mutant }) => mutant.rule))].sort()
  const rules = names.map((rule) =>
    scoreOf(
      rule,
      tried.filter(({ mutant }) => mutant.rule === rule),
    ),
  )
  return { tried, mutants, rules, total: scoreOf('all', tried), threshold, durationMs }
}

export function isEnough({ total, threshold }: MutationReport): boolean {
  return total.percent >= threshold
}

// The same with files named as somebody in `from` would, so that editors and code hosts find them.
export function seenFrom(from: string, root: string, report: MutationReport): MutationReport {
  const named = (file: string): string => relative(from, join(root, file))
  const tried = report.tried.map((one) => ({
    ...one,
    mutant: { ...one.mutant, file: named(one.mutant.file) },
  }))
  return { ...report, tried }
}

function scoreOf(rule: string, tried: readonly Tried[]): Score {
  const count = (verdict: Tried['verdict']): number =>
    tried.filter((one) => one.verdict === verdict).length
  const [noticed, survived] = [count('noticed'), count('survived')]
  const all = noticed + survived
  return { rule, noticed, survived, percent: all === 0 ? 100 : (noticed / all) * 100 }
}
