// What the gateway stands before and how it is doing: its targets for whoever may know them, its health for
// who runs it.
import type { FastifyInstance } from 'fastify'
import type { Access } from './access.js'
import type { Callers } from './caller.js'
import type { Check } from './health.js'

export type TargetView = {
  readonly name: string
  readonly kind: string
  readonly labels: Readonly<Record<string, string>>
  readonly database: string
  readonly databases: readonly string[]
  // `unknown`: nobody has opened it since the gateway started. `stale`: its names could not be read of late.
  readonly state: 'current' | 'stale' | 'unknown'
  readonly catalogue?: { readonly age_ms: number; readonly relations: number }
  readonly sessions: number
}

export type HealthView = {
  readonly version: string
  readonly node: string
  readonly started_at: string
  readonly record: { readonly healthy: boolean; readonly lag: number }
  readonly bundle: {
    readonly digest: string
    readonly revision: string
    readonly age_ms: number
    readonly freshness: string
    readonly held: boolean
  }
  readonly sessions: number
  readonly holds: number
  readonly memory_bytes: number
  // How long the busiest hundredth of turns took since the last time it was asked.
  readonly event_loop_p99_ms: number
}

export type GatewayParts = {
  readonly access: Access
  readonly targets: () => readonly TargetView[]
  readonly health: () => HealthView
  readonly readiness: () => Promise<readonly Check[]>
  // Of the web listener itself.
  readonly signedIn: () => number
  readonly streams: () => number
}

const text = { type: 'string' } as const
const number = { type: 'number', minimum: 0 } as const
const bool = { type: 'boolean' } as const

const targetsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['targets'],
  properties: {
    targets: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'kind', 'labels', 'database', 'databases', 'state', 'sessions'],
        properties: {
          name: text,
          kind: text,
          labels: { type: 'object', additionalProperties: text },
          database: text,
          databases: { type: 'array', items: text },
          state: {
            enum: ['current', 'stale', 'unknown'],
            description: 'of what is known of its names; unknown: nobody has opened it yet',
          },
          catalogue: {
            type: 'object',
            additionalProperties: false,
            required: ['age_ms', 'relations'],
            properties: { age_ms: number, relations: number },
          },
          sessions: { ...number, description: 'live now' },
        },
      },
    },
  },
} as const

const healthSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['ready', 'checks', 'version', 'node', 'started_at', 'record', 'bundle'],
  properties: {
    ready: bool,
    checks: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'ok'],
        properties: { name: text, ok: bool, reason: text },
      },
    },
    version: text,
    node: text,
    started_at: text,
    record: {
      type: 'object',
      additionalProperties: false,
      required: ['healthy', 'lag'],
      properties: { healthy: bool, lag: { ...number, description: 'lines not yet on the disk' } },
    },
    bundle: {
      type: 'object',
      additionalProperties: false,
      required: ['digest', 'revision', 'age_ms', 'freshness', 'held'],
      properties: {
        digest: text,
        revision: text,
        age_ms: number,
        freshness: { enum: ['fresh', 'stale', 'expired'] },
        held: bool,
      },
    },
    sessions: number,
    holds: number,
    signed_in: number,
    streams: number,
    memory_bytes: number,
    event_loop_p99_ms: number,
  },
} as const

export function addGateway(app: FastifyInstance, parts: GatewayParts, callers: Callers): void {
  const { access } = parts
  app.get(
    '/api/targets',
    {
      schema: {
        summary: 'the targets, and what is known of them',
        tags: ['gateway'],
        response: { 200: targetsSchema },
      },
    },
    (request) =>
      callers.as(request, (caller) => {
        access.demand('see_targets', caller)
        return Promise.resolve({ targets: parts.targets() })
      }),
  )
  app.get(
    '/api/health',
    {
      schema: {
        summary: 'how the gateway is doing',
        tags: ['gateway'],
        response: { 200: healthSchema },
      },
    },
    (request) =>
      callers.as(request, async (caller) => {
        access.demand('see_health', caller)
        const checks = await parts.readiness()
        return {
          ready: checks.every(({ ok }) => ok),
          checks,
          ...parts.health(),
          signed_in: parts.signedIn(),
          streams: parts.streams(),
        }
      }),
  )
}
