// Is a bundle what its sources make? Whoever signs second need not believe who built first: the same commit
// gives the same bytes, so what was handed over can be made again and compared.
import { bundleFiles, SIGNATURES_FILE } from '../../../engine/policy/bundle-files.js'
import { buildBundle } from '../build.js'

// In words, file by file; none where the bundle is what this OPA makes of this folder.
export async function differencesFrom(
  bytes: Uint8Array,
  source: { readonly opa: string; readonly folder: string },
): Promise<readonly string[]> {
  const [given, made] = [await bundleFiles(bytes), await bundleFiles(await buildBundle(source))]
  const names = [...new Set([...given.keys(), ...made.keys()])].sort()
  return names.flatMap((name) => {
    if (name === SIGNATURES_FILE) return []
    const [one, other] = [given.get(name), made.get(name)]
    if (one === undefined) return [`${name} is missing`]
    if (other === undefined) return [`${name} is not among the sources`]
    if (one.equals(other)) return []
    return [name === '.manifest' ? manifestDifference(one, other) : `${name} differs`]
  })
}

function manifestDifference(one: Buffer, other: Buffer): string {
  const [given, made] = [memberOf(one, 'revision'), memberOf(other, 'revision')]
  if (given !== made) return `it was built from ${given}, and the folder is at ${made}`
  const [by, ours] = [opaOf(one), opaOf(other)]
  if (by !== ours) return `it was compiled by OPA ${by}, and this is ${ours}`
  return '.manifest differs'
}

function opaOf(manifest: Buffer): string {
  return memberOf(manifest, 'metadata', 'sallyport_opa')
}

function memberOf(manifest: Buffer, ...steps: readonly string[]): string {
  let found: unknown = JSON.parse(manifest.toString('utf8'))
  for (const step of steps) {
    found = typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined
  }
  return typeof found === 'string' && found !== '' ? found : 'nothing that says so'
}
