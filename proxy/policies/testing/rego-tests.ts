// Rego tests, by OPA and on the Wasm that is enforced. Where the two disagree, the policy that was tested
// is not the one that decides: a failure of its own kind.
import { ran } from '../opa.js'
import { fullName, opaExplanations, opaTests, type OpaTest } from './opa-tests.js'
import type { Outcome } from './outcome.js'
import { testSources } from './test-sources.js'
import type { TestWorkspace } from './test-workspace.js'
import { wasmTests, type WasmResult } from './wasm-tests.js'

export type RegoTestOptions = {
  readonly opa: string
  readonly workspace: TestWorkspace
  readonly only: RegExp | undefined
}

export type RegoTests = {
  readonly outcomes: readonly Outcome[]
  // Those that OPA ran and that passed.
  readonly passed: readonly OpaTest[]
}

const OPA_MS = 60_000

export async function regoTests({ opa, workspace, only }: RegoTestOptions): Promise<RegoTests> {
  const all = await opaTests(opa, workspace)
  // OPA tells them in the order in which they ended.
  const wanted = all
    .filter((one) => only === undefined || only.test(fullName(one)))
    .sort((one, other) => compared(one.file, other.file) || one.line - other.line)
  const running = wanted.filter(({ verdict }) => verdict !== 'skipped')
  const failed = wanted.filter(({ verdict }) => verdict === 'failed')
  const run = (args: readonly string[]): Promise<string> =>
    ran(opa, args, { timeoutMs: OPA_MS, cwd: workspace.root })
  // One after the other: the second changes the files for a while.
  const explained = await opaExplanations(opa, workspace, failed)
  const sources = await testSources(run, workspace)
  const byWasm = await wasmTests(opa, workspace, running, sources)
  return {
    outcomes: wanted.map((one) => {
      const result = byWasm.get(fullName(one)) ?? { kind: 'not_run', why: 'it was skipped' }
      return outcomeOf(one, ofItsOwn(one, result, all), explained.get(fullName(one)) ?? [])
    }),
    passed: wanted.filter(({ verdict }) => verdict === 'passed'),
  }
}

// OPA judges several definitions of one name each for itself and numbers them (`test_x#01`); to Wasm they
// are one rule, true where any of them is.
function ofItsOwn(test: OpaTest, wasm: WasmResult, all: readonly OpaTest[]): WasmResult {
  const name = plainName(test)
  const together = all.filter((one) => plainName(one) === name)
  if (together.length === 1 || wasm.kind === 'not_run' || test.verdict === 'skipped') return wasm
  const any = together.some(({ verdict }) => verdict === 'passed') ? 'passed' : 'failed'
  return wasm.kind === any ? { kind: test.verdict, cases: [], why: '' } : wasm
}

function plainName(test: OpaTest): string {
  return fullName(test).replace(/#\d+$/, '')
}

function outcomeOf(test: OpaTest, wasm: WasmResult, explained: readonly string[]): Outcome {
  const base = {
    kind: 'rego',
    suite: test.package.replace(/^data\./, ''),
    name: test.name,
    file: test.file,
    line: test.line,
    durationMs: test.durationMs,
  } as const
  if (test.verdict === 'skipped') return { ...base, verdict: 'skipped', details: [] }
  const only = wasm.kind === 'not_run' ? { onlyByOpa: wasm.why } : {}
  if (wasm.kind !== 'not_run' && differs(test, wasm)) {
    const [opa, other] = [wordsFor(test.verdict), wordsFor(wasm.kind)]
    const details = [
      `it ${opa} in OPA and ${other} in the Wasm that is enforced: there ${wasmWords(test, wasm)}`,
      'write it another way: “Traps” in Sallyport’s rego/README.md says what OPA compiles wrongly',
      ...(test.verdict === 'failed' ? explained : []),
    ]
    return { ...base, verdict: 'differs', details, summary: details[0] ?? '' }
  }
  if (test.verdict === 'passed') return { ...base, ...only, verdict: 'passed', details: [] }
  return { ...base, ...only, verdict: 'failed', ...failureOf(test, explained) }
}

function differs(test: OpaTest, wasm: Exclude<WasmResult, { kind: 'not_run' }>): boolean {
  if (test.verdict !== wasm.kind) return true
  const isTable = test.cases.passed.length + test.cases.failed.length > 0
  return isTable && wasm.cases.length > 0 && wasm.cases.join('\n') !== test.cases.passed.join('\n')
}

function wasmWords(test: OpaTest, wasm: Exclude<WasmResult, { kind: 'not_run' }>): string {
  const missing = test.cases.passed.filter((name) => !wasm.cases.includes(name))
  const added = test.cases.failed.filter((name) => wasm.cases.includes(name))
  const odd = [...missing, ...added]
  if (odd.length > 0) return `the cases ${odd.join(', ')} come out the other way`
  return wasm.kind === 'passed' ? 'it is true' : wasm.why
}

function failureOf(
  test: OpaTest,
  explained: readonly string[],
): Pick<Outcome, 'details' | 'summary'> {
  const cases = test.cases.failed
  const expected =
    cases.length > 0 ? `these cases to hold: ${cases.join(', ')}` : 'each line of its body to hold'
  const [error, ...more] = test.error?.split('\n') ?? []
  const came = error ?? `not so: ${at(explained) ?? 'it is undefined or false'}`
  const printed = test.printed === '' ? [] : ['printed:', ...indented(test.printed.split('\n'))]
  // What OPA says of an error begins with the error again.
  const why = error === undefined ? explained : [...more, ...traceIn(explained)]
  return {
    details: [`expected  ${expected}`, `came      ${came}`, ...indented(why), ...printed],
    summary: `expected ${expected}; came: ${came}`,
  }
}

function traceIn(explained: readonly string[]): readonly string[] {
  const from = explained.findIndex((line) => line.trim() === 'Traceback:')
  return from < 0 ? [] : explained.slice(from)
}

// The place in the explanation, if it has one.
function at(explained: readonly string[]): string | undefined {
  return explained.map((line) => /^\s*(\S+\.rego:\d+):$/.exec(line)?.[1]).find((one) => one)
}

function compared(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`)
}

function wordsFor(verdict: string): string {
  return verdict === 'passed' ? 'passes' : 'fails'
}
