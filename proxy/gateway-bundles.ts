// Two bundles that are kept beside the record, held against each other file by file: what people look at
// before they ask what a change decides. Also the groups that the one in force speaks of.
import { bundleFiles } from '../engine/policy/bundle-files.js'
import { readManifest } from '../engine/policy/bundle-manifest.js'
import { GatewayError } from './errors.js'
import { bundleData } from './policies/explain/bundle-sources.js'
import { keptBundle } from './recording/kept-bundles.js'

export type Side = { readonly digest: string; readonly revision: string }

export type BundleDifference = {
  readonly from: Side
  readonly to: Side
  readonly rules: { readonly added: readonly string[]; readonly removed: readonly string[] }
  readonly files: readonly FileDifference[]
}

type FileDifference = {
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  // Absent where it was not there, or where all together would be too large.
  readonly before?: string
  readonly after?: string
}

// Of all texts together; beyond it files are only named.
const BYTES_MAX = 4 * 1024 * 1024
// What people wrote: the rest is built from it.
const WRITTEN = /(\.rego|^data\.json)$/

export async function bundleDifference(
  directory: string,
  from: Side,
  to: Side,
): Promise<BundleDifference> {
  const [before, after] = [await filesOf(directory, from), await filesOf(directory, to)]
  let room = BYTES_MAX
  const shown = (bytes: Buffer | undefined): string | undefined => {
    room -= bytes?.length ?? 0
    return room < 0 ? undefined : bytes?.toString('utf8')
  }
  const all = [...before.keys(), ...after.keys()].filter((name) => WRITTEN.test(name))
  const paths = [...new Set(all)].sort()
  const files = paths.flatMap((path): FileDifference[] => {
    const [one, other] = [before.get(path), after.get(path)]
    if (one !== undefined && other !== undefined && one.equals(other)) return []
    const change = one === undefined ? 'added' : other === undefined ? 'removed' : 'changed'
    const [old, now] = [shown(one), shown(other)]
    return [
      {
        path,
        change,
        ...(old === undefined ? {} : { before: old }),
        ...(now === undefined ? {} : { after: now }),
      },
    ]
  })
  const [had, has] = [rulesIn(before), rulesIn(after)]
  return {
    from,
    to,
    rules: {
      added: [...has].filter((id) => !had.has(id)).sort(),
      removed: [...had].filter((id) => !has.has(id)).sort(),
    },
    files,
  }
}

async function filesOf(directory: string, { digest }: Side): Promise<ReadonlyMap<string, Buffer>> {
  const bytes = keptBundle(directory, digest)
  if (bytes !== undefined) return bundleFiles(bytes)
  throw new GatewayError('not_found', `the bundle ${digest} is not kept beside the record`)
}

function rulesIn(files: ReadonlyMap<string, Buffer>): ReadonlySet<string> {
  return new Set((readManifest(files.get('.manifest')).rules ?? []).map(({ id }) => id))
}

// Names of groups in the data of the bundle: the lists under `teams`, and whoever terms wait for.
export async function groupsOfBundle(
  directory: string,
  digest: string,
): Promise<readonly string[]> {
  const bytes = keptBundle(directory, digest)
  if (bytes === undefined) return []
  const teams = await bundleData(bytes, ['teams'])
  const lists = typeof teams === 'object' && teams !== null ? Object.values(teams) : []
  return lists.flat().filter((one): one is string => typeof one === 'string')
}
