// Digests of a bundle’s files as OPA computes them for signatures: of the bytes, except for documents
// that it reads as JSON, where neither spaces nor the order of keys count.
import { createHash } from 'node:crypto'
import { SIGNATURES_FILE, type BundleFiles } from '../../../engine/policy/bundle-files.js'
import type { SignedFile } from './signatures-file.js'
import { structuredText } from './structured-text.js'

// OPA also knows MD5 and SHA-1, which prove nothing any more.
const ALGORITHMS: Readonly<Record<string, string>> = {
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
}
// Other data files than this one are in no bundle that we read.
const STRUCTURED = ['data.json', '.manifest']

export function signedFiles(files: BundleFiles): readonly SignedFile[] {
  return namesOf(files).map((name) => ({
    name,
    hash: digestFor('sha256', name, files.get(name) ?? Buffer.alloc(0)),
    algorithm: 'SHA-256',
  }))
}

// The first thing in which the files differ from those that were signed.
export function differenceOf(
  files: BundleFiles,
  signed: readonly SignedFile[],
): string | undefined {
  const byName = new Map(signed.map((file) => [file.name.replace(/^\//, ''), file]))
  if (byName.size !== signed.length) return 'it lists a file twice'
  for (const name of namesOf(files)) {
    const file = byName.get(name)
    if (file === undefined) return `${name} is in the bundle, but was not signed`
    const algorithm = Object.hasOwn(ALGORITHMS, file.algorithm)
      ? ALGORITHMS[file.algorithm]
      : undefined
    if (algorithm === undefined) {
      return `${name} has a digest by “${file.algorithm}”; ${Object.keys(ALGORITHMS).join(', ')} count`
    }
    const digest = digestFor(algorithm, name, files.get(name) ?? Buffer.alloc(0))
    if (file.hash.toLowerCase() !== digest) return `${name} is not as it was signed`
    byName.delete(name)
  }
  const [missing] = byName.keys()
  return missing === undefined ? undefined : `${missing} was signed, but is not in the bundle`
}

function namesOf(files: BundleFiles): readonly string[] {
  return [...files.keys()].filter((name) => name !== SIGNATURES_FILE).sort()
}

function digestFor(algorithm: string, name: string, bytes: Buffer): string {
  const hash = createHash(algorithm)
  if (!STRUCTURED.includes(name)) return hash.update(bytes).digest('hex')
  return hash.update(structuredText(name, bytes)).digest('hex')
}
