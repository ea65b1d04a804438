// What a policy asks for where people must agree: who, how many of which groups, how long the client waits
// and the grant stands, and who is asked as well when nobody answers.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

const DAY_MS = 86_400_000

const groupNames = { type: 'array', items: { type: 'string' }, minItems: 1 } as const

export const approvalTermsSchema = {
  type: 'object',
  description: 'with require-approval, and only then: the terms',
  additionalProperties: false,
  required: ['approvers', 'quorum', 'expires_ms', 'reason_required', 'scope'],
  properties: {
    approvers: {
      ...groupNames,
      description: 'groups whose members may approve; with `groups`, all of those that it names',
    },
    quorum: {
      type: 'integer',
      minimum: 1,
      maximum: 10,
      description: 'how many people must approve; with `groups`, all of them together',
    },
    groups: {
      type: 'array',
      minItems: 1,
      maxItems: 10,
      description:
        'so many people of these groups and so many of those: every one must be met, and one person counts for one of them only',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['any_of', 'count'],
        properties: {
          any_of: { ...groupNames, description: 'groups of which one is enough' },
          count: {
            type: 'integer',
            minimum: 1,
            maximum: 10,
            description: 'how many of their members must approve',
          },
        },
      },
    },
    expires_ms: {
      type: 'integer',
      minimum: 1000,
      maximum: DAY_MS,
      description: 'how long the client waits, milliseconds',
    },
    reason_required: { type: 'boolean', description: 'whether approvers must give a reason' },
    scope: {
      enum: ['command', 'session'],
      description: 'what the approval is for: this exact command once, or the session',
    },
    grant_ms: {
      type: 'integer',
      minimum: 1000,
      maximum: DAY_MS,
      description:
        'scope session alone: how long what was approved stands, milliseconds; without it half an hour',
    },
    preview: {
      enum: ['none', 'estimate', 'count'],
      description:
        'what approvers are told of the consequences beforehand: nothing, what catalogue and planner say (without this), or also a count of the rows, which tells them about the data',
    },
    escalate: {
      type: 'object',
      additionalProperties: false,
      required: ['after_ms', 'to'],
      description: 'who is told, and may settle it as well, where nobody has in time',
      properties: {
        after_ms: {
          type: 'integer',
          minimum: 1000,
          maximum: DAY_MS,
          description: 'milliseconds after it was asked for',
        },
        to: { ...groupNames, description: 'groups whose members count for every requirement then' },
      },
    },
  },
} as const satisfies JSONSchema

export type ApprovalTerms = FromSchema<typeof approvalTermsSchema>
export type Requirement = { readonly any_of: readonly string[]; readonly count: number }

// Terms without `groups` ask for so many of all their approvers.
export function requirementsOf(
  terms: Pick<ApprovalTerms, 'approvers' | 'quorum' | 'groups'>,
): readonly Requirement[] {
  return terms.groups ?? [{ any_of: terms.approvers, count: terms.quorum }]
}

// “one of dba and 2 of security or managers”.
export function peopleInWords(requirements: readonly Requirement[]): string {
  return requirements
    .map(({ any_of: groups, count }) => `${count === 1 ? 'one' : count} of ${groups.join(' or ')}`)
    .join(' and ')
}
