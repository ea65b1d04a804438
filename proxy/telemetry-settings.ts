// Where spans and log records go, as the configuration says.

export type TelemetrySettings = {
  // Base of the collector, as OTEL_EXPORTER_OTLP_ENDPOINT has it: v1/traces and v1/logs are added.
  readonly endpoint: string
  readonly headers: () => Readonly<Record<string, string>>
  readonly traces: boolean
  readonly logs: boolean
  readonly resource: Readonly<Record<string, string>>
}
