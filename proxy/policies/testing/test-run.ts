// One run of all tests of a folder of policies: Rego tests, command tests and properties, and what they
// reached. Everything it needs of the world is handed in; it prints nothing.
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import { bundleFiles } from '../../../engine/policy/bundle-files.js'
import { policyOf } from '../../../engine/policy/bundle.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { GatewayError } from '../../errors.js'
import type { PolicyFolder } from '../folder.js'
import { ran } from '../opa.js'
import { commandTests, type CommandTestsRun } from './command-tests.js'
import { coverageOf, rowsOf, shortfalls, type Coverage, type Rows } from './coverage.js'
import { factsInBrief } from './facts-in-brief.js'
import { opaDecisions } from './opa-decisions.js'
import { patternFor, type OpaTest } from './opa-tests.js'
import type { Outcome, TestReport } from './outcome.js'
import type { PolicyWords } from './policy-words.js'
import { programOutput } from './program-output.js'
import { differenceFrom } from './properties.js'
import { propertyTests } from './property-tests.js'
import { commandTables } from './read-command-tests.js'
import { regoTests } from './rego-tests.js'
import { reorderedBundle } from './reordered-bundle.js'
import { testWorkspace, type TestWorkspace } from './test-workspace.js'
import { wordsOfPolicy } from './words-of-policy.js'

export type TestRunOptions = {
  readonly opa: string
  readonly folder: PolicyFolder
  // The bundle of this folder, and the policy in it.
  readonly bytes: Uint8Array
  readonly policy: Policy
  readonly fuel: number
  // The names of a target, labelled by this policy.
  readonly catalogue: (target: string) => Promise<Catalogue>
  readonly only?: RegExp
  // Files or folders of data that Rego tests need besides.
  readonly extraData?: readonly string[]
  readonly seed?: number
  // How many facts are generated; 0 leaves properties out.
  readonly count?: number
}

export const SEED = 1
export const COUNT = 500
const OPA_MS = 120_000

export async function testRun(options: TestRunOptions): Promise<TestReport> {
  const started = performance.now()
  const { opa, folder, policy, only } = options
  const workspace = await testWorkspace(folder, options.extraData ?? [])
  try {
    const properties = propertiesOf(options, workspace)
    // Told when the others are through.
    properties.catch(() => undefined)
    const rego = await regoTests({ opa, workspace, only })
    const tables = await commandTables(folder)
    const { settings } = folder
    const { catalogue } = options
    const commands = await commandTests({ tables, settings, policy, catalogue, only })
    const byOpa = await asOpaSays(options, workspace, commands)
    // Of a part of the tests, coverage says nothing.
    const rows = only === undefined ? await regoRows(opa, workspace, rego.passed) : new Map()
    const coverage =
      only === undefined ? coverageFor(folder, policy, [rows, byOpa.rows]) : undefined
    const outcomes = [...rego.outcomes, ...byOpa.outcomes, ...(await properties)]
    if (only !== undefined && outcomes.length === 0) {
      throw new GatewayError('usage', `no test fits ${String(only)}`)
    }
    return {
      outcomes,
      coverage,
      shortfalls: coverage === undefined ? [] : shortfalls(coverage, settings.coverage ?? {}),
      durationMs: performance.now() - started,
    }
  } finally {
    await workspace.remove()
  }
}

async function propertiesOf(
  options: TestRunOptions,
  workspace: TestWorkspace,
): Promise<readonly Outcome[]> {
  const { opa, folder, policy, fuel, only, seed = SEED, count = COUNT } = options
  if (count === 0) return []
  const [words, bytes] = await Promise.all([
    wordsIn(options, workspace),
    reorderedBundle(opa, folder),
  ])
  return propertyTests({
    policy,
    reordered: await policyOf(bytes, { id: 2, fuel }),
    words,
    seed,
    count,
    only,
    file: relative(folder.root, folder.policies) || '.',
    askOpa: async (facts) =>
      (await opaDecisions(opa, workspace, facts, { coverage: false })).decisions,
  })
}

// The texts that the policies name.
async function wordsIn(
  { opa, bytes }: TestRunOptions,
  { root, policyPaths }: TestWorkspace,
): Promise<PolicyWords> {
  const names = await Promise.all(
    policyPaths.map(async (path) =>
      (await readdir(join(root, path), { recursive: true })).map((name) => join(path, name)),
    ),
  )
  const modules = [...new Set(names.flat())].filter(
    (name) => name.endsWith('.rego') && !name.endsWith('_test.rego'),
  )
  const trees = modules.map(async (file): Promise<unknown> => {
    const run = { timeoutMs: OPA_MS, cwd: root }
    return JSON.parse(await ran(opa, ['parse', '--format', 'json', file], run))
  })
  const data = (await bundleFiles(bytes)).get('data.json')?.toString('utf8') ?? '{}'
  return wordsOfPolicy(await Promise.all(trees), JSON.parse(data))
}

// What command tests asked of the Wasm, asked of OPA: it must say the same, and its trace is coverage.
async function asOpaSays(
  { opa, only }: TestRunOptions,
  workspace: TestWorkspace,
  { outcomes, asked }: CommandTestsRun,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly rows: Rows }> {
  const facts = asked.map((one) => one.facts)
  const coverage = only === undefined
  const { decisions, rows } = await opaDecisions(opa, workspace, facts, { coverage })
  const different = new Map<number, readonly string[]>()
  for (const [at, { outcome, facts, entrypoint, decision }] of asked.entries()) {
    const found = differenceFrom(decisions[at], decision, entrypoint)
    if (found === undefined || different.has(outcome)) continue
    const lines = factsInBrief(facts).map((line) => `  ${line}`)
    different.set(outcome, [`expected  ${found.expected}`, `came      ${found.came}`, ...lines])
  }
  return {
    rows,
    outcomes: outcomes.map((one, at): Outcome => {
      const details = different.get(at)
      if (details === undefined) return one
      const summary = details.slice(0, 2).join('; ')
      return { ...one, verdict: 'differs', details: [...details, ...one.details], summary }
    }),
  }
}

// Of the tests that passed: OPA reports none where one fails.
async function regoRows(
  opa: string,
  { root, paths }: TestWorkspace,
  passed: readonly OpaTest[],
): Promise<Rows> {
  if (passed.length === 0) return new Map()
  const args = ['test', '--coverage', '--coverage-runs=', '--format', 'json', '--timeout', '60s']
  const pattern = ['--run', patternFor(passed)]
  const run = { cwd: root, timeoutMs: OPA_MS }
  const said = await programOutput(opa, [...args, ...pattern, ...paths], run)
  return rowsOf(JSON.parse(said.out))
}

function coverageFor(folder: PolicyFolder, policy: Policy, sources: readonly Rows[]): Coverage {
  const tests = `${relative(folder.root, folder.tests)}/`
  // Whatever else OPA was given stands elsewhere.
  const isPolicy = (file: string): boolean =>
    !file.endsWith('_test.rego') && !file.startsWith(tests) && existsSync(join(folder.root, file))
  return coverageOf(sources, policy.rules ?? [], isPolicy)
}
