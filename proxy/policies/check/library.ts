// Everything that the checks look at, read once: the files of Rego as trees, the data with the places of its
// values, and the schemas that `input` may have. Rules are found here by their full name.
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { schemaFiles } from '../schema-files.js'
import type { PolicyFolder } from '../folder.js'
import { readData, type Data } from './data-documents.js'
import type { Schema } from './field-schema.js'
import type { Import, RegoFile, Rule } from './rego-tree.js'

// A rule with what its names mean.
export type PlacedRule = { readonly file: RegoFile; readonly rule: Rule }

export type Library = {
  readonly folder: PolicyFolder
  readonly files: readonly RegoFile[]
  // Rego tests, relative to the root.
  readonly tests: readonly string[]
  readonly data: Data
  // All that stand at the top of a file, without their `else`.
  readonly rules: readonly PlacedRule[]
  // By full name: `sallyport.policies.deny.update`.
  readonly named: (name: string) => readonly PlacedRule[]
  // Whether a rule or a package has this name, or one below it.
  readonly isVirtual: (name: string) => boolean
  readonly importsOf: (file: RegoFile) => ReadonlyMap<string, Import>
  // Whether the package or the rule says which schema `input` has.
  readonly hasSchema: (placed: PlacedRule) => boolean
  // What `input` is in this rule.
  readonly inputOf: (placed: PlacedRule) => Schema
}

const DEPTH_MAX = 16

// Relative to the folder's root, sorted; tests aside.
export async function regoFiles(folder: PolicyFolder): Promise<readonly string[]> {
  const found = await filesBelow(folder, folder.policies, DEPTH_MAX)
  return found.filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego'))
}

export async function openLibrary(
  folder: PolicyFolder,
  files: readonly RegoFile[],
): Promise<Library> {
  const found = await filesBelow(folder, folder.data, DEPTH_MAX)
  const below = await filesBelow(folder, folder.policies, DEPTH_MAX)
  const documents = found.filter((file) => /(^|\/)data\.(json|ya?ml)$/.test(file))
  const data = await readData(folder, documents)
  const rules = files.flatMap((file) => file.rules.map((rule) => ({ file, rule })))
  const byName = grouped(rules)
  const virtual = new Set(rules.flatMap((placed) => prefixes(nameOf(placed).split('.'))))
  const imports = new Map(files.map((file) => [file, importsByName(file)]))
  const schemas = inputSchemas()
  const packageSchemas = new Map(
    files.flatMap((file) => {
      const name = file.annotations.find(({ scope }) => scope === 'package')?.inputSchema
      return name === undefined ? [] : [[file.package.join('.'), name] as const]
    }),
  )
  const schemaNamed = ({ file, rule }: PlacedRule): string | undefined => {
    const own = rule.annotations.find(({ inputSchema }) => inputSchema !== undefined)
    return own?.inputSchema ?? packageSchemas.get(file.package.join('.'))
  }
  return {
    folder,
    files,
    tests: [...below, ...(await filesBelow(folder, folder.tests, DEPTH_MAX))].filter((file) =>
      file.endsWith('_test.rego'),
    ),
    data,
    rules,
    named: (name) => byName.get(name) ?? [],
    isVirtual: (name) => virtual.has(name),
    importsOf: (file) => imports.get(file) ?? new Map(),
    hasSchema: (placed) => schemaNamed(placed) !== undefined,
    inputOf: (placed) => schemas.get(schemaNamed(placed) ?? 'input') ?? {},
  }
}

export function nameOf({ file, rule }: PlacedRule): string {
  return [...file.package, ...rule.path].join('.')
}

// A rule and all its `else`, first to last.
export function chainOf(rule: Rule): readonly Rule[] {
  return rule.otherwise === undefined ? [rule] : [rule, ...chainOf(rule.otherwise)]
}

function grouped(rules: readonly PlacedRule[]): ReadonlyMap<string, readonly PlacedRule[]> {
  const byName = new Map<string, PlacedRule[]>()
  for (const placed of rules) {
    const name = nameOf(placed)
    const known = byName.get(name)
    if (known === undefined) byName.set(name, [placed])
    else known.push(placed)
  }
  return byName
}

function prefixes(parts: readonly string[]): readonly string[] {
  return parts.map((_, at) => parts.slice(0, at + 1).join('.'))
}

function importsByName(file: RegoFile): ReadonlyMap<string, Import> {
  return new Map(file.imports.map((one) => [one.name, one]))
}

function inputSchemas(): ReadonlyMap<string, Schema> {
  return new Map(
    [...schemaFiles()].map(([name, text]) => [name.replace(/\.json$/, ''), JSON.parse(text)]),
  )
}

async function filesBelow(
  folder: PolicyFolder,
  directory: string,
  depth: number,
): Promise<readonly string[]> {
  if (depth === 0) return []
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const found: string[] = []
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(directory, entry.name)
    if (entry.name.startsWith('.') || folder.opaIgnore.includes(entry.name)) continue
    if (path === folder.tests) continue
    if (entry.isDirectory()) found.push(...(await filesBelow(folder, path, depth - 1)))
    else found.push(relative(folder.root, path))
  }
  return found
}
