// Where policies come from while the gateway runs: a folder of Rego, built again on each save, or a
// bundle file. A new policy replaces the old one as a whole, between two commands; one that cannot be
// used is refused with the reason, and the old one stays.
import { readFile, stat } from 'node:fs/promises'
import { policyOf } from '../../engine/policy/bundle.js'
import type { Policy } from '../../engine/policy/policy.js'
import { GatewayError } from '../errors.js'
import { buildBundle } from './build.js'
import { watched } from './watch.js'

export type PolicySource = {
  readonly current: () => Policy
  // Builds or reads again at once; true where another policy is active afterwards.
  readonly reload: () => Promise<boolean>
  readonly close: () => void
}

export type PolicySourceOptions = {
  readonly source: string
  readonly fuel: number
  // Found only when a folder has to be built.
  readonly opa: () => Promise<string>
  // Before activation: the bundle must be kept for as long as its decisions are.
  readonly keep: (digest: string, bytes: Uint8Array) => void
  readonly onActivated: (policy: Policy) => void
  readonly onRefused: (reason: string) => void
}

// Rejects where there is no usable policy to begin with.
export async function openPolicySource(options: PolicySourceOptions): Promise<PolicySource> {
  let activations = 0
  const load = async (): Promise<Policy> => {
    const bytes = await bundleBytes(options)
    try {
      const policy = await policyOf(bytes, { id: activations + 1, fuel: options.fuel })
      options.keep(policy.digest, bytes)
      return policy
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause
      throw new GatewayError('bundle_invalid', reasonOf(cause), { cause })
    }
  }
  let policy = await load().catch((problem: unknown) => {
    options.onRefused(reasonOf(problem))
    throw problem
  })
  activations++
  options.onActivated(policy)

  const activate = async (): Promise<boolean> => {
    try {
      const next = await load()
      if (next.digest === policy.digest) return false
      activations++
      policy = next
      options.onActivated(next)
      return true
    } catch (problem) {
      options.onRefused(reasonOf(problem))
      return false
    }
  }
  // One at a time, so that the last save wins.
  let running: Promise<boolean> = Promise.resolve(false)
  const reload = (): Promise<boolean> => (running = running.then(activate))
  const watching = watched(options.source, () => void reload())
  return {
    current: () => policy,
    reload,
    close: () => watching.close(),
  }
}

async function bundleBytes({ source, opa }: PolicySourceOptions): Promise<Buffer> {
  const found = await stat(source).catch((cause: unknown) => {
    throw new GatewayError('bundle_invalid', `there are no policies at ${source}`, { cause })
  })
  return found.isDirectory() ? buildBundle({ opa: await opa(), folder: source }) : readFile(source)
}

function reasonOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem)
}
