// What Slack sends when somebody clicks or submits: a form with one field, `payload`, that holds JSON.
// Read after its signature was checked; what is not one of ours is `other`, never guessed at.
import type { FromSchema } from 'json-schema-to-ts'
import { REQUEST_ID_PATTERN } from '../approvals/request-id.js'
import { createChecker } from '../schema-problems.js'

export type Interaction =
  | {
      readonly kind: 'click'
      readonly verb: 'approve' | 'deny'
      readonly id: string
      readonly user: string
      readonly channel: string
      readonly trigger: string
    }
  | {
      readonly kind: 'reason'
      readonly verb: 'approve' | 'deny'
      readonly id: string
      readonly user: string
      readonly reason: string
    }
  | { readonly kind: 'other' }

const slackId = { type: 'string', pattern: '^[A-Z0-9]{2,40}$' } as const
const withId = { type: 'object', required: ['id'], properties: { id: slackId } } as const
const requestId = { type: 'string', pattern: REQUEST_ID_PATTERN } as const
const verb = { enum: ['approve', 'deny'] } as const

const clickSchema = {
  type: 'object',
  required: ['type', 'user', 'channel', 'trigger_id', 'actions'],
  properties: {
    type: { const: 'block_actions' },
    user: withId,
    channel: withId,
    trigger_id: { type: 'string', maxLength: 200 },
    actions: {
      type: 'array',
      minItems: 1,
      maxItems: 1,
      items: {
        type: 'object',
        required: ['action_id', 'value'],
        properties: { action_id: verb, value: requestId },
      },
    },
  },
} as const

const submissionSchema = {
  type: 'object',
  required: ['type', 'user', 'view'],
  properties: {
    type: { const: 'view_submission' },
    user: withId,
    view: {
      type: 'object',
      required: ['callback_id', 'private_metadata', 'state'],
      properties: {
        callback_id: verb,
        private_metadata: requestId,
        state: {
          type: 'object',
          required: ['values'],
          properties: {
            values: {
              type: 'object',
              required: ['reason'],
              properties: {
                reason: {
                  type: 'object',
                  required: ['reason'],
                  properties: {
                    reason: {
                      type: 'object',
                      properties: { value: { type: ['string', 'null'], maxLength: 3_000 } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
} as const

const click = createChecker<FromSchema<typeof clickSchema>>(clickSchema)
const submission = createChecker<FromSchema<typeof submissionSchema>>(submissionSchema)

const OTHER: Interaction = { kind: 'other' }

export function interactionIn(body: Buffer): Interaction {
  const value = jsonIn(body)
  if (click.fits(value)) {
    const [action] = value.actions
    if (action === undefined) return OTHER
    return {
      kind: 'click',
      verb: action.action_id,
      id: action.value,
      user: value.user.id,
      channel: value.channel.id,
      trigger: value.trigger_id,
    }
  }
  if (submission.fits(value)) {
    const { callback_id, private_metadata, state } = value.view
    const reason = state.values.reason.reason.value ?? ''
    return { kind: 'reason', verb: callback_id, id: private_metadata, user: value.user.id, reason }
  }
  return OTHER
}

function jsonIn(body: Buffer): unknown {
  try {
    const form = new URLSearchParams(new TextDecoder('utf-8', { fatal: true }).decode(body))
    const [payload, ...more] = form.getAll('payload')
    return payload === undefined || more.length > 0 ? undefined : JSON.parse(payload)
  } catch {
    return undefined
  }
}
