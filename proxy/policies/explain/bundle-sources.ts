// The Rego files and the data of a bundle. It was taken apart and checked before it decided anything
// (`engine/policy/bundle.ts`); this only finds what can be read in it.
import { gunzipSync } from 'node:zlib'
import { extract } from 'tar-stream'
import { valueAt } from './json-value.js'

const BYTES_MAX = 64 * 1024 * 1024

export async function bundleFiles(bytes: Uint8Array): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>()
  const reading = extract()
  reading.end(gunzipSync(bytes, { maxOutputLength: BYTES_MAX }))
  for await (const entry of reading) {
    const name = entry.header.name.replace(/^(?:\.?\/)+/, '')
    const parts: Buffer[] = []
    for await (const part of entry) parts.push(part as Buffer)
    const wanted = name.endsWith('.rego') || name === 'data.json'
    if (!wanted || entry.header.type !== 'file' || name.split('/').includes('..')) continue
    files.set(name, Buffer.concat(parts))
  }
  return files
}

// One value of a bundle's data; undefined where there is none.
export async function bundleData(bytes: Uint8Array, path: readonly string[]): Promise<unknown> {
  const text = (await bundleFiles(bytes)).get('data.json')?.toString('utf8')
  return text === undefined ? undefined : valueAt(JSON.parse(text), path)
}
