// What the verbs of `sallyport policy` share: their arguments, the OPA they use, the bundle they ask, and
// the names of databases that they read commands with.
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { policyOf } from '../../../engine/policy/bundle.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import { DEFAULTS } from '../../config/defaults.js'
import { GatewayError } from '../../errors.js'
import { buildBundle } from '../../policies/build.js'
import { policyFolder, type PolicyFolder } from '../../policies/folder.js'
import { findOpa } from '../../policies/opa.js'
import { ddlCatalogue, withLabels } from '../../policies/rehearsal/catalogue.js'
import { targetOf } from '../../policies/rehearsal/situation.js'
import type { Io } from '../io.js'
import { toolCache } from '../serve.js'

export { argumentsOf, formatArgument } from '../arguments.js'

// The folder named, or the current one.
export function folderArgument(
  positionals: readonly string[],
  io: Pick<Io, 'cwd'>,
): Promise<PolicyFolder> {
  if (positionals.length > 1) {
    throw new GatewayError('usage', `one folder at a time, not ${positionals.join(' ')}`)
  }
  return policyFolder(resolve(io.cwd, positionals[0] ?? '.'))
}

// The path of an OPA; what takes time is told on standard error.
export async function opaFor(io: Io): Promise<string> {
  const progress = (what: string): void => void io.stderr.write(`${what}\n`)
  return (await findOpa({ env: io.env, cache: toolCache(io), progress })).path
}

// A bundle file as it is, or a folder built now.
export async function policyAt(
  place: string | PolicyFolder,
  io: Io,
  fuel?: number,
): Promise<{ readonly policy: Policy; readonly bytes: Uint8Array }> {
  const bytes = await bundleBytesAt(place, io)
  const budget = fuel ?? (typeof place === 'string' ? undefined : place.settings.fuel)
  try {
    const policy = await policyOf(bytes, { id: 1, fuel: budget ?? DEFAULTS.fuel })
    return { policy, bytes }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    const name = typeof place === 'string' ? place : place.root
    throw new GatewayError('bundle_invalid', `${name}: ${why}`, { cause })
  }
}

async function bundleBytesAt(place: string | PolicyFolder, io: Io): Promise<Uint8Array> {
  if (typeof place !== 'string') return buildBundle({ opa: await opaFor(io), folder: place.root })
  const path = resolve(io.cwd, place)
  if (!path.endsWith('.tar.gz')) return buildBundle({ opa: await opaFor(io), folder: path })
  return readFile(path).catch((cause: unknown) => {
    throw new GatewayError('not_found', `${place} cannot be read`, { cause })
  })
}

// The names of a target of the settings, labelled by this policy. Without DDL there are no tables.
export async function catalogueFor(
  folder: PolicyFolder,
  target: string,
  policy: Policy,
  io: Io,
): Promise<Catalogue> {
  const { facts, catalogue } = targetOf(folder.settings, target)
  const ddl = await Promise.all(
    catalogue.map(async (file) => ({
      file,
      text: await readFile(join(folder.root, file), 'utf8').catch((cause: unknown) => {
        throw new GatewayError('not_found', `the DDL ${file} of target ${target} is not there`, {
          cause,
        })
      }),
    })),
  )
  const progress = (what: string): void => void io.stderr.write(`${what}\n`)
  const names = await ddlCatalogue({
    ddl,
    database: facts.database,
    cache: toolCache(io),
    progress,
  })
  const unlabelled = folder.settings.targets?.[target]?.unlabelled === 'mask'
  return withLabels(names, policy.labels, unlabelled)
}
