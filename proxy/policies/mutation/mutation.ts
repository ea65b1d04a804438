// `sallyport policy mutate`: makes the mutants of a folder of policies, tries each against the tests and says
// which nobody noticed. Two at a time, each in a copy of its own; the author's folder is only read.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { PolicyFolder } from '../folder.js'
import { ran } from '../opa.js'
import { closedWords } from './closed-words.js'
import { dataMutants, dataPath, type DataFile } from './data-mutants.js'
import { equivalenceOf } from './equivalents.js'
import { mutantKey, type Mutant } from './mutant.js'
import { regoMutants } from './mutants.js'
import { mutationReport, type MutationReport, type Tried } from './score.js'
import type { StatedCase } from './stated-cases.js'
import { sourceOf, type Source } from './syntax.js'
import { createTestOrder, type TestOrder } from './test-order.js'
import { createTrial, type Trial } from './trial.js'

export type MutationOptions = {
  readonly opa: string
  readonly folder: PolicyFolder
  // Data that tests need beside the folder.
  readonly extraData: readonly string[]
  readonly cases: readonly StatedCase[]
  // Rules, by id or full name.
  readonly only: RegExp | undefined
  // So many of them, chosen by the seed.
  readonly sample: { readonly size: number; readonly seed: number } | undefined
  readonly threshold: number
  readonly progress: (done: number, of: number) => void
  // Milliseconds; for the report alone.
  readonly now: () => number
}

const OPA_MS = 60_000
const WORKERS = 2

export async function mutationOf(options: MutationOptions): Promise<MutationReport> {
  const started = options.now()
  const trials: Trial[] = []
  try {
    const first = await createTrial(options)
    trials.push(first)
    const { texts, mutants } = await mutantsIn(first, options)
    const wanted = mutants.filter(({ rule }) => options.only?.test(rule) ?? true)
    const chosen = sampled(wanted, options.sample)
    const order = createTestOrder(await first.baseline())
    while (trials.length < WORKERS) trials.push(await createTrial(options))
    const tried = await allTried(trials, chosen, order, texts, options.progress)
    const durationMs = options.now() - started
    return mutationReport(tried, {
      mutants: wanted.length,
      threshold: options.threshold,
      durationMs,
    })
  } finally {
    for (const trial of trials) await trial.remove()
  }
}

type Texts = ReadonlyMap<string, string>

async function mutantsIn(
  { workspace }: Trial,
  { opa, folder }: MutationOptions,
): Promise<{ readonly texts: Texts; readonly mutants: readonly Mutant[] }> {
  const { root } = workspace
  // In a folder without settings they stand among the rules.
  const tests = `${relative(folder.root, folder.tests)}/`
  const all = (await readdir(root, { recursive: true })).sort()
  const within = (path: string): readonly string[] =>
    all.filter((name) => path === '.' || name.startsWith(`${path}/`))
  const names = workspace.policyPaths.flatMap((path) =>
    within(path).map((name) => ({ path, name })),
  )
  const texts = new Map<string, string>()
  const sources: Source[] = []
  const data: DataFile[] = []
  for (const { path, name } of names) {
    if (texts.has(name) || name.endsWith('_test.rego') || name.startsWith(tests)) continue
    const isData = /(^|\/)data\.(json|ya?ml)$/.test(name)
    if (!isData && !name.endsWith('.rego')) continue
    const text = await readFile(join(root, name), 'utf8')
    texts.set(name, text)
    if (isData) data.push({ file: name, path: dataPath(name, path), text })
    else sources.push(sourceOf(name, text, await parsed(opa, root, name)))
  }
  const mutants = [...regoMutants(sources), ...dataMutants(data, sources, closedWords())]
  return { texts, mutants }
}

function parsed(opa: string, root: string, file: string): Promise<string> {
  const args = ['parse', '--format', 'json', '--json-include', 'locations', file]
  return ran(opa, args, { timeoutMs: OPA_MS, cwd: root })
}

// Chosen by the seed and by what they are, so that a change of one rule changes little of the choice.
function sampled(mutants: readonly Mutant[], sample: MutationOptions['sample']): readonly Mutant[] {
  if (sample === undefined || sample.size >= mutants.length) return mutants
  const rank = (one: Mutant): string =>
    createHash('sha256')
      .update(`${sample.seed} ${mutantKey(one)}`)
      .digest('hex')
  const ranked = mutants.map((one) => ({ one, rank: rank(one) }))
  ranked.sort((one, other) => (one.rank < other.rank ? -1 : 1))
  const chosen = new Set(ranked.slice(0, sample.size).map(({ one }) => one))
  return mutants.filter((one) => chosen.has(one))
}

async function allTried(
  trials: readonly Trial[],
  mutants: readonly Mutant[],
  order: TestOrder,
  texts: Texts,
  progress: MutationOptions['progress'],
): Promise<readonly Tried[]> {
  const results: Tried[] = []
  let next = 0
  let done = 0
  const worked = async (trial: Trial): Promise<void> => {
    for (let at = next++; at < mutants.length; at = next++) {
      const mutant = mutants[at]
      if (mutant === undefined) return
      const result = await trial.tried(mutant, order.groups())
      if (result.verdict === 'noticed') order.noticedBy(result.by)
      const because = equivalenceOf(texts.get(mutant.file) ?? '', mutant)
      results[at] =
        result.verdict === 'survived' && because !== undefined
          ? { mutant, verdict: 'equivalent', because }
          : { mutant, ...result }
      progress(++done, mutants.length)
    }
  }
  await Promise.all(trials.map(worked))
  return results
}
