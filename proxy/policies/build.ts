// From a folder of Rego and data to a bundle that can be activated: checked against our schemas and
// without what a repeatable decision may not use, compiled to Wasm without optimisation (which would
// bake data into code), the same bytes for the same sources wherever they are built.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleFiles } from '../../engine/policy/bundle-files.js'
import { manifestText } from '../../engine/policy/bundle-manifest.js'
import { ENTRYPOINTS } from '../../engine/policy/decide.js'
import { readsOf } from '../../engine/policy/reads.js'
import { rulesIn } from '../../engine/policy/rule-index.js'
import { GatewayError } from '../errors.js'
import { ownNames, stagedSources, writeSchemas, type Staged } from './build-sources.js'
import { pureCapabilities } from './capabilities.js'
import { policyFolder } from './folder.js'
import { INVARIANTS_FILE, invariantsIn, invariantsText } from './invariants/read-invariants.js'
import { ran } from './opa.js'
import { packedBundle } from './pack.js'
import { revisionOf } from './revision.js'

export type BuildOptions = {
  readonly opa: string
  readonly folder: string
}

const OPA_MS = 120_000

// Rejects with GatewayError('bundle_invalid') and OPA's own words.
export async function buildBundle({ opa, folder: named }: BuildOptions): Promise<Buffer> {
  const folder = await policyFolder(named)
  const work = await mkdtemp(join(tmpdir(), 'sallyport-build-'))
  const run = (args: readonly string[]): Promise<string> =>
    ran(opa, args, { timeoutMs: OPA_MS, cwd: work })
  let staged: Staged = { modules: [], data: [] }
  try {
    staged = await stagedSources(folder, join(work, 'bundle'))
    await writeFile(join(work, 'capabilities.json'), await pureCapabilities(run))
    await writeSchemas(folder.root, join(work, 'schemas'))
    const capabilities = ['--capabilities', 'capabilities.json']
    await run(['check', '--strict', '--schema', 'schemas', ...capabilities, 'bundle'])
    const entrypoints = Object.values(ENTRYPOINTS).flatMap((name) => ['-e', name])
    const output = ['-o', 'bundle.tar.gz', '-b', 'bundle']
    await run(['build', '-t', 'wasm', '-O', '0', ...capabilities, ...entrypoints, ...output])
    const compiled = await bundleFiles(await readFile(join(work, 'bundle.tar.gz')))
    const invariants = await invariantsText(folder)
    const built = [
      ...staged.modules,
      ...staged.data.map(({ own }) => own),
      ...(invariants === undefined ? [] : [invariants.name]),
    ]
    const revision = await revisionOf(folder.root, built)
    const manifest = await manifestOf(run, staged.modules, revision)
    const files = await contentsOf(work, compiled, staged.modules, manifest)
    if (invariants === undefined) return await packedBundle(files)
    // Read once here, so that a bundle never carries what cannot be checked.
    invariantsIn(invariants.text, invariants.name)
    return await packedBundle(new Map([...files, [INVARIANTS_FILE, Buffer.from(invariants.text)]]))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('bundle_invalid', ownNames(why, work, staged), { cause })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

type Opa = (args: readonly string[]) => Promise<string>

// The rules as they were written stand beside the Wasm: OPA's own copies lack the entrypoints, which it
// expects to find in the Wasm alone, and only an OPA that runs Wasm could then read the bundle.
async function contentsOf(
  work: string,
  compiled: ReadonlyMap<string, Buffer>,
  modules: readonly string[],
  manifest: string,
): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>([['.manifest', Buffer.from(manifest)]])
  for (const name of ['data.json', 'policy.wasm']) {
    const bytes = compiled.get(name)
    if (bytes === undefined) throw new Error(`OPA wrote no ${name}`)
    files.set(name, bytes)
  }
  for (const name of modules) files.set(name, await readFile(join(work, 'bundle', name)))
  return files
}

async function manifestOf(run: Opa, modules: readonly string[], revision: string): Promise<string> {
  const parsed = await Promise.all(
    modules.map(async (name) => {
      const file = `bundle/${name}`
      const args = ['parse', '--format', 'json', '--json-include', 'locations', file]
      return { name, tree: JSON.parse(await run(args)) as unknown }
    }),
  )
  const version = /^Version: (\S+)/m.exec(await run(['version']))?.[1] ?? ''
  return manifestText({
    revision,
    opa: version,
    reads: readsOf(parsed.map(({ tree }) => tree)),
    rules: parsed.flatMap(({ name, tree }) => rulesIn(name, tree)),
  })
}
