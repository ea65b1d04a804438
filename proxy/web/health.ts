// What machines ask: is the process alive, can it serve, how is it doing. No token is asked for, and
// nothing is told that names a person, a text or a secret.
import type { FastifyInstance } from 'fastify'

export type Check = {
  readonly name: string
  readonly ok: boolean
  // Why not.
  readonly reason?: string
}

export type HealthParts = {
  readonly readiness: () => Promise<readonly Check[]>
  readonly metrics: { readonly page: () => Promise<string>; readonly mediaType: string }
}

const readySchema = {
  type: 'object',
  additionalProperties: false,
  required: ['ready', 'checks'],
  properties: {
    ready: { type: 'boolean' },
    checks: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'ok'],
        properties: {
          name: { type: 'string' },
          ok: { type: 'boolean' },
          reason: { type: 'string' },
        },
      },
    },
  },
} as const

const aliveSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['alive'],
  properties: { alive: { type: 'boolean' } },
} as const

export function addHealth(app: FastifyInstance, { readiness, metrics }: HealthParts): void {
  app.get(
    '/healthz',
    {
      schema: {
        summary: 'whether the process is alive',
        tags: ['machines'],
        open: true,
        response: { 200: aliveSchema },
      },
    },
    () => Promise.resolve({ alive: true }),
  )
  app.get(
    '/readyz',
    {
      schema: {
        summary: 'whether it can serve',
        tags: ['machines'],
        open: true,
        response: { 200: readySchema, 503: readySchema },
      },
    },
    async (_request, reply) => {
      const checks = await readiness()
      const ready = checks.every(({ ok }) => ok)
      return reply.code(ready ? 200 : 503).send({ ready, checks })
    },
  )
  app.get(
    '/metrics',
    {
      schema: {
        summary: 'metrics for Prometheus',
        tags: ['machines'],
        open: true,
        produces: ['text/plain'],
        response: { 200: { type: 'string' } },
      },
    },
    async (_, reply) =>
      reply
        .type(metrics.mediaType)
        .serializer(String)
        .send(await metrics.page()),
  )
}
