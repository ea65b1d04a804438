// The defaults of `telemetry`, and what its schema cannot say: spans tell who ran what, so they do not travel
// in clear over a network.
import type { Config } from '../../engine/schemas/config.js'
import { isAcceptableUrl } from '../loopback.js'
import type { TelemetrySettings } from '../telemetry-settings.js'
import { checkSecret, type Surroundings } from './place-checks.js'
import type { Secret } from './secrets.js'

type Otlp = NonNullable<NonNullable<Config['telemetry']>['otlp']>

export function telemetrySettings(
  { endpoint, headers = {}, traces, logs, resource }: Otlp,
  follow: (reference: string) => Secret,
): TelemetrySettings {
  const secrets = Object.entries(headers).map(
    ([name, reference]) => [name, follow(reference)] as const,
  )
  return {
    endpoint,
    // Followed for each batch, so that a key can be replaced while the gateway runs.
    headers: () => Object.fromEntries(secrets.map(([name, secret]) => [name, secret.reveal()])),
    traces: traces ?? true,
    logs: logs ?? true,
    resource: { ...resource },
  }
}

export function checkTelemetry({ telemetry }: Config, around: Surroundings): void {
  const otlp = telemetry?.otlp
  if (otlp === undefined) return
  const path = ['telemetry', 'otlp']
  if (!isAcceptableUrl(otlp.endpoint)) {
    around.report(
      [...path, 'endpoint'],
      otlp.endpoint,
      'an https:// address, or http:// on loopback',
    )
  }
  for (const [name, reference] of Object.entries(otlp.headers ?? {})) {
    checkSecret([...path, 'headers', name], reference, around)
  }
}
