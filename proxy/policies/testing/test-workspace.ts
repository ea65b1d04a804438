// A copy of a folder of policies with its tests, in which OPA runs: the same files that are built into a
// bundle and under the same names, so that messages carry the author's own. Nothing is written into the
// author's folder.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { PolicyFolder } from '../folder.js'

export type TestWorkspace = {
  readonly root: string
  // Beside it, for what is none of the sources.
  readonly work: string
  // What to hand to `opa test` and `opa build` in `root`: rules, data, tests, and other data.
  readonly paths: readonly string[]
  // The same without tests and what they alone need.
  readonly policyPaths: readonly string[]
  readonly policyIgnore: readonly string[]
  readonly remove: () => Promise<void>
}

const DEPTH_MAX = 16
const COMMAND_TESTS = /\.commands\.ya?ml$/

export async function testWorkspace(
  folder: PolicyFolder,
  extraData: readonly string[],
): Promise<TestWorkspace> {
  const base = await mkdtemp(join(tmpdir(), 'sallyport-test-'))
  const [root, work] = [join(base, 'sources'), join(base, 'work')]
  const remove = (): Promise<void> => rm(base, { recursive: true, force: true })
  try {
    await mkdir(work)
    const plain = folder.policies === folder.root
    const at = (path: string): string => relative(folder.root, path)
    for (const path of new Set([folder.policies, folder.data])) {
      await copied(path, join(root, at(path)), isPolicyFile, plain ? ['schemas', 'tests'] : [])
    }
    await copied(folder.tests, join(root, at(folder.tests)), isTestFile, [])
    const policyPaths = [...new Set([at(folder.policies), at(folder.data)])].map(orHere)
    const tests = plain ? [] : [at(folder.tests)]
    const extra = extraData.map((path) => resolve(path))
    return {
      root,
      work,
      policyPaths,
      policyIgnore: ['*_test.rego', '.*', ...(plain ? ['tests'] : [])],
      paths: [...policyPaths, ...tests, ...extra],
      remove,
    }
  } catch (problem) {
    await remove()
    throw problem
  }
}

function orHere(path: string): string {
  return path === '' ? '.' : path
}

// As `buildBundle` takes them; tests may stand among them too.
function isPolicyFile(name: string): boolean {
  return name.endsWith('.rego') || /^data\.(json|ya?ml)$/.test(name)
}

// Whatever OPA would read, but for our own tables.
function isTestFile(name: string): boolean {
  return /\.(rego|json|ya?ml)$/.test(name) && !COMMAND_TESTS.test(name)
}

// A folder that is not there is an empty one.
async function copied(
  from: string,
  to: string,
  wanted: (name: string) => boolean,
  aside: readonly string[],
  depth = 0,
): Promise<void> {
  if (depth > DEPTH_MAX) throw new Error(`${from} is nested too deeply, or links to itself`)
  await mkdir(to, { recursive: true })
  for (const name of await readdir(from).catch(() => [])) {
    if (name.startsWith('.') || aside.includes(name)) continue
    const path = join(from, name)
    const found = await stat(path)
    if (found.isDirectory()) await copied(path, join(to, name), wanted, [], depth + 1)
    else if (wanted(name)) await writeFile(join(to, name), sourceOf(name, await readFile(path)))
  }
}

// OPA 1.22 refuses to compile a function that asks an entrypoint which says so in its annotation
// (`function … used as reference`), so those lines become plain comments; rows stay as they are.
function sourceOf(name: string, bytes: Buffer): Buffer | string {
  if (!name.endsWith('.rego')) return bytes
  return bytes.toString('utf8').replace(/^(#\s*)entrypoint:\s*true[ \t]*$/gm, '$1')
}
