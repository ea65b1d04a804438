// Rego compiled by the real OPA, for tests of what runs it.
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import { ran } from '../../../proxy/policies/opa.js'
import { opaPath } from '../../rego/library.js'

const OPA_MS = 60_000

export type Sources = Readonly<Record<string, string>>

// The bundle's bytes as `opa build` writes them.
export async function builtBundle(
  sources: Sources,
  entrypoints: readonly string[],
): Promise<Buffer> {
  return withSources(sources, async (folder, opa) => {
    const args = entrypoints.flatMap((name) => ['-e', name])
    await ran(opa, ['build', '-t', 'wasm', ...args, '-o', 'out.tar.gz', '-b', 'src'], {
      timeoutMs: OPA_MS,
      cwd: folder,
    })
    return readFile(join(folder, 'out.tar.gz'))
  })
}

export async function builtWasm(
  sources: Sources,
  entrypoints: readonly string[],
): Promise<{ readonly wasm: Buffer; readonly data: string }> {
  const files = await unpacked(await builtBundle(sources, entrypoints))
  const wasm = files.get('/policy.wasm') ?? files.get('policy.wasm')
  if (wasm === undefined) throw new Error('OPA built no Wasm')
  return { wasm, data: (files.get('/data.json') ?? Buffer.from('{}')).toString('utf8') }
}

// What OPA itself answers; undefined where it has no answer.
export async function evaluatedByOpa(
  sources: Sources,
  query: string,
  input: unknown = {},
): Promise<unknown> {
  const said = JSON.parse(await saidByOpa(sources, query, input)) as {
    readonly result?: readonly { readonly expressions: readonly { readonly value: unknown }[] }[]
  }
  return said.result?.[0]?.expressions[0]?.value
}

// OPA's answer as JSON, with its `result` around it and every digit of its numbers.
export async function saidByOpa(sources: Sources, query: string, input: unknown): Promise<string> {
  return withSources(sources, async (folder, opa) => {
    await writeFile(join(folder, 'input.json'), JSON.stringify(input))
    const args = ['eval', '-b', 'src', '-i', 'input.json', '-f', 'json', query]
    return ran(opa, args, { timeoutMs: OPA_MS, cwd: folder })
  })
}

async function withSources<T>(
  sources: Sources,
  work: (folder: string, opa: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-opa-lab-'))
  try {
    for (const [name, text] of Object.entries(sources)) {
      const path = join(folder, 'src', name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    }
    return await work(folder, await opaPath())
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function unpacked(bundle: Uint8Array): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  const reading = extract()
  reading.end(gunzipSync(bundle))
  for await (const entry of reading) {
    const parts: Buffer[] = []
    for await (const part of entry) parts.push(part as Buffer)
    files.set(entry.header.name, Buffer.concat(parts))
  }
  return files
}

export async function packed(
  files: ReadonlyMap<string, Buffer> | readonly (readonly [string, Buffer])[],
): Promise<Buffer> {
  const writing = pack()
  for (const [name, content] of files) writing.entry({ name }, content)
  writing.finalize()
  const parts: Buffer[] = []
  for await (const part of writing) parts.push(part as Buffer)
  return gzipSync(Buffer.concat(parts))
}
