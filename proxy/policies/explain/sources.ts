// The Rego and the data behind a policy, for OPA to evaluate and people to read: of a folder by its author's
// names, of a bundle as it carries them beside its Wasm.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { GatewayError } from '../../errors.js'
import type { PolicyFolder } from '../folder.js'
import { ran } from '../opa.js'
import { bundleFiles } from './bundle-sources.js'
import type { ParsedFile } from './policy-rules.js'

export type PolicySources = {
  readonly files: readonly ParsedFile[]
  // Evaluates beside the policy: `modules` are Rego texts, `query` an expression.
  readonly evaluated: (
    input: unknown,
    query: string,
    modules?: readonly string[],
  ) => Promise<unknown>
  readonly close: () => Promise<void>
}

const OPA_MS = 60_000
const AT_ONCE = 4

export async function folderSources(folder: PolicyFolder, opa: string): Promise<PolicySources> {
  const names = await regoFiles(folder)
  return sources(folder.root, folder.opaPaths, folder.opaIgnore, names, opa, async () => undefined)
}

export async function bundleSources(bytes: Uint8Array, opa: string): Promise<PolicySources> {
  const root = await mkdtemp(join(tmpdir(), 'sallyport-explain-'))
  const close = (): Promise<void> => rm(root, { recursive: true, force: true })
  try {
    const names: string[] = []
    for (const [name, content] of await bundleFiles(bytes)) {
      await mkdir(dirname(join(root, name)), { recursive: true })
      await writeFile(join(root, name), content)
      if (name.endsWith('.rego')) names.push(name)
    }
    if (names.length === 0) {
      throw new GatewayError(
        'bundle_invalid',
        'the bundle holds no Rego beside its Wasm to explain it by',
      )
    }
    return await sources(root, ['.'], [], names.sort(), opa, close)
  } catch (problem) {
    await close()
    throw problem
  }
}

async function sources(
  root: string,
  paths: readonly string[],
  ignore: readonly string[],
  names: readonly string[],
  opa: string,
  close: () => Promise<void>,
): Promise<PolicySources> {
  const files: ParsedFile[] = []
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE)
    files.push(...(await Promise.all(some.map((file) => parsed(root, file, opa)))))
  }
  return {
    files,
    close,
    evaluated: async (input, query, modules = []) => {
      const work = await mkdtemp(join(tmpdir(), 'sallyport-probe-'))
      try {
        const asked = modules.map((_, at) => join(work, `probe${at}.rego`))
        for (const [at, path] of asked.entries()) await writeFile(path, modules[at] ?? '')
        await writeFile(join(work, 'input.json'), JSON.stringify(input))
        const data = [...paths, ...asked].flatMap((path) => ['-d', path])
        const ignored = ignore.flatMap((pattern) => ['--ignore', pattern])
        const args = ['eval', '--format', 'json', '-i', join(work, 'input.json')]
        const said = await ran(opa, [...args, ...data, ...ignored, query], {
          timeoutMs: OPA_MS,
          cwd: root,
        })
        return resultOf(JSON.parse(said))
      } finally {
        await rm(work, { recursive: true, force: true })
      }
    },
  }
}

async function parsed(root: string, file: string, opa: string): Promise<ParsedFile> {
  const args = ['parse', '--format', 'json', '--json-include', 'locations', file]
  const [text, tree] = await Promise.all([
    readFile(join(root, file), 'utf8'),
    ran(opa, args, { timeoutMs: OPA_MS, cwd: root }),
  ])
  return { file, text, tree: JSON.parse(tree) }
}

function resultOf(said: unknown): unknown {
  const { result } = said as {
    readonly result?: readonly { readonly expressions: readonly { readonly value: unknown }[] }[]
  }
  return result?.[0]?.expressions[0]?.value
}

// As `opa` would find them: without tests and hidden folders.
async function regoFiles(folder: PolicyFolder): Promise<readonly string[]> {
  const { root, policies, data } = folder
  const found = new Set<string>()
  const aside = policies === root ? [join(root, 'tests'), join(root, 'schemas')] : []
  for (const start of new Set([policies, data])) await collect(start, root, aside, found)
  return [...found].sort()
}

async function collect(
  at: string,
  root: string,
  aside: readonly string[],
  found: Set<string>,
): Promise<void> {
  for (const name of await readdir(at)) {
    const path = join(at, name)
    if (name.startsWith('.') || aside.includes(path)) continue
    if ((await stat(path)).isDirectory()) await collect(path, root, aside, found)
    else if (name.endsWith('.rego') && !name.endsWith('_test.rego')) found.add(relative(root, path))
  }
}
