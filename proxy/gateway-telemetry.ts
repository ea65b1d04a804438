// Telemetry of a whole gateway from its settings: spans and log records go to a collector, what is sent and
// dropped is counted, and trouble is logged once when it begins and once when it is over.
import type { Clock } from './clock.js'
import type { Settings } from './config/settings.js'
import type { Log } from './log.js'
import type { Metrics } from './metrics.js'
import type { Recorder } from './recording/recorder.js'
import { createTelemetry, type Signal } from './telemetry/telemetry.js'

export type GatewayTelemetry = {
  readonly watched: (recorder: Recorder) => Recorder
  readonly close: () => Promise<void>
}

const NONE: GatewayTelemetry = { watched: (recorder) => recorder, close: () => Promise.resolve() }

// `metrics` is asked for when something happens: it may be made later.
export function gatewayTelemetry(
  { telemetry: settings }: Pick<Settings, 'telemetry'>,
  version: string,
  metrics: () => Pick<Metrics, 'telemetrySent' | 'telemetryDropped'>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): GatewayTelemetry {
  if (settings === undefined) return NONE
  const troubled = new Set<Signal>()
  return createTelemetry({
    settings,
    version,
    now: clock.now,
    onSent: (signal, items) => metrics().telemetrySent(signal, items),
    onDropped: (signal, items, why) => metrics().telemetryDropped(signal, items, why),
    onTrouble(signal, why) {
      if (why === undefined) {
        if (troubled.delete(signal)) log.info({ signal }, 'the collector takes telemetry again')
      } else if (!troubled.has(signal)) {
        troubled.add(signal)
        log.warn({ signal, why }, 'the collector does not take telemetry')
      }
    },
  })
}
