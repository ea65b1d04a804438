// Rego tests on the Wasm that is enforced: policies and tests compiled as a bundle is, with each test as an
// entrypoint, and run by the gateway's own host. What OPA cannot compile is found by halving, and named.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleFiles } from '../../../engine/policy/bundle-files.js'
import { createEvaluator, type Evaluator } from '../../../engine/policy/opa-wasm.js'
import { pureCapabilities } from '../capabilities.js'
import { ran } from '../opa.js'
import { fullName, type OpaTest } from './opa-tests.js'
import { withoutTests, type TestSources } from './test-sources.js'
import type { TestWorkspace } from './test-workspace.js'

export type WasmResult =
  | { readonly kind: 'passed' | 'failed'; readonly cases: readonly string[]; readonly why: string }
  // It did not run here.
  | { readonly kind: 'not_run'; readonly why: string }

const OPA_MS = 120_000
// About two seconds, as much as the counter holds: a test may loop over thousands of cases.
const FUEL = 2_000_000_000

// Full name → result.
export async function wasmTests(
  opa: string,
  workspace: TestWorkspace,
  tests: readonly OpaTest[],
  sources: TestSources,
): Promise<ReadonlyMap<string, WasmResult>> {
  const results = new Map<string, WasmResult>()
  const run = (args: readonly string[]): Promise<string> =>
    ran(opa, args, { timeoutMs: OPA_MS, cwd: workspace.root })
  const capabilities = capabilitiesIn(workspace)
  await writeFile(capabilities, await pureCapabilities(run))

  const tried = async (group: readonly OpaTest[]): Promise<void> => {
    if (group.length === 0) return
    const built = await evaluatorFor(run, workspace, group)
    if (typeof built !== 'string') {
      for (const one of group) results.set(fullName(one), resultOf(built, one))
    } else if (group.length === 1) {
      for (const one of group) results.set(fullName(one), { kind: 'not_run', why: built })
    } else {
      const half = Math.ceil(group.length / 2)
      await only(group.slice(0, half))
      await only(group.slice(half))
    }
  }
  // All tests are compiled, entrypoint or not; so those of the other half are taken out.
  const only = async (group: readonly OpaTest[]): Promise<void> => {
    const restore = await withoutTests(sources, workspace, group)
    try {
      await tried(group)
    } finally {
      await restore()
    }
  }
  await tried(tests)
  return results
}

type Run = (args: readonly string[]) => Promise<string>

// Or why there is none.
async function evaluatorFor(
  run: Run,
  workspace: TestWorkspace,
  group: readonly OpaTest[],
): Promise<Evaluator | string> {
  const work = await mkdtemp(join(workspace.work, 'wasm-'))
  const file = join(work, 'bundle.tar.gz')
  try {
    const names = [...new Set(group.map(entrypointOf))]
    const entrypoints = names.flatMap((name) => ['-e', name])
    const flags = ['-t', 'wasm', '-O', '0', '--capabilities', capabilitiesIn(workspace), '-o', file]
    await run(['build', ...flags, ...entrypoints, ...workspace.paths])
    const files = await bundleFiles(await readFile(file))
    const [wasm, data] = [files.get('policy.wasm'), files.get('data.json')]
    if (wasm === undefined || data === undefined) return 'OPA built no Wasm'
    return createEvaluator({ wasm, data: data.toString('utf8'), fuel: FUEL, spares: 0 })
  } catch (problem) {
    return firstLine(problem instanceof Error ? problem.message : String(problem))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function capabilitiesIn({ work }: TestWorkspace): string {
  return join(work, 'capabilities.json')
}

// As `opa test` judges: a test passes where its value is true; a table where no case of it fails, which
// OPA knows from its trace and Wasm from which cases are there.
function resultOf(evaluator: Evaluator, test: OpaTest): WasmResult {
  const answer = evaluator.evaluate(undefined, entrypointOf(test))
  switch (answer.kind) {
    case 'undefined':
      return { kind: 'failed', cases: [], why: 'it is undefined' }
    case 'trap':
      return { kind: 'failed', cases: [], why: `it failed: ${firstLine(answer.why)}` }
    case 'over_budget':
      return { kind: 'not_run', why: 'it takes longer than one evaluation in Wasm may' }
    case 'result':
      return judged(answer.value, test)
  }
}

function judged(value: unknown, { cases }: OpaTest): WasmResult {
  if (value === true) return { kind: 'passed', cases: [], why: '' }
  const passed = casesOf(value, []).sort()
  const isTable = cases.passed.length + cases.failed.length > 0
  const why = `it is ${JSON.stringify(value).slice(0, 200)}`
  if (!isTable) return { kind: 'failed', cases: passed, why }
  const missing = [...cases.passed, ...cases.failed].filter((name) => !passed.includes(name))
  return { kind: missing.length === 0 ? 'passed' : 'failed', cases: passed, why }
}

function casesOf(value: unknown, path: readonly string[]): string[] {
  if (value === true) return [path.join('/')]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => casesOf(inner, [...path, key]))
}

// `data.shop["odd-name"]` and `test_x` → `shop/odd-name/test_x`. OPA numbers definitions of one name.
function entrypointOf({ package: home, name }: OpaTest): string {
  const parts = [...home.matchAll(/(?:^|\.)([^.[\]]+)|\["([^"]+)"\]/g)]
  const path = parts.map(([, plain, quoted]) => plain ?? quoted ?? '').slice(1)
  return [...path, name.replace(/#\d+$/, '')].join('/')
}

function firstLine(text: string): string {
  const line = text.split('\n').find((one) => one.trim() !== '') ?? text
  return line.trim().slice(0, 300)
}
