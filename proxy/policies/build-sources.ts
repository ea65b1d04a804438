// What goes into a bundle, copied to a place of its own: rules and data under the names that they have in
// their repository, without tests, schemas and documents.
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { PolicyFolder } from './folder.js'
import { schemaFiles } from './schema-files.js'

export type Staged = {
  // Names of rules within the bundle, sorted: the same as in the repository.
  readonly modules: readonly string[]
  readonly data: readonly { readonly staged: string; readonly own: string }[]
}

const DEPTH_MAX = 16
// At the top of the folder; not policies.
const ASIDE = ['schemas', 'tests']
const DATA_FILES = ['data.json', 'data.yaml', 'data.yml']

// Rules stand under their folder, which means nothing to OPA; data does not, since for data the folder is
// its name.
export async function stagedSources(folder: PolicyFolder, to: string): Promise<Staged> {
  const { root, policies, data } = folder
  await mkdir(to, { recursive: true })
  const apart = data !== policies
  const rules = await sourcesBelow(policies)
  const within = relative(root, policies)
  const modules = rules.filter(isRego).map((name) => join(within, name))
  if (modules.length === 0) {
    throw new Error(`${noRules(folder)}; “sallyport policy init DIR” makes a folder to begin with`)
  }
  const documents = [
    ...rules.filter((name) => !isRego(name)).map((name) => ({ from: policies, name })),
    ...(apart ? await sourcesBelow(data) : [])
      .filter((name) => !isRego(name))
      .map((name) => ({ from: data, name })),
  ]
  for (const name of modules) await copied(join(root, name), join(to, name))
  for (const { from, name } of documents) {
    if (await exists(join(to, name))) throw new Error(`${name} stands among the rules and the data`)
    await copied(join(from, name), join(to, name))
  }
  return {
    modules: [...modules].sort(),
    data: documents.map(({ from, name }) => ({
      staged: name,
      own: relative(root, join(from, name)),
    })),
  }
}

export function noRules({ root, policies }: PolicyFolder): string {
  const where = policies === root ? root : `${relative(root, policies)} of ${root}`
  return `there are no rules (files .rego) in ${where}`
}

// Ours are always the ones of this version; a folder may have more.
export async function writeSchemas(folder: string, to: string): Promise<void> {
  await mkdir(to)
  const own = join(folder, 'schemas')
  for (const name of await readdir(own).catch(() => [])) {
    if (name.endsWith('.json')) await copyFile(join(own, name), join(to, name))
  }
  for (const [name, text] of schemaFiles()) await writeFile(join(to, name), text)
}

// OPA's words with the author's own file names in them.
export function ownNames(words: string, work: string, { data }: Staged): string {
  let text = words.replaceAll(`${work}/`, '').replaceAll('bundle bundle: ', '')
  for (const { staged, own } of data) {
    text = text.replaceAll(`bundle/${staged}`, own).replaceAll(` on /${staged}`, ` on ${own}`)
  }
  return text.replaceAll('bundle/', '')
}

// Links are followed, since mounted configuration is made of them.
async function sourcesBelow(folder: string, below = '', depth = 0): Promise<readonly string[]> {
  if (depth > DEPTH_MAX) throw new Error(`${folder} is nested too deeply, or links to itself`)
  const found: string[] = []
  for (const name of await readdir(join(folder, below))) {
    if (name.startsWith('.') || (depth === 0 && ASIDE.includes(name))) continue
    const path = join(below, name)
    const what = await stat(join(folder, path))
    if (what.isDirectory()) found.push(...(await sourcesBelow(folder, path, depth + 1)))
    else if (isSource(name)) found.push(path)
  }
  return found
}

function isSource(name: string): boolean {
  return !name.endsWith('_test.rego') && (isRego(name) || DATA_FILES.includes(name))
}

function isRego(name: string): boolean {
  return name.endsWith('.rego')
}

async function copied(from: string, to: string): Promise<void> {
  await mkdir(join(to, '..'), { recursive: true })
  await copyFile(from, to)
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
