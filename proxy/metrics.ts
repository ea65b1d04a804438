// What Prometheus may ask about this gateway. One object with a plainly named function for each thing
// that happens, handed to the parts as hooks; none of them knows prom-client. Labels hold only values
// from closed or bounded lists, never a user, a text or a table.
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Action } from '../engine/schemas/decision.js'
import { decisionCounts } from './decision-counts.js'
import type { ErrorCode } from './errors.js'

// Rule ids come from the bundle, which can be replaced often: beyond this many the rest is `other`.
const RULES_MAX = 500

const HOLD_SECONDS = [1, 5, 15, 60, 300, 900, 3600, 14_400]

// Read when Prometheus asks, so that nothing needs to be counted on the way.
export type Readings = {
  readonly sessions?: () => number
  readonly holds?: () => number
  readonly grants?: () => number
  readonly recordLag?: () => number
  readonly recordHealthy?: () => boolean
  // Lines that no quorum of witnesses has seen, and since when.
  readonly unwitnessed?: () => { readonly lines: number; readonly ms: number }
  readonly publishLateMs?: () => number
  // Since the active bundle was last known to be what its source has.
  readonly policyAgeMs?: () => number
  readonly policyHeld?: () => boolean
  readonly recordingsHealthy?: () => boolean
  // In memory, waiting for the disk; on the disk, waiting for the store.
  readonly recordingsWaiting?: () => number
  readonly recordingsSpooled?: () => number
  // People signed in to the console, and streams of events that they have open.
  readonly signIns?: () => number
  readonly streams?: () => number
  // How far the search index is behind the record, and its size.
  readonly searchBehindBytes?: () => number
  readonly searchBehindMs?: () => number
  readonly searchBytes?: () => number
  // By target and database: milliseconds since its names were last read.
  readonly catalogueAgesMs?: () => readonly {
    readonly target: string
    readonly database: string
    readonly ageMs: number
  }[]
}

export type Metrics = {
  // `rule` is the first that spoke, or '' where none did.
  readonly decided: (action: Action, rule: string, microseconds: number, cached: boolean) => void
  readonly refused: (why: string, rule: string) => void
  readonly sessionOpened: (target: string) => void
  readonly sessionRefused: (why: string) => void
  readonly holdSettled: (outcome: string, waitedMs: number) => void
  readonly moved: (direction: 'to_client' | 'to_target', bytes: number) => void
  readonly rowsReturned: (rows: number, masked: number) => void
  readonly incident: (event: string) => void
  readonly witnessAnswered: (witness: string, outcome: string) => void
  readonly checkpointSent: (destination: string, outcome: string) => void
  // Recordings: something was seen, so many sealed bytes were written, something failed, one was deleted.
  readonly filmed: () => void
  readonly filmBytes: (bytes: number) => void
  readonly filmFailed: (what: string) => void
  readonly filmRemoved: (why: string) => void
  // Spans (traces) or log records that a collector took, or that were dropped, and why.
  readonly telemetrySent: (signal: string, items: number) => void
  readonly telemetryDropped: (signal: string, items: number, why: string) => void
  // A notice to approvers, by the kind of its way.
  readonly noticed: (notifier: string, outcome: string) => void
  readonly failed: (code: ErrorCode) => void
  // At the console: how an attempt came out.
  readonly signedIn: (outcome: string) => void
  readonly signInEnded: (why: string) => void
  // A stream of events: opened, ended, slow (let go) or refused.
  readonly streamed: (change: string) => void
  // Labels that followed data, and that somebody said are none, by target.
  readonly labelFollowed: (target: string) => void
  readonly labelDismissed: (target: string) => void
  readonly bundleActivated: (bundle: { readonly revision: string; readonly digest: string }) => void
  // `step` of the activation that refused it.
  readonly bundleRefused: (step?: string) => void
  // What the bundle in the shadow slot said beside the one that decided.
  readonly shadowed: (outcome: 'same' | 'differs' | 'dropped' | 'failed') => void
  // The page itself, and its media type.
  readonly page: () => Promise<string>
  readonly mediaType: string
}

export function createMetrics(
  readings: Readings,
  options: { readonly process?: boolean; readonly version?: string } = {},
): Metrics {
  const registry = new Registry()
  if (options.process !== false) collectDefaultMetrics({ register: registry })
  observe(registry, readings)
  const c = counters(registry)
  if (options.version !== undefined) {
    gauge(registry, 'build_info', 'the running version', ['version']).set(
      { version: options.version },
      1,
    )
  }
  const rules = new Set<string>()
  const boundedRule = (rule: string): string => {
    if (rules.has(rule)) return rule
    if (rules.size >= RULES_MAX) return 'other'
    rules.add(rule)
    return rule
  }
  return {
    decided: decisionCounts(registry, c.decisions, boundedRule).decided,
    refused: (why, rule) => c.refusals.inc({ why, rule: boundedRule(rule) }),
    sessionOpened: (target) => c.opened.inc({ target }),
    sessionRefused: (why) => c.sessionRefusals.inc({ why }),
    holdSettled: (outcome, waitedMs) => c.holdSeconds.observe({ outcome }, waitedMs / 1000),
    moved: (direction, bytes) => c.bytes.inc({ direction }, bytes),
    rowsReturned(rows, masked) {
      c.rows.inc(rows)
      c.masked.inc(masked)
    },
    incident: (event) => c.incidents.inc({ event }),
    witnessAnswered: (witness, outcome) => c.witnesses.inc({ witness, outcome }),
    checkpointSent: (destination, outcome) => c.published.inc({ destination, outcome }),
    filmed: () => c.frames.inc(),
    filmBytes: (bytes) => c.filmBytes.inc(bytes),
    filmFailed: (what) => c.filmFailures.inc({ what }),
    filmRemoved: (why) => c.filmsRemoved.inc({ why }),
    telemetrySent: (signal, items) => c.telemetrySent.inc({ signal }, items),
    telemetryDropped: (signal, items, why) => c.telemetryDropped.inc({ signal, why }, items),
    noticed: (notifier, outcome) => c.notices.inc({ notifier, outcome }),
    failed: (code) => c.errors.inc({ code }),
    signedIn: (outcome) => c.signIns.inc({ outcome }),
    signInEnded: (why) => c.signInEnds.inc({ why }),
    streamed: (change) => c.streams.inc({ change }),
    labelFollowed: (target) => c.labelsFollowed.inc({ target }),
    labelDismissed: (target) => c.labelsDismissed.inc({ target }),
    bundleActivated({ revision, digest }) {
      c.bundle.reset()
      c.bundle.set({ revision, digest }, 1)
      c.activations.inc({ outcome: 'activated' })
    },
    bundleRefused(step = '') {
      c.activations.inc({ outcome: 'refused' })
      c.bundleRefusals.inc({ step })
    },
    shadowed: (outcome) => c.shadowed.inc({ outcome }),
    page: () => registry.metrics(),
    mediaType: registry.contentType,
  }
}

function counters(registry: Registry) {
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: `sallyport_${name}`, help, labelNames, registers: [registry] })
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: number[],
  ) =>
    new Histogram({ name: `sallyport_${name}`, help, labelNames, buckets, registers: [registry] })
  return {
    decisions: counter('decisions_total', 'decisions by action and first rule', ['action', 'rule']),
    refusals: counter('refusals_total', 'commands that did not run', ['why', 'rule']),
    opened: counter('sessions_total', 'sessions opened', ['target']),
    sessionRefusals: counter('sessions_refused_total', 'sessions refused', ['why']),
    holdSeconds: histogram('hold_seconds', 'time a command was held', ['outcome'], HOLD_SECONDS),
    bytes: counter('bytes_total', 'bytes relayed', ['direction']),
    rows: counter('rows_total', 'rows returned to clients', []),
    masked: counter('masked_fields_total', 'fields masked on their way out', []),
    incidents: counter('incidents_total', 'incidents recorded', ['event']),
    witnesses: counter('witness_answers_total', 'answers of witnesses', ['witness', 'outcome']),
    published: counter('checkpoints_published_total', 'checkpoints sent elsewhere', [
      'destination',
      'outcome',
    ]),
    frames: counter('recording_frames_total', 'things recorded that a client sent or saw', []),
    filmBytes: counter('recording_bytes_total', 'sealed bytes of recordings written', []),
    filmFailures: counter('recording_failures_total', 'recordings that failed', ['what']),
    filmsRemoved: counter('recordings_deleted_total', 'recordings deleted', ['why']),
    telemetrySent: counter('telemetry_sent_total', 'spans and log records sent', ['signal']),
    telemetryDropped: counter('telemetry_dropped_total', 'and those dropped', ['signal', 'why']),
    notices: counter('notices_total', 'notices to approvers', ['notifier', 'outcome']),
    errors: counter('errors_total', 'errors by code', ['code']),
    signIns: counter('console_sign_ins_total', 'attempts to sign in to the console', ['outcome']),
    signInEnds: counter('console_sign_in_ends_total', 'sign-ins that ended', ['why']),
    streams: counter('console_streams_total', 'streams of events', ['change']),
    bundle: gauge(registry, 'bundle_info', 'the active bundle', ['revision', 'digest']),
    activations: counter('bundle_activations_total', 'bundles offered', ['outcome']),
    labelsFollowed: counter('labels_followed_total', 'labels that followed data', ['target']),
    labelsDismissed: counter('labels_dismissed_total', 'derived labels dismissed', ['target']),
    bundleRefusals: counter('bundle_refusals_total', 'bundles refused, by step', ['step']),
    shadowed: counter('shadow_decisions_total', 'commands decided in the shadow', ['outcome']),
  }
}

function gauge<L extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly L[],
  collect?: (set: (value: number, labels: Partial<Record<L, string>>) => void) => void,
): Gauge<L> {
  return new Gauge<L>({
    name: `sallyport_${name}`,
    help,
    labelNames,
    registers: [registry],
    ...(collect === undefined
      ? {}
      : {
          collect() {
            this.reset()
            collect((value, labels) => this.set(labels, value))
          },
        }),
  })
}

function observe(registry: Registry, readings: Readings): void {
  const single = (name: string, help: string, value: (() => number) | undefined): void => {
    if (value !== undefined) gauge(registry, name, help, [], (set) => set(value(), {}))
  }
  const { recordHealthy, catalogueAgesMs } = readings
  single('sessions_open', 'sessions open now', readings.sessions)
  single('holds_pending', 'commands and logins waiting for approval', readings.holds)
  single('grants_standing', 'access to targets that stands for a time', readings.grants)
  single('record_lag_lines', 'record lines not yet on the disk', readings.recordLag)
  single(
    'record_healthy',
    '1 while the record can be written',
    recordHealthy === undefined ? undefined : () => (recordHealthy() ? 1 : 0),
  )
  const { unwitnessed, publishLateMs } = readings
  const lag = unwitnessed ?? (() => ({ lines: 0, ms: 0 }))
  single('record_unwitnessed_lines', 'signed lines no quorum of witnesses saw', () => lag().lines)
  single('record_unwitnessed_seconds', 'since when that is so', () => lag().ms / 1000)
  const late = publishLateMs ?? (() => 0)
  single('checkpoint_late_seconds', 'that the newest checkpoint waits', () => late() / 1000)
  single('console_signed_in', 'people signed in to the console', readings.signIns)
  single('console_streams_open', 'streams of events open now', readings.streams)
  const { searchBehindMs: behind } = readings
  single(
    'search_behind_bytes',
    'of the record, not in the search index',
    readings.searchBehindBytes,
  )
  single(
    'search_behind_seconds',
    'since the search index had all of the record',
    behind === undefined ? undefined : () => behind() / 1000,
  )
  single('search_index_bytes', 'size of the search index', readings.searchBytes)
  const { policyAgeMs, policyHeld } = readings
  single(
    'bundle_age_seconds',
    'since the active bundle was last known to be what its source has',
    policyAgeMs === undefined ? undefined : () => policyAgeMs() / 1000,
  )
  single(
    'bundle_held',
    '1 while people hold the active bundle',
    policyHeld === undefined ? undefined : () => (policyHeld() ? 1 : 0),
  )
  const { recordingsHealthy } = readings
  single(
    'recordings_healthy',
    '1 while recordings can be written',
    recordingsHealthy === undefined ? undefined : () => (recordingsHealthy() ? 1 : 0),
  )
  single('recording_waiting_bytes', 'waiting for the disk', readings.recordingsWaiting)
  single('recording_spool_bytes', 'waiting for the store', readings.recordingsSpooled)
  if (catalogueAgesMs === undefined) return
  gauge(
    registry,
    'catalogue_age_seconds',
    'since the target’s names were last read',
    ['target', 'database'],
    (set) => {
      for (const { target, database, ageMs } of catalogueAgesMs()) {
        set(ageMs / 1000, { target, database })
      }
    },
  )
}
