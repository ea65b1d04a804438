// From the bytes of an OPA bundle (`bundle.tar.gz`, as `opa build -t wasm` writes it) to a Policy that can
// decide. Everything that makes a bundle unusable is found here, before it is activated.
import { gunzipSync } from 'node:zlib'
import { createHash } from 'node:crypto'
import { extract, type Extract, type Header } from 'tar-stream'
import { canonicalJson } from '../canonical.js'
import { FACTS_VERSION, type Facts } from '../schemas/facts.js'
import { atStep } from './bundle-problem.js'
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

// Unpacked; more is no policy.
const BUNDLE_BYTES_MAX = 64 * 1024 * 1024
const FILES_MAX = 4096

// OPA's signatures over the other files; any number of people may add theirs to the same bundle.
const SIGNATURES_FILE = '.signatures.json'
// Of the budget: what the plainest cases may take, since real ones take several times as much.
const PLAIN_SHARE_MAX = 0.25

// Rejects with a BundleProblem that says what is wrong with the bundle.
export async function policyOf(bytes: Uint8Array, options: BundleOptions): Promise<Policy> {
  const files = await bundleFiles(bytes)
  return atStep('contents', () => policyIn(files, options))
}

function policyIn(files: ReadonlyMap<string, Buffer>, options: BundleOptions): Policy {
  const wasm = files.get('policy.wasm')
  if (wasm === undefined) throw new Error('the bundle holds no policy.wasm: build it with -t wasm')
  // `opa build` writes both, also where there is nothing to say: without them a bundle is incomplete, and
  // without its data no column would have a label.
  const data = files.get('data.json')?.toString('utf8')
  if (data === undefined) throw new Error('the bundle holds no data.json: build it with opa build')
  const manifest = manifestOf(files.get('.manifest'))
  const parsed: unknown = JSON.parse(data)
  atStep('roots', () => checkRoots(manifest.roots, parsed))
  atStep('schema', () => checkSchema(manifest.schema))
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
    digest: digestOf([...files.keys()], files),
    contentDigest: digestOf(
      [...files.keys()].filter((name) => name !== SIGNATURES_FILE),
      files,
    ),
    wasmDigest: sha256(wasm),
    labels: atStep('data', () => labelsOf(parsed)),
    reads: manifest.reads,
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

// By name, as they stand in the archive.
export async function bundleFiles(bytes: Uint8Array): Promise<ReadonlyMap<string, Buffer>> {
  try {
    return await filesOf(bytes)
  } catch (cause) {
    return atStep('archive', () => {
      throw archiveProblem(cause)
    })
  }
}

// What zlib says of a download that broke off helps nobody.
function archiveProblem(cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'Z_BUF_ERROR')
    return new Error('the bundle ends too early: it is only a part', { cause })
  if (code === 'Z_DATA_ERROR')
    return new Error('the bundle is no gzip archive, or damaged', { cause })
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return new Error('the bundle is too large unpacked', { cause })
  return cause
}

async function filesOf(bytes: Uint8Array): Promise<ReadonlyMap<string, Buffer>> {
  const tar = gunzipSync(bytes, { maxOutputLength: BUNDLE_BYTES_MAX })
  const files = new Map<string, Buffer>()
  const reading = extract()
  reading.end(tar)
  for await (const { header, content } of entriesOf(reading)) {
    if (header.type === 'directory') continue
    const name = header.name.replace(/^(?:\.?\/)+/, '')
    refuseEntry(name, header.type)
    if (files.has(name)) throw new Error(`the bundle holds “${name}” twice`)
    if (files.size === FILES_MAX) throw new Error('the bundle holds too many files')
    files.set(name, content)
  }
  return files
}

type Entry = { readonly header: Header; readonly content: Buffer }

async function* entriesOf(reading: Extract): AsyncGenerator<Entry> {
  for await (const entry of reading) {
    const parts: Buffer[] = []
    for await (const part of entry) parts.push(part as Buffer)
    yield { header: entry.header, content: Buffer.concat(parts) }
  }
}

// `opa build` merges all data into one file and all rules into one module. What stands beside them would
// be passed over in silence: labels of columns, or the rules themselves.
function refuseEntry(name: string, type: string | null | undefined): void {
  if (type !== 'file') throw new Error(`the bundle holds a ${type ?? 'thing'} “${name}”`)
  const parts = name.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new Error(`the bundle holds a path “${name}”`)
  }
  const file = parts.at(-1) ?? ''
  const extraData = /^data\.(json|ya?ml)$/.test(file) && name !== 'data.json'
  const extraWasm = file.endsWith('.wasm') && name !== 'policy.wasm'
  if (extraData || extraWasm || name === 'patch.json') {
    throw new Error(`the bundle holds “${name}”, which would not be read: build it with opa build`)
  }
}

// Of all files by name, so that neither order nor packing matters.
function digestOf(names: readonly string[], files: ReadonlyMap<string, Buffer>): string {
  return sha256(
    Buffer.from(
      canonicalJson(
        [...names].sort().map((name) => [name, sha256(files.get(name) ?? Buffer.alloc(0))]),
      ),
    ),
  )
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function manifestOf(text: Buffer | undefined): {
  revision: string
  roots: readonly string[]
  schema: number | undefined
  reads: readonly string[] | undefined
} {
  if (text === undefined) throw new Error('the bundle holds no .manifest: build it with opa build')
  const found: unknown = JSON.parse(text.toString('utf8'))
  const revision = isObject(found) && typeof found['revision'] === 'string' ? found['revision'] : ''
  const metadata = isObject(found) ? found['metadata'] : undefined
  const reads = isObject(metadata) ? metadata['sallyport_reads'] : undefined
  const roots = isObject(found) ? found['roots'] : undefined
  const schema = isObject(metadata) ? metadata['sallyport_schema'] : undefined
  return {
    revision,
    roots: Array.isArray(roots)
      ? roots.map((root) => String(root).replace(/^\/+|\/+$/g, ''))
      : [''],
    schema: typeof schema === 'number' ? schema : undefined,
    reads: Array.isArray(reads) ? reads.map(String) : undefined,
  }
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
  const { column, labels, ...rest } = rule
  if (typeof column !== 'string' || !Array.isArray(labels) || labels.length === 0) return false
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
