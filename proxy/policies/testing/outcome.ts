// What became of one test, whichever kind it is of, and of all of them together. Every printer reads this
// and nothing else.
import type { Coverage } from './coverage.js'

export type TestKind = 'rego' | 'command' | 'property'

// `differs`: OPA and the Wasm that is enforced do not agree; a failure of its own kind.
export type Verdict = 'passed' | 'failed' | 'differs' | 'skipped'

export type Outcome = {
  readonly kind: TestKind
  // A Rego package, a file of command tests, or `properties`.
  readonly suite: string
  readonly name: string
  // Relative to the folder of policies.
  readonly file: string
  readonly line: number
  readonly verdict: Verdict
  readonly durationMs: number
  // Why a Rego test ran by OPA alone.
  readonly onlyByOpa?: string
  // What was expected, what came, and the facts; [] where it passed.
  readonly details: readonly string[]
  // The same without facts, in one line.
  readonly summary?: string
}

export type TestReport = {
  readonly outcomes: readonly Outcome[]
  readonly coverage: Coverage | undefined
  // Thresholds that were not reached, in words.
  readonly shortfalls: readonly string[]
  readonly durationMs: number
}

export type Counts = Readonly<Record<Verdict, number>>

export function counted(outcomes: readonly Outcome[]): Counts {
  const counts = { passed: 0, failed: 0, differs: 0, skipped: 0 }
  for (const { verdict } of outcomes) counts[verdict]++
  return counts
}

export function isBad({ verdict }: Outcome): boolean {
  return verdict === 'failed' || verdict === 'differs'
}

export function isGood({ outcomes, shortfalls }: TestReport): boolean {
  return !outcomes.some(isBad) && shortfalls.length === 0
}
