// What could not be done, as RFC 9457 problem details. Only our own words leave; what a library threw goes
// to the log.
import { GatewayError, type ErrorCode } from '../errors.js'

export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
}

export const PROBLEM_TYPE = 'application/problem+json'

export const problemSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
  },
} as const

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  429: 'Too many requests',
  431: 'Headers too large',
  500: 'Internal error',
  503: 'Not available',
}

const STATUSES: Partial<Record<ErrorCode, number>> = {
  usage: 400,
  token_invalid: 401,
  not_allowed: 403,
  step_up_required: 403,
  not_found: 404,
  conflict: 409,
  limit_exceeded: 429,
  state_failed: 503,
  record_failed: 503,
  issuer_unreachable: 503,
}

export function problem(status: number, code: string, detail: string): Problem {
  const type = `urn:sallyport:problem:${code}`
  return { type, title: TITLES[status] ?? 'Not possible', status, detail, code }
}

export function problemOf(error: unknown): Problem {
  if (error instanceof GatewayError) {
    const status = STATUSES[error.code]
    if (status !== undefined) return problem(status, error.code, error.message)
  }
  const status = statusOf(error)
  if (status >= 400 && status < 500) return problem(status, 'request', requestWords(error))
  return problem(
    500,
    'internal',
    'the gateway could not do this; its operators find why in the log',
  )
}

function statusOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'statusCode' in error
    ? Number(error.statusCode)
    : 500
}

// Validation errors name the place and never the value.
function requestWords(error: unknown): string {
  const validation =
    typeof error === 'object' && error !== null && 'validation' in error ? error.validation : null
  if (validation !== null && error instanceof Error) return error.message
  return 'the request is not one that this gateway takes'
}
