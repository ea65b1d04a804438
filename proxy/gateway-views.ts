// The gateway as people see it in the console: its targets, its health, and the bundles that were in force.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from './clock.js'
import type { Settings } from './config/settings.js'
import { bundleDifference } from './gateway-bundles.js'
import type { GatewayPolicies } from './gateway-policies.js'
import type { OpenSessions } from './open-sessions.js'
import { chosen } from './policies/serving/history.js'
import type { Recorder } from './recording/recorder.js'
import type { CatalogueStore } from './targets/catalogue-store.js'
import type { HealthView, TargetView } from './web/gateway-api.js'
import type { PolicyOperations } from './web/policy-api.js'

export type ViewParts = {
  readonly settings: () => Settings
  readonly policies: GatewayPolicies
  readonly catalogues: Pick<CatalogueStore, 'ages'>
  readonly open: Pick<OpenSessions, 'all' | 'count'>
  readonly holds: () => number
  readonly recorder: Pick<Recorder, 'healthy' | 'lag'>
  readonly version: string
  readonly clock: Clock
}

// Names that were not read for so many of their own periods are stale.
const PERIODS = 3

export function targetViews({ settings, catalogues, open }: ViewParts): readonly TargetView[] {
  const ages = catalogues.ages()
  const live = open.all()
  return settings().targets.map(({ name, kind, labels, database, databases, catalogue }) => {
    const known = ages.filter((one) => one.target === name)
    const ageMs = Math.max(0, ...known.map((one) => one.ageMs))
    const stale = ageMs > PERIODS * catalogue.refreshMs
    return {
      name,
      kind,
      labels,
      database,
      databases,
      state: known.length === 0 ? 'unknown' : stale ? 'stale' : 'current',
      ...(known.length === 0
        ? {}
        : {
            catalogue: {
              age_ms: ageMs,
              relations: known.reduce((sum, { relations }) => sum + relations, 0),
            },
          }),
      sessions: live.filter(({ session }) => session.target.name === name).length,
    }
  })
}

export function createHealthView(parts: ViewParts): () => HealthView {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const startedMs = parts.clock.now()
  return () => {
    const { policies, recorder, open } = parts
    const { digest, revision } = policies.current()
    const p99 = delay.percentile(99) / 1e6
    delay.reset()
    return {
      version: parts.version,
      node: process.versions.node,
      started_at: new Date(startedMs).toISOString(),
      record: { healthy: recorder.healthy(), lag: recorder.lag() },
      bundle: {
        digest,
        revision,
        age_ms: Math.max(0, policies.ageMs()),
        freshness: policies.freshness(),
        held: policies.isHeld(),
      },
      sessions: open.count(),
      holds: parts.holds(),
      memory_bytes: process.memoryUsage.rss(),
      event_loop_p99_ms: Number.isFinite(p99) ? Math.round(p99 * 10) / 10 : 0,
    }
  }
}

export function policyViews({ settings, policies }: ViewParts): PolicyOperations {
  const { operations } = policies
  return {
    ...operations,
    history: () => {
      const { active, history } = operations.view()
      return { active: active.digest, history: [...history].reverse() }
    },
    compared: async (from, to) => {
      const { history, shadow } = operations.view()
      const shadowed =
        shadow === null
          ? []
          : [{ digest: shadow.bundle, content: '', revision: shadow.revision, at_ms: 0 }]
      const all = [...history, ...shadowed]
      const [one, other] = [chosen(all, from), chosen(all, to)]
      return bundleDifference(settings().record.directory, sideOf(one), sideOf(other))
    },
  }
}

function sideOf({ digest, revision }: { readonly digest: string; readonly revision: string }) {
  return { digest, revision }
}
