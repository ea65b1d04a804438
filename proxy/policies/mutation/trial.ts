// One copy of the policies with their tests, in which mutants are tried one after the other: the changed file
// is written, OPA checks and tests, the file is put back. A process of OPA for each mutant costs 30 ms more
// than a running server, and is exactly what `opa test` says.
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../../errors.js'
import type { PolicyFolder } from '../folder.js'
import { schemaFiles } from '../schema-files.js'
import { fullName, opaTests, patternFor, type OpaTest } from '../testing/opa-tests.js'
import { programOutput } from '../testing/program-output.js'
import { testWorkspace, type TestWorkspace } from '../testing/test-workspace.js'
import { mutated, type Change, type Mutant } from './mutant.js'
import { textOfTests, type StatedCase } from './stated-cases.js'

export type Verdict =
  // Full names of the tests that failed; [] where OPA could not run them at all.
  | { readonly verdict: 'noticed'; readonly by: readonly string[] }
  | { readonly verdict: 'survived' }
  // It does not compile, so it could never have been built.
  | { readonly verdict: 'stillborn' }

export type Trial = {
  readonly workspace: TestWorkspace
  // Of the unchanged policies; rejects with GatewayError('bundle_invalid') where one fails.
  readonly baseline: () => Promise<readonly OpaTest[]>
  // The groups of tests in order; the first test that fails ends it.
  readonly tried: (mutant: Mutant, groups: readonly (readonly OpaTest[])[]) => Promise<Verdict>
  readonly remove: () => Promise<void>
}

export type TrialOptions = {
  readonly opa: string
  readonly folder: PolicyFolder
  readonly extraData: readonly string[]
  readonly cases: readonly StatedCase[]
}

const OPA_MS = 120_000

// What takes something away may leave a name unused, which the strict check refuses and a test does not.
const MAY_BE_REFUSED: readonly Change[] = ['drop', 'remove', 'some']

export async function createTrial(options: TrialOptions): Promise<Trial> {
  const { opa, folder, extraData, cases } = options
  const aside = await mkdtemp(join(tmpdir(), 'sallyport-mutate-'))
  const [schemas, stated] = [join(aside, 'schemas'), join(aside, 'stated')]
  await written(schemas, schemaFiles())
  await written(stated, cases.length > 0 ? textOfTests(cases) : new Map())
  const copy = await testWorkspace(folder, extraData)
  const workspace = { ...copy, paths: [...copy.paths, stated] }
  const run = (args: readonly string[]): ReturnType<typeof programOutput> =>
    programOutput(opa, args, { cwd: workspace.root, timeoutMs: OPA_MS })
  const compiles = async (): Promise<boolean> => {
    const ignored = ['tests', '*_test.rego'].flatMap((name) => ['--ignore', name])
    const check = ['check', '--strict', '--schema', schemas, ...ignored]
    return (await run([...check, ...workspace.policyPaths])).code === 0
  }
  const firstToFail = async (tests: readonly OpaTest[]): Promise<Verdict | undefined> => {
    const quietly = ['--parallel', '1', '--timeout', '60s']
    const args = ['test', '--format', 'json', ...quietly, '--run', patternFor(tests)]
    const { code, out, error } = await run([...args, ...workspace.paths])
    if (code === 0) return undefined
    // Before the change everything compiled.
    if (out === '' && /^\d+ errors? occurred/.test(error)) return { verdict: 'stillborn' }
    return { verdict: 'noticed', by: failingTests(out) }
  }
  return {
    workspace,
    baseline: async () => {
      const tests = await opaTests(opa, workspace)
      const bad = tests.filter(({ verdict }) => verdict === 'failed').map(fullName)
      if (bad.length === 0) return tests.filter(({ verdict }) => verdict === 'passed')
      const names = bad.slice(0, 5).join(', ')
      throw new GatewayError(
        'bundle_invalid',
        `tests fail before anything is changed: ${names}. Correct them first ` +
          '(`sallyport policy test`); data that tests need beside the folder is named by --data',
      )
    },
    tried: async (mutant, groups) => {
      const path = join(workspace.root, mutant.file)
      const text = await readFile(path, 'utf8')
      await writeFile(path, mutated(text, mutant))
      try {
        if (MAY_BE_REFUSED.includes(mutant.change) && !(await compiles())) {
          return { verdict: 'stillborn' }
        }
        for (const tests of groups) {
          const verdict = await firstToFail(tests)
          if (verdict !== undefined) return verdict
        }
        return { verdict: 'survived' }
      } finally {
        await writeFile(path, text)
      }
    },
    remove: async () => {
      await workspace.remove()
      await rm(aside, { recursive: true, force: true })
    },
  }
}

async function written(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(folder)
  for (const [name, text] of files) await writeFile(join(folder, name), text)
}

function failingTests(out: string): readonly string[] {
  try {
    const results: unknown = JSON.parse(out)
    const list = Array.isArray(results) ? (results as readonly OpaResult[]) : []
    return list.filter(({ fail, error }) => fail === true || error !== undefined).map(fullName)
  } catch {
    return []
  }
}

type OpaResult = {
  readonly package: string
  readonly name: string
  readonly fail?: boolean
  readonly error?: unknown
}
