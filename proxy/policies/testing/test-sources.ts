// Where each test stands in its file, so that some can be taken out of a workspace for a while: what OPA
// cannot compile to Wasm must not keep the others from it. Rows stay as they are.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OpaTest } from './opa-tests.js'
import type { TestWorkspace } from './test-workspace.js'

export type TestSources = ReadonlyMap<string, readonly TestRule[]>

type TestRule = { readonly name: string; readonly from: number; readonly to: number }

type Run = (args: readonly string[]) => Promise<string>

// By file, as OPA names it.
export async function testSources(run: Run, workspace: TestWorkspace): Promise<TestSources> {
  const names = await readdir(workspace.root, { recursive: true })
  const files = names.filter((name) => name.endsWith('_test.rego'))
  const rules = files.map(async (file) => [file, await rulesIn(run, file)] as const)
  return new Map(await Promise.all(rules))
}

// Leaves only the tests of the group; the answer puts the others back.
export async function withoutTests(
  sources: TestSources,
  { root }: TestWorkspace,
  kept: readonly OpaTest[],
): Promise<() => Promise<void>> {
  const before: (readonly [string, string])[] = []
  for (const [file, rules] of sources) {
    const stay = kept.filter((one) => one.file === file).map((one) => one.name.replace(/#\d+$/, ''))
    const path = join(root, file)
    const text = await readFile(path, 'utf8')
    before.push([path, text])
    const lines = text.split('\n')
    for (const { name, from, to } of rules) {
      if (!stay.includes(name)) lines.fill('', from - 1, to)
    }
    await writeFile(path, lines.join('\n'))
  }
  return async () => {
    for (const [path, text] of before) await writeFile(path, text)
  }
}

async function rulesIn(run: Run, file: string): Promise<readonly TestRule[]> {
  const args = ['parse', '--format', 'json', '--json-include', 'locations', file]
  const tree = JSON.parse(await run(args)) as {
    readonly rules?: readonly {
      readonly head?: { readonly name?: string; readonly ref?: readonly { value?: unknown }[] }
      readonly location?: { readonly row?: number; readonly text?: string }
    }[]
  }
  return (tree.rules ?? []).flatMap(({ head, location }) => {
    const name = String(head?.ref?.[0]?.value ?? head?.name ?? '')
    const from = location?.row
    if (!/^(todo_)?test_/.test(name) || from === undefined) return []
    const text = Buffer.from(location?.text ?? '', 'base64').toString('utf8')
    return [{ name, from, to: from + text.split('\n').length - 1 }]
  })
}
