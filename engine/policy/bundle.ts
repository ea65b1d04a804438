// From the bytes of an OPA bundle (`bundle.tar.gz`, as `opa build -t wasm` writes it) to a Policy that can
// decide. Everything that makes a bundle unusable is found here, before it is activated.
import { pathSteps } from '../facts/postgres/json-path.js'
import { FACTS_VERSION, type Facts } from '../schemas/facts.js'
import { atStep } from './bundle-problem.js'
import { bundleFiles, contentDigestOf, digestOf, sha256, type BundleFiles } from './bundle-files.js'
import { readManifest } from './bundle-manifest.js'
import { answerFound, approvalAnswer, decided, ENTRYPOINTS, isBroken } from './decide.js'
import { createEvaluator, type Evaluator } from './opa-wasm.js'
import type { LabelRule, Policy } from './policy.js'
import { prunedBy } from './prune.js'
import { SMOKE_FACTS } from './smoke-facts.js'

export type BundleOptions = {
  // Of this activation; grows within a process.
  readonly id: number
  readonly fuel: number
}

// Of the budget: what the plainest cases may take, since real ones take several times as much.
const PLAIN_SHARE_MAX = 0.25

// Rejects with a BundleProblem that says what is wrong with the bundle.
export async function policyOf(bytes: Uint8Array, options: BundleOptions): Promise<Policy> {
  const files = await bundleFiles(bytes)
  return atStep('contents', () => policyIn(files, options))
}

function policyIn(files: BundleFiles, options: BundleOptions): Policy {
  const wasm = files.get('policy.wasm')
  if (wasm === undefined) throw new Error('the bundle holds no policy.wasm: build it with -t wasm')
  // `opa build` writes both, also where there is nothing to say: without them a bundle is incomplete, and
  // without its data no column would have a label.
  const data = files.get('data.json')?.toString('utf8')
  if (data === undefined) throw new Error('the bundle holds no data.json: build it with opa build')
  const manifest = readManifest(files.get('.manifest'))
  const parsed: unknown = JSON.parse(data)
  atStep('roots', () => checkRoots(manifest.roots, parsed))
  atStep('schema', () => checkSchema(manifest.factsVersion))
  const costs = { most: 0 }
  const evaluator = measured(
    atStep('abi', () => createEvaluator({ wasm, data, fuel: options.fuel })),
    costs,
  )
  const missing = Object.values(ENTRYPOINTS).filter((name) => !evaluator.entrypoints.includes(name))
  if (missing.length > 0) throw new Error(`the bundle has no entrypoint ${missing.join(', ')}`)
  const pruned = prunedBy(manifest.reads)
  const policy: Policy = {
    id: options.id,
    revision: manifest.revision,
    digest: digestOf(files),
    contentDigest: contentDigestOf(files),
    wasmDigest: sha256(wasm),
    labels: atStep('data', () => labelsOf(parsed)),
    reads: manifest.reads,
    rules: manifest.rules,
    factsVersion: manifest.factsVersion,
    decide: (facts, entrypoint) => decided(evaluator, pruned(facts), entrypoint),
    mayApprove: (question) => approvalAnswer(evaluator, question),
  }
  atStep('probe', () => probe(policy, evaluator))
  atStep('cost', () => checkCost(costs.most, options.fuel))
  return { ...policy, smokeFuel: costs.most }
}

function measured(evaluator: Evaluator, costs: { most: number }): Evaluator {
  return {
    ...evaluator,
    evaluate: (input, entrypoint) => {
      const answer = evaluator.evaluate(input, entrypoint)
      if (answer.kind === 'result') costs.most = Math.max(costs.most, answer.fuel)
      return answer
    },
  }
}

function checkCost(most: number, fuel: number): void {
  if (most <= fuel * PLAIN_SHARE_MAX) return
  throw new Error(
    `the plainest decision takes ${most} of ${fuel} units of fuel, so that others would not be ` +
      'decided at all: make the rules cheaper, or raise policy.fuel',
  )
}

// OPA's `roots`: what this bundle owns of `data`. Rules and data outside of them belong to nobody.
function checkRoots(roots: readonly string[], data: unknown): void {
  const owned = (path: string): boolean =>
    roots.some((root) => root === '' || path === root || path.startsWith(`${root}/`))
  if (!owned('sallyport')) {
    throw new Error(
      `its roots (${roots.join(', ')}) leave out “sallyport”, where decisions are made`,
    )
  }
  const strays = isObject(data)
    ? Object.keys(data).filter(
        (name) => !owned(name) && !roots.some((r) => r.startsWith(`${name}/`)),
      )
    : []
  if (strays.length > 0) throw new Error(`its data holds ${strays.join(', ')} outside of its roots`)
}

function checkSchema(version: number | undefined): void {
  if (version === undefined || version === FACTS_VERSION) return
  throw new Error(
    `it was written for version ${version} of the facts, and this gateway hands out version ` +
      `${FACTS_VERSION}: build it with this version of Sallyport`,
  )
}

// A bundle that cannot decide the plainest cases would deny everybody everything.
function probe(policy: Policy, evaluator: Evaluator): void {
  for (const facts of SMOKE_FACTS) {
    for (const entrypoint of ['decision', 'degraded'] as const) {
      const decision = policy.decide(facts, entrypoint)
      if (isBroken(decision)) {
        throw new Error(
          `asked for a ${entrypoint} on a plain ${facts.stage}: ${decision.rules[0]?.message}`,
        )
      }
    }
  }
  const question = { version: 1, verb: 'list', approver: plainIdentity() } as const
  const answer = answerFound(evaluator, question)
  if (typeof answer === 'string') throw new Error(`asked about an approval: ${answer}`)
}

function plainIdentity(): Facts['identity'] {
  const [first] = SMOKE_FACTS
  if (first === undefined) throw new Error('there are no smoke cases')
  return first.identity
}

// `data.labels.columns`; a rule that is not one would leave a column bare, so it refuses the bundle.
function labelsOf(data: unknown): readonly LabelRule[] {
  const labels = isObject(data) ? data['labels'] : undefined
  const columns = isObject(labels) ? labels['columns'] : undefined
  if (columns === undefined) return []
  if (!Array.isArray(columns)) throw new Error('data.labels.columns is no list')
  return columns.map((rule: unknown, at) => {
    if (!isLabelRule(rule)) throw new Error(`data.labels.columns[${at}] is not {column, labels, …}`)
    return rule
  })
}

function isLabelRule(rule: unknown): rule is LabelRule {
  if (!isObject(rule)) return false
  const { column, labels, path, ...rest } = rule
  if (typeof column !== 'string' || !Array.isArray(labels)) return false
  if (path !== undefined && (typeof path !== 'string' || pathSteps(path) === undefined))
    return false
  return (
    labels.every((label) => typeof label === 'string') &&
    Object.entries(rest).every(
      ([key, value]) => ['database', 'schema', 'table'].includes(key) && typeof value === 'string',
    )
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
