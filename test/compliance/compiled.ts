// A case's modules and query as Wasm, by the real OPA. What was compiled before is kept by its digest
// beside our other tools, so that a second run compiles nothing.
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { OPA_VERSION, ran } from '../../proxy/policies/opa.js'
import { unpacked } from '../engine/policy/opa-lab.js'
import { TOOL_CACHE } from '../peers/gateway-config.js'
import type { Case } from './cases.js'

export const ENTRYPOINT = 'sallyport_compliance/answers'

const OPA_MS = 60_000
const CACHE = join(TOOL_CACHE, 'compliance')

export type Compiled = { readonly wasm: Uint8Array } | { readonly refused: string }

export async function compiled(opa: string, one: Case): Promise<Compiled> {
  const modules = [...one.modules, wrapperOf(one)]
  const key = createHash('sha256')
    .update(JSON.stringify([OPA_VERSION, modules]))
    .digest('hex')
  const kept = join(CACHE, key.slice(0, 2), key)
  const found = await readFile(kept).catch(() => undefined)
  if (found !== undefined) return read(found)
  const made = await built(opa, modules)
  await mkdir(join(CACHE, key.slice(0, 2)), { recursive: true })
  const passing = `${kept}.${randomUUID()}`
  await writeFile(passing, made)
  await rename(passing, kept)
  return read(made)
}

// Wasm as it is kept: compressed, behind one byte; or the words with which OPA refused.
function read(bytes: Buffer): Compiled {
  const rest = bytes.subarray(1)
  return bytes[0] === 0 ? { refused: rest.toString('utf8') } : { wasm: gunzipSync(rest) }
}

async function built(opa: string, modules: readonly string[]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-compliance-'))
  try {
    const names = modules.map((_, at) => `module-${at}.rego`)
    await Promise.all(modules.map((text, at) => writeFile(join(folder, names[at] ?? ''), text)))
    const args = ['build', '-t', 'wasm', '-O', '0', '-e', ENTRYPOINT, '-o', 'out.tar.gz']
    await ran(opa, [...args, ...names], { timeoutMs: OPA_MS, cwd: folder })
    const files = await unpacked(await readFile(join(folder, 'out.tar.gz')))
    const wasm = files.get('/policy.wasm')
    if (wasm === undefined) throw new Error('OPA built no Wasm')
    return Buffer.concat([Uint8Array.of(1), gzipSync(wasm)])
  } catch (problem) {
    const why = problem instanceof Error ? problem.message : String(problem)
    return Buffer.concat([Uint8Array.of(0), Buffer.from(why)])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

// The query as a rule: each set of bindings is an object of its variables.
function wrapperOf({ query, wanted }: Case): string {
  const first = wanted.bindings?.[0]
  const names =
    first !== undefined && first !== null && typeof first === 'object' && 'object' in first
      ? first.object.map(([key]) => String(key))
      : []
  const bindings = names.map((name) => `${JSON.stringify(name)}: ${name}`).join(', ')
  return `package sallyport_compliance\n\nanswers contains {${bindings}} if {\n\t${query}\n}\n`
}
