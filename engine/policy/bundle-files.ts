// The files of an OPA bundle (`bundle.tar.gz`), taken out of its bytes in one way for everybody: what is
// verified is what decides. Whatever would be passed over in silence refuses the bundle.
import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { extract, type Extract, type Header } from 'tar-stream'
import { canonicalJson } from '../canonical.js'
import { BundleProblem } from './bundle-problem.js'

export type BundleFiles = ReadonlyMap<string, Buffer>

export const SIGNATURES_FILE = '.signatures.json'

// Unpacked; more is no policy.
const BUNDLE_BYTES_MAX = 64 * 1024 * 1024
const FILES_MAX = 4096

// By names without a leading slash. Rejects with a BundleProblem of the step `archive`.
export async function bundleFiles(bytes: Uint8Array): Promise<BundleFiles> {
  try {
    return await read(bytes)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new BundleProblem('archive', why, { cause })
  }
}

async function read(bytes: Uint8Array): Promise<BundleFiles> {
  const reading = extract()
  reading.end(unzipped(bytes))
  const files = new Map<string, Buffer>()
  for await (const { header, content } of entriesOf(reading)) {
    if (header.type === 'directory') continue
    const name = header.name.replace(/^(?:\.?\/)+/, '')
    refuseEntry(name, header.type)
    if (files.has(name)) throw new Error(`the bundle holds “${name}” twice`)
    if (files.size === FILES_MAX) throw new Error('the bundle holds too many files')
    files.set(name, content)
  }
  return files
}

// Of all files by name, so that neither order nor packing matters.
export function digestOf(files: BundleFiles): string {
  return digestOfNamed([...files.keys()], files)
}

// The same whoever has signed the bundle.
export function contentDigestOf(files: BundleFiles): string {
  return digestOfNamed(
    [...files.keys()].filter((name) => name !== SIGNATURES_FILE),
    files,
  )
}

function digestOfNamed(names: string[], files: BundleFiles): string {
  const parts = names.sort().map((name) => [name, sha256(files.get(name) ?? Buffer.alloc(0))])
  return sha256(Buffer.from(canonicalJson(parts)))
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

function unzipped(bytes: Uint8Array): Buffer {
  if (bytes.length === 0) throw new Error('the bundle is empty: it was not downloaded or not built')
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    throw new Error('these bytes are no bundle: a bundle is a tar archive packed with gzip')
  }
  try {
    return gunzipSync(bytes, { maxOutputLength: BUNDLE_BYTES_MAX })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : ''
    if (code === 'Z_BUF_ERROR') throw new Error(CUT_SHORT, { cause })
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      throw new Error(`the bundle is larger than ${BUNDLE_BYTES_MAX} bytes unpacked`, { cause })
    }
    throw new Error('the bundle is damaged: gzip cannot unpack it. Fetch or build it again', {
      cause,
    })
  }
}

const CUT_SHORT = 'the bundle is cut short: its last bytes are missing. Fetch or build it again'

type Entry = { readonly header: Header; readonly content: Buffer }

async function* entriesOf(reading: Extract): AsyncGenerator<Entry> {
  try {
    for await (const entry of reading) {
      const parts: Buffer[] = []
      for await (const part of entry) parts.push(part as Buffer)
      yield { header: entry.header, content: Buffer.concat(parts) }
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    if (/unexpected end/i.test(why)) throw new Error(CUT_SHORT, { cause })
    throw new Error(`the bundle is damaged: its archive cannot be read (${why})`, { cause })
  }
}

// `opa build` merges all data into one file and all rules into one module. What stands beside them would
// be passed over in silence: labels of columns, or the rules themselves.
function refuseEntry(name: string, type: string | null | undefined): void {
  if (type !== 'file') throw new Error(`the bundle holds a ${type ?? 'thing'} “${name}”`)
  const parts = name.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw new Error(`the bundle holds a path “${name}”`)
  }
  const file = parts.at(-1) ?? ''
  const extraData = /^data\.(json|ya?ml)$/.test(file) && name !== 'data.json'
  const extraWasm = file.endsWith('.wasm') && name !== 'policy.wasm'
  const extraSignatures = file === SIGNATURES_FILE && name !== SIGNATURES_FILE
  const extraManifest = /\.manifest(\.pb)?$/.test(file) && name !== '.manifest'
  if (extraData || extraWasm || extraSignatures || extraManifest || name === 'patch.json') {
    throw new Error(`the bundle holds “${name}”, which would not be read: build it with opa build`)
  }
}
