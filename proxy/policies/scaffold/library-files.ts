// The shipped policies as files of a repository of their own: rules, data, tests and names of tables, with
// the cases that the tests read, so that nothing outside of the folder is needed.
import { readdir, readFile } from 'node:fs/promises'
import { join, posix, relative } from 'node:path'
import { packageFolder } from './package-folder.js'

// Of the package's folder of policies; the new one has its own README, and its schemas are made.
const LEFT_OUT = ['README.md', 'schemas', 'recipes']
const TABLE = /\.commands\.ya?ml$/

// By paths in the new repository, with slashes.
export async function libraryFiles(): Promise<ReadonlyMap<string, Buffer>> {
  const root = packageFolder('rego')
  const files = new Map<string, Buffer>()
  for (const part of await readdir(root)) {
    if (part.startsWith('.') || LEFT_OUT.includes(part)) continue
    for (const path of await filesBelow(join(root, part))) {
      const name = relative(root, path).replaceAll('\\', '/')
      files.set(name, ownWords(name, await readFile(path)))
    }
  }
  return apart(files).set('tests/cases.json', await casesText(packageFolder('fixtures/decisions')))
}

// `opa test` reads tables as data, under the name of their folder: two in one folder would be the same
// document twice.
function apart(files: ReadonlyMap<string, Buffer>): Map<string, Buffer> {
  const folders = [...files.keys()].filter((name) => TABLE.test(name)).map(posix.dirname)
  const crowded = folders.filter((folder, at) => folders.indexOf(folder) !== at)
  return new Map(
    [...files].map(([name, bytes]) => {
      const folder = posix.dirname(name)
      if (!TABLE.test(name) || !crowded.includes(folder)) return [name, bytes]
      const file = posix.basename(name)
      const text = bytes.toString('utf8').replace('$schema=', '$schema=../')
      return [`${folder}/${file.replace(TABLE, '')}/${file}`, Buffer.from(text)]
    }),
  )
}

// Documents name files of the package.
function ownWords(name: string, bytes: Buffer): Buffer {
  if (!name.endsWith('.md')) return bytes
  return Buffer.from(
    bytes.toString('utf8').replaceAll('`rego/README.md`', 'Sallyport’s rego/README.md'),
  )
}

// One document of what stands in several beside the package's own tests.
async function casesText(folder: string): Promise<Buffer> {
  const all: Record<string, unknown> = {}
  for (const name of (await readdir(folder)).filter((one) => one.endsWith('.json')).sort()) {
    const found = JSON.parse(await readFile(join(folder, name), 'utf8')) as Record<string, unknown>
    for (const [key, value] of Object.entries(found)) {
      const known = all[key]
      all[key] = isObject(known) && isObject(value) ? { ...known, ...value } : value
    }
  }
  return Buffer.from(`${JSON.stringify(all, null, 1)}\n`)
}

async function filesBelow(path: string): Promise<readonly string[]> {
  const found = await readdir(path, { withFileTypes: true }).catch(() => undefined)
  if (found === undefined) return [path]
  const below = await Promise.all(found.map((entry) => filesBelow(join(path, entry.name))))
  return below.flat().sort()
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
