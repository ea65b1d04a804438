// The policies of a running gateway: from their source to what decides, with every change recorded, counted
// and logged, and the few things that operators may do to them.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from './clock.js'
import type { BundleSourceSettings, PolicySettings } from './config/settings.js'
import { GatewayError } from './errors.js'
import type { Freshness } from './guard-freshness.js'
import type { Log } from './log.js'
import type { Metrics } from './metrics.js'
import { invariantProblem } from './policies/invariants/check.js'
import { findOpa } from './policies/opa.js'
import type { Verify } from './policies/serving/activation.js'
import { createOperations, type Operations } from './policies/serving/operations.js'
import { openServing, type Serving, type ServingEvent } from './policies/serving/serving.js'
import { openShadow, type Shadow } from './policies/serving/shadow.js'
import { openSource, type SourceOptions } from './policies/serving/source.js'
import { signatureRequirement } from './policies/signing/requirement.js'
import { verifiedBundle } from './policies/signing/verify.js'
import { keepBundle, keptBundle } from './recording/kept-bundles.js'
import type { Recorder } from './recording/recorder.js'

export type GatewayPoliciesParts = {
  readonly settings: PolicySettings
  // Where the record is: bundles are kept beside it, and what must outlive the process.
  readonly directory: string
  readonly recorder: Recorder
  readonly metrics: Pick<Metrics, 'bundleActivated' | 'bundleRefused' | 'shadowed'>
  readonly env: Readonly<Record<string, string | undefined>>
  // Where OPA is kept once it was fetched or built.
  readonly toolCache: string
  readonly progress: (what: string) => void
  readonly random: () => number
  readonly clock: Clock
  readonly log: Log
}

export type GatewayPolicies = Pick<Serving, 'current' | 'ageMs'> & {
  // Throws where something changed that cannot while the gateway runs.
  readonly check: (next: PolicySettings) => void
  // What may change is taken, and the source is looked at; true where another bundle is in force then.
  readonly reload: (next: PolicySettings) => Promise<boolean>
  readonly freshness: () => Freshness
  readonly isHeld: () => boolean
  readonly operations: Operations
  // After an answer: for the bundle in the shadow slot, where there is one.
  readonly observe: Shadow['observe'] | undefined
  readonly close: () => Promise<void>
}

// Of the budget: where the plainest cases take more, an operator is told. Refused is a quarter.
const DEAR_SHARE = 0.05

export async function gatewayPolicies(parts: GatewayPoliciesParts): Promise<GatewayPolicies> {
  const { directory, recorder, metrics, clock, log } = parts
  let { settings } = parts
  const { fuel } = settings
  const now = (): PolicySettings => settings
  const source = await openSource(sourceOptions(settings.source, parts))
  const serving = await openServing({
    source,
    fuel,
    verify: settings.signatures === undefined ? undefined : verifying(now),
    invariants: invariantProblem,
    keep: (digest, bytes) => keepBundle(directory, digest, bytes),
    keptBytes: (digest) => keptBundle(directory, digest),
    file: join(directory, 'policy.json'),
    olderMayReturn: source.kind !== 'server',
    clock,
    onActivated: (policy) => {
      metrics.bundleActivated(policy)
      const { digest: bundle, smokeFuel = 0 } = policy
      if (smokeFuel <= settings.fuel * DEAR_SHARE) return
      const about = { bundle, fuel: smokeFuel, budget: settings.fuel }
      log.warn(about, 'the plainest decisions take much of policy.fuel; others may run out of it')
    },
    onEvent: (event) => {
      recorder.bundle(event.event === 'activated' ? { ...event, fuel } : event)
      if (event.event === 'refused') metrics.bundleRefused(event.step)
      told(event, log)
    },
  }).catch((problem: unknown) => {
    source.close()
    throw problem
  })
  const shadow =
    settings.shadow === undefined ? undefined : await shadowOf(settings.shadow, parts, now)
  const freshness = (): Freshness => freshnessOf(serving.ageMs(), settings)
  return {
    current: serving.current,
    ageMs: serving.ageMs,
    check: (next) => checkFixed(settings, next),
    reload: (next) => {
      settings = next
      return serving.reload()
    },
    freshness,
    isHeld: () => serving.status().pin !== null,
    operations: createOperations({
      serving,
      operators: () => settings.operators,
      freshness,
      shadow: () => shadow?.report(),
    }),
    observe: shadow?.observe,
    close: async () => {
      serving.close()
      await shadow?.close()
    },
  }
}

async function shadowOf(
  source: BundleSourceSettings,
  parts: GatewayPoliciesParts,
  now: () => PolicySettings,
): Promise<Shadow> {
  const { settings, directory, recorder, metrics, clock, log } = parts
  const slot = 'shadow'
  return openShadow({
    source: await openSource(sourceOptions(source, parts)),
    fuel: settings.fuel,
    verify: settings.signatures === undefined ? undefined : verifying(now),
    keep: (digest, bytes) => keepBundle(directory, digest, bytes),
    clock,
    onReady: ({ digest: bundle, wasm, revision }) => {
      recorder.bundle({ event: 'activated', slot, bundle, wasm, revision })
      log.info({ bundle, revision }, 'a policy bundle decides in the shadow')
    },
    onRefused: (step, reason) => {
      recorder.bundle({ event: 'refused', slot, step, reason })
      log.warn({ step, reason }, 'a policy bundle for the shadow was refused')
    },
    onDivergence: ({ at_ms: _at, text: _text, ...divergence }, bundle, shadow) =>
      recorder.shadow({ ...divergence, bundle, shadow }),
    onCounted: metrics.shadowed,
  })
}

function freshnessOf(ageMs: number, { staleMs, denyMs }: PolicySettings): Freshness {
  if (denyMs !== undefined && ageMs > denyMs) return 'expired'
  return staleMs !== undefined && ageMs > staleMs ? 'stale' : 'fresh'
}

function told(event: ServingEvent, log: Log): void {
  const { event: what, ...about } = event
  switch (what) {
    case 'activated':
      return log.info(about, 'a policy bundle is active')
    case 'refused':
      return log.error(about, 'a policy bundle was refused; the one before stays active')
    case 'pinned':
    case 'rolled_back':
      return log.warn(about, 'the policies are held; what their source offers changes nothing')
    case 'unpinned':
      return log.warn(about, 'the policies follow their source again')
  }
}

function sourceOptions(source: BundleSourceSettings, parts: GatewayPoliciesParts): SourceOptions {
  if (source.kind === 'path') return { ...source, opa: () => opaFor(parts) }
  const { token, ca, ...rest } = source
  return {
    ...rest,
    token: token === undefined ? undefined : () => token.reveal(),
    ca: ca === undefined ? undefined : () => readFileSync(ca, 'utf8'),
    random: parts.random,
  }
}

// Found only when a folder has to be built.
async function opaFor({ env, toolCache, progress, log }: GatewayPoliciesParts): Promise<string> {
  const opa = await findOpa({ env, cache: toolCache, progress })
  const { path, version, origin } = opa
  log.info({ opa: path, version, origin }, 'policies are built with OPA')
  return path
}

// Keys are read each time, so that a rotated one counts from the next bundle on.
function verifying(now: () => PolicySettings): Verify {
  return async (bytes, atMs) => {
    const { signatures } = now()
    if (signatures === undefined) return undefined
    return verifiedBundle(bytes, await signatureRequirement(signatures), atMs)
  }
}

// Where bundles come from, and whether they must be signed at all, is settled at the start.
function checkFixed(before: PolicySettings, next: PolicySettings): void {
  const fixed = ({ source, shadow, fuel, signatures }: PolicySettings): string =>
    JSON.stringify([source, shadow, fuel, signatures !== undefined])
  if (fixed(before) === fixed(next)) return
  throw new GatewayError(
    'config_invalid',
    'policy.source, server, shadow, fuel, and whether signatures are required, cannot change while ' +
      'the gateway runs: start it again',
  )
}
