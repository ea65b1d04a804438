// The OpenAPI 3.1 description of every route, made from the schemas that requests and answers are held
// against: what is not described is not served, and a test says so. JSON Schema 2020-12 reads ours as they
// are.
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import { problemSchema, PROBLEM_TYPE } from './problem.js'

declare module 'fastify' {
  interface FastifySchema {
    summary?: string
    description?: string
    tags?: readonly string[]
    // Media types of the answer, where it is no JSON.
    produces?: readonly string[]
    // Media types of the request, where it is no JSON.
    consumes?: readonly string[]
    // True where no token and no cookie is asked for.
    open?: boolean
    // A page for people or a file of it, and no part of the API.
    hide?: boolean
  }
}

type Json = Readonly<Record<string, unknown>>

export type OpenApi = { readonly add: () => void; readonly served: () => readonly string[] }

export function addOpenApi(app: FastifyInstance, version: string): OpenApi {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => {
    routes.push(route)
  })
  return {
    served: () =>
      routes.flatMap(({ method, url }) => [method].flat().map((one) => `${one} ${url}`)),
    add: () => {
      app.get(
        '/api/openapi.json',
        {
          schema: {
            summary: 'this description',
            tags: ['description'],
            open: true,
            response: { 200: { type: 'object', additionalProperties: true } },
          },
        },
        () => Promise.resolve(openApiOf(routes, version)),
      )
    },
  }
}

export function openApiOf(routes: readonly RouteOptions[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const { url, method, schema } of routes) {
    if (schema?.hide === true) continue
    const path = url.replace(/:([a-z_]+)/g, '{$1}')
    for (const one of [method].flat()) {
      paths[path] ??= {}
      paths[path][one.toLowerCase()] = operationOf(one, path, schema ?? {})
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sallyport',
      version,
      summary: 'What the console and the command line ask of a gateway.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: '`sallyport token` prints one' },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: 'sallyport',
          description:
            'of a sign-in at /auth/login; __Host-sallyport over TLS. What changes something needs ' +
            'the header x-csrf-token with the value from /api/me.',
        },
      },
    },
    security: [{ token: [] }, { cookie: [] }],
  }
}

function operationOf(method: string, path: string, schema: FastifySchema): Json {
  const { summary, description, tags, body, querystring, params, response } = schema
  const parameters = [...parametersOf(params, 'path'), ...parametersOf(querystring, 'query')]
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^A-Za-z0-9]+([A-Za-z0-9])/g, (_, c: string) => c.toUpperCase()).replace(/[^A-Za-z0-9]/g, '')}`,
    ...(summary === undefined ? {} : { summary }),
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
    ...(schema.open === true ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: requiredOf(body).length > 0,
            content: contentOf(body, schema.consumes ?? ['application/json']),
          },
        }),
    responses: {
      ...responsesOf(response, schema.produces ?? ['application/json']),
      default: {
        description: 'what was wrong, as RFC 9457 says it',
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  }
}

function parametersOf(schema: unknown, place: 'path' | 'query'): readonly Json[] {
  const required = requiredOf(schema)
  return Object.entries(recordOf(recordOf(schema)['properties'])).map(([name, one]) => {
    const { description, ...rest } = recordOf(one)
    return {
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
    }
  })
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  200: 'the answer',
  302: 'the browser goes on to Location',
  503: 'not ready, and why',
}

function responsesOf(response: unknown, types: readonly string[]): Json {
  return Object.fromEntries(
    Object.entries(recordOf(response)).map(([status, schema]) => [
      status,
      {
        description: STATUS_WORDS[status] ?? 'the answer',
        ...(recordOf(schema)['type'] === 'null' ? {} : { content: contentOf(schema, types) }),
      },
    ]),
  )
}

function contentOf(schema: unknown, types: readonly string[]): Json {
  return Object.fromEntries(types.map((type) => [type, { schema }]))
}

function requiredOf(schema: unknown): readonly unknown[] {
  const { required } = recordOf(schema)
  return Array.isArray(required) ? required : []
}

function recordOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {}
}
