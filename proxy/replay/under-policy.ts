// The bundle that a film is shown under, by the name somebody gave it: one that was kept beside the record,
// by its digest, the beginning of it, or its revision. Only what was kept is ever found here; files and
// folders are for the command line.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { policyOf } from '../../engine/policy/bundle.js'
import type { Policy } from '../../engine/policy/policy.js'
import { GatewayError } from '../errors.js'
import { keptBundle } from '../recording/kept-bundles.js'
import { BUNDLES_FOLDER } from '../recording/segment.js'
import type { KnownBundle } from './record-survey.js'

// Short beginnings of digests name too much.
const PREFIX = /^(?:sha256:)?([0-9a-f]{8,64})$/

// Bundles loaded at a time; each holds megabytes.
const LOADED_MAX = 3

export type KeptPolicies = {
  readonly named: (name: string) => Promise<Policy>
  readonly of: (digest: string) => Promise<Policy | undefined>
}

// `fuel`: for bundles whose activation does not say what budget they had.
export function createKeptPolicies(
  directory: string,
  fuel: number,
  bundles: () => Promise<ReadonlyMap<string, KnownBundle>>,
): KeptPolicies {
  const loaded = new Map<string, Promise<Policy | undefined>>()

  const load = async (digest: string): Promise<Policy | undefined> => {
    const bytes = keptBundle(directory, digest)
    if (bytes === undefined) return undefined
    try {
      return await policyOf(bytes, { id: 0, fuel: (await bundles()).get(digest)?.fuel ?? fuel })
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new GatewayError('bundle_invalid', `${digest}: ${why}`, { cause })
    }
  }

  const of = (digest: string): Promise<Policy | undefined> => {
    const policy = loaded.get(digest) ?? load(digest)
    loaded.delete(digest)
    loaded.set(digest, policy)
    const [oldest] = loaded.keys()
    if (loaded.size > LOADED_MAX && oldest !== undefined) loaded.delete(oldest)
    return policy
  }

  return {
    of,
    async named(name) {
      const digest = byDigest(directory, name) ?? byRevision(await bundles(), name)
      const policy = digest === undefined ? undefined : await of(digest)
      if (policy !== undefined) return policy
      throw new GatewayError(
        'not_found',
        `no bundle ${name} was kept beside the record: name one by its digest or revision`,
      )
    },
  }
}

function byDigest(directory: string, name: string): string | undefined {
  const [, hex] = PREFIX.exec(name) ?? []
  if (hex === undefined) return undefined
  const found = keptNames(directory).filter((one) => one.startsWith(hex))
  if (found.length > 1)
    throw new GatewayError('not_found', `${found.length} bundles begin with ${name}`)
  return found[0] === undefined ? undefined : `sha256:${found[0]}`
}

function keptNames(directory: string): readonly string[] {
  let names: readonly string[]
  try {
    names = readdirSync(join(directory, BUNDLES_FOLDER))
  } catch (cause) {
    if (cause instanceof Error && Reflect.get(cause, 'code') === 'ENOENT') return []
    throw new GatewayError('not_found', `the bundles kept in ${directory} cannot be read`, {
      cause,
    })
  }
  return names.flatMap((name) => /^([0-9a-f]{64})\.tar\.gz$/.exec(name)?.[1] ?? [])
}

// The last bundle of that revision.
function byRevision(bundles: ReadonlyMap<string, KnownBundle>, name: string): string | undefined {
  if (name === '') return undefined
  return [...bundles].findLast(([, { revision }]) => revision === name)?.[0]
}
