// From a folder of Rego and data to a bundle that can be activated: checked against our schemas and
// without what a repeatable decision may not use, compiled to Wasm without optimisation (which would
// bake data into code), the same bytes for the same sources.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENTRYPOINTS } from '../../engine/policy/decide.js'
import { readsOf } from '../../engine/policy/reads.js'
import { GatewayError } from '../errors.js'
import { policyFolder } from './folder.js'
import { pureCapabilities } from './capabilities.js'
import { ran } from './opa.js'
import { schemaFiles } from './schema-files.js'

export type BuildOptions = {
  readonly opa: string
  readonly folder: string
}

const OPA_MS = 120_000
const DEPTH_MAX = 16
// At the top of the folder; not policies.
const ASIDE = ['schemas', 'tests']

// Rejects with GatewayError('bundle_invalid') and OPA's own words.
export async function buildBundle({ opa, folder: named }: BuildOptions): Promise<Buffer> {
  const folder = await policyFolder(named)
  const work = await mkdtemp(join(tmpdir(), 'sallyport-build-'))
  try {
    const source = join(work, 'bundle')
    await copySources(folder.policies, source)
    if (folder.data !== folder.policies) await copySources(folder.data, source)
    const run = (args: readonly string[]): Promise<string> =>
      ran(opa, args, { timeoutMs: OPA_MS, cwd: work })
    await writeFile(
      join(work, 'capabilities.json'),
      pureCapabilities(await run(['capabilities', '--current'])),
    )
    await writeSchemas(folder.root, join(work, 'schemas'))
    const capabilities = ['--capabilities', 'capabilities.json']
    await run(['check', '--strict', '--schema', 'schemas', ...capabilities, 'bundle'])
    await writeFile(join(source, '.manifest'), await manifestOf(run, source, folder.root))
    const entrypoints = Object.values(ENTRYPOINTS).flatMap((name) => ['-e', name])
    const output = ['-o', 'bundle.tar.gz', '-b', 'bundle']
    await run(['build', '-t', 'wasm', '-O', '0', ...capabilities, ...entrypoints, ...output])
    return await readFile(join(work, 'bundle.tar.gz'))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError(
      'bundle_invalid',
      why.replaceAll(`${work}/bundle/`, '').replaceAll('bundle/', ''),
      { cause },
    )
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

type Opa = (args: readonly string[]) => Promise<string>

// Policies and data, under fixed relative names, without tests, schemas and documents. Links are
// followed, since mounted configuration is made of them.
async function copySources(from: string, to: string, depth = 0): Promise<void> {
  if (depth > DEPTH_MAX) throw new Error(`${from} is nested too deeply, or links to itself`)
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from)) {
    if (name.startsWith('.') || (depth === 0 && ASIDE.includes(name))) continue
    const path = join(from, name)
    const found = await stat(path)
    if (found.isDirectory()) await copySources(path, join(to, name), depth + 1)
    else if (isSource(name)) await copyFile(path, join(to, name))
  }
}

function isSource(name: string): boolean {
  if (name.endsWith('_test.rego')) return false
  return name.endsWith('.rego') || ['data.json', 'data.yaml', 'data.yml'].includes(name)
}

// Ours are always the ones of this version; a folder may have more.
async function writeSchemas(folder: string, to: string): Promise<void> {
  await mkdir(to)
  const own = join(folder, 'schemas')
  for (const name of await readdir(own).catch(() => [])) {
    if (name.endsWith('.json')) await copyFile(join(own, name), join(to, name))
  }
  for (const [name, text] of schemaFiles()) await writeFile(join(to, name), text)
}

async function manifestOf(run: Opa, source: string, folder: string): Promise<string> {
  const parsed = async (file: string): Promise<unknown> =>
    JSON.parse(await run(['parse', '--format', 'json', file]))
  const reads = readsOf(await Promise.all((await regoFiles(source)).map(parsed)))
  return JSON.stringify({
    revision: await revisionOf(folder),
    roots: [''],
    rego_version: 1,
    metadata: reads === undefined ? {} : { sallyport_reads: reads },
  })
}

async function regoFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true })
  return names
    .filter((name) => name.endsWith('.rego'))
    .sort()
    .map((name) => join(folder, name))
}

// The Git commit of the folder, marked where the folder differs from it; empty outside of Git.
async function revisionOf(folder: string): Promise<string> {
  const git = (args: readonly string[]): Promise<string> =>
    ran('git', ['-C', folder, ...args], { timeoutMs: OPA_MS }).then((said) => said.trim())
  try {
    const commit = await git(['rev-parse', 'HEAD'])
    return (await git(['status', '--porcelain', '--', '.'])) === '' ? commit : `${commit}-dirty`
  } catch {
    return ''
  }
}
