// What requests for approval, grants and delegations look like over HTTP.
import { consequenceSchema } from '../../engine/schemas/consequence.js'
import { effectSchema } from '../../engine/schemas/facts.js'
import { APPROVAL_LIMITS } from '../approvals/limits.js'
import { REQUEST_ID_PATTERN } from '../approvals/request-id.js'
import { APPROVAL_STATUSES } from '../state/tables.js'

const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const

const requirements = {
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['any_of', 'count'],
    properties: { any_of: texts, count: { type: 'integer' } },
  },
} as const

export const viewSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'status', 'requester', 'target', 'text', 'created_at', 'expires_at'],
  properties: {
    id: text,
    status: { enum: APPROVAL_STATUSES },
    requester: {
      type: 'object',
      additionalProperties: false,
      required: ['subject', 'issuer', 'name', 'kind'],
      properties: {
        subject: text,
        issuer: text,
        name: text,
        kind: text,
        groups: texts,
        actor: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['subject'],
            properties: { subject: text, issuer: text },
          },
        },
      },
    },
    target: {
      type: 'object',
      additionalProperties: false,
      required: ['name', 'kind', 'database'],
      properties: {
        name: text,
        kind: text,
        database: text,
        labels: { type: 'object', additionalProperties: text },
      },
    },
    session: text,
    command: { type: 'integer' },
    // The command with protected literals replaced by '…'.
    text,
    rules: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'message'],
        properties: { id: text, message: text, hint: text },
      },
    },
    effects: { type: 'array', items: effectSchema },
    approvers: texts,
    quorum: { type: 'integer' },
    groups: { ...requirements, description: 'so many of these groups and so many of those' },
    groups_missing: {
      ...requirements,
      description: 'what of it is still missing, while it waits',
    },
    reason_required: { type: 'boolean' },
    scope: text,
    digest: text,
    created_at: text,
    expires_at: text,
    approvals: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['subject', 'at'],
        properties: {
          subject: text,
          name: text,
          reason: text,
          at: text,
          via: { ...text, description: 'console, cli, api, slack, teams or email' },
          on_behalf: { ...text, description: 'issuer and subject of who had delegated the right' },
          rows_max: { type: 'integer', description: 'rows that it may change at most' },
        },
      },
    },
    escalation: {
      type: 'object',
      additionalProperties: false,
      required: ['to', 'due_at'],
      description: 'who may settle it as well once nobody has in time',
      properties: {
        to: texts,
        due_at: text,
        at: { ...text, description: 'when they were asked; absent: not yet' },
      },
    },
    access: {
      type: 'object',
      additionalProperties: false,
      required: ['reason', 'break_glass', 'asked_ahead'],
      description: 'access to the target for a time is wanted, and no command',
      properties: {
        for_ms: { type: 'integer' },
        reason: text,
        break_glass: { type: 'boolean' },
        asked_ahead: { type: 'boolean', description: 'false: somebody waits at their login' },
      },
    },
    consequence: consequenceSchema,
    grant_ms: { type: 'integer', description: 'how long what is approved stands at most' },
    settled_at: text,
    settled_by: text,
    reason: text,
  },
} as const

export const paramsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  properties: { id: { type: 'string', pattern: REQUEST_ID_PATTERN } },
} as const

// More than this no table has, and no message counts.
export const rowsMaxSchema = {
  type: 'integer',
  minimum: 0,
  maximum: 1_000_000_000_000,
  description: 'with approve: how many rows the command may change at most; one more undoes it',
} as const

export const reasonSchema = {
  type: 'string',
  maxLength: APPROVAL_LIMITS.reasonCharacters,
} as const

export const viaSchema = {
  enum: ['cli', 'teams', 'email'],
  description: 'which way somebody came here, as they say; the console and Slack need not say it',
} as const

export const grantSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'holder', 'target', 'database', 'break_glass', 'standing', 'from', 'until'],
  properties: {
    id: { ...text, description: 'of the request that was approved' },
    holder: text,
    target: text,
    database: text,
    approvers: texts,
    rules: texts,
    reason: text,
    break_glass: { type: 'boolean' },
    standing: { type: 'boolean' },
    from: text,
    until: text,
    ended_at: text,
    ended_by: text,
    ended_reason: text,
    reviewed_at: text,
    reviewed_by: text,
    review: text,
  },
} as const

const person = {
  type: 'object',
  additionalProperties: false,
  required: ['issuer', 'subject'],
  properties: { issuer: text, subject: text, name: text },
} as const

export const delegationSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'from', 'to', 'groups', 'since', 'until'],
  properties: {
    id: text,
    from: person,
    to: person,
    groups: texts,
    reason: text,
    since: text,
    until: text,
    ended_at: text,
  },
} as const
