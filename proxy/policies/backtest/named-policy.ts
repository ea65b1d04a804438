// A policy by the name that somebody gave it on the command line: a bundle file, a folder that is built now,
// or a folder as it was at a Git revision (`main:policies`). Git is asked and never told: nobody's work
// tree is touched.
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { policyOf } from '../../../engine/policy/bundle.js'
import { bundleFiles } from '../../../engine/policy/bundle-files.js'
import type { Policy } from '../../../engine/policy/policy.js'
import { GatewayError } from '../../errors.js'
import { buildBundle } from '../build.js'
import { bundledInvariants } from '../invariants/check.js'
import type { Invariant } from '../invariants/read-invariants.js'
import { folderAt, resolvedFolder } from './git-folder.js'
import type { Side } from './report.js'

export type NamingOptions = {
  // Asked for only where something has to be built.
  readonly opa: () => Promise<string>
  readonly cwd: string
  readonly fuel: number
}

export type NamedPolicy = {
  readonly side: Side
  readonly policy: Policy
  // Rules and data, as they stand in the bundle.
  readonly files: ReadonlyMap<string, Buffer>
  // Those that it carries.
  readonly invariants: readonly Invariant[]
}

export async function namedPolicy(name: string, options: NamingOptions): Promise<NamedPolicy> {
  const { bytes, revision } = await bytesOf(name, options)
  let policy: Policy
  try {
    policy = await policyOf(bytes, { id: 1, fuel: options.fuel })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('bundle_invalid', `${name}: ${why}`, { cause })
  }
  const side = { name, revision: revision ?? policy.revision, digest: policy.digest }
  const files = await bundleFiles(bytes)
  return { side, policy, files, invariants: bundledInvariants(files) }
}

async function bytesOf(
  name: string,
  options: NamingOptions,
): Promise<{ readonly bytes: Uint8Array; readonly revision?: string }> {
  const path = resolve(options.cwd, name)
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() === true) return { bytes: await readFile(path) }
  if (found !== undefined) return { bytes: await built(name, path, options) }
  const place = /^([^:]+):(.*)$/.exec(name)
  if (place === null) {
    throw new GatewayError(
      'not_found',
      `there is no ${name}: name a bundle file, a folder of policies, or a folder at a Git ` +
        'revision, such as main:policies',
    )
  }
  const [, revision = '', folder = ''] = place
  const { tree, commit } = await resolvedFolder(options.cwd, revision, folder)
  return {
    revision: commit,
    bytes: await folderAt(options.cwd, tree, (at) => built(name, at, options)),
  }
}

async function built(name: string, folder: string, options: NamingOptions): Promise<Buffer> {
  try {
    return await buildBundle({ opa: await options.opa(), folder })
  } catch (cause) {
    if (!(cause instanceof GatewayError)) throw cause
    throw new GatewayError(cause.code, `${name}: ${cause.message}`, { cause })
  }
}
