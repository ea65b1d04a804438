// What a read-only look at the target found out about a command that is held: for the eyes of those who
// approve. Numbers and names only; no value of a row and no literal of the command stands in it.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

const count = { type: 'integer', minimum: 0 } as const
const text = { type: 'string' } as const

export const consequenceSchema = {
  type: 'object',
  description: 'what a held command would do, as far as a look without effects can tell',
  additionalProperties: false,
  required: ['at', 'ms', 'summary', 'cascades', 'locks', 'sizes', 'notes'],
  properties: {
    at: { ...text, description: 'when it was looked at, RFC 3339' },
    ms: { ...count, description: 'how long the look took, milliseconds' },
    summary: { ...text, description: 'all of it in one line' },
    estimate: { ...count, description: 'rows, as the target’s planner estimates' },
    count: { ...count, description: 'rows that the condition chose at that moment' },
    cascades: {
      type: 'array',
      description: 'what else is reached: by foreign keys, or since it depends on what is dropped',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['table', 'action'],
        properties: {
          table: text,
          action: { ...text, description: 'delete, set null, truncate, drop view …' },
          by: { ...text, description: 'the constraint that leads there' },
        },
      },
    },
    locks: {
      type: 'array',
      description: 'locks on relations, the strongest of each',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['object', 'mode', 'blocks'],
        properties: {
          object: text,
          mode: { ...text, description: 'as PostgreSQL’s documentation names it' },
          blocks: { ...text, description: 'what others cannot do meanwhile' },
        },
      },
    },
    sizes: {
      type: 'array',
      description: 'of what is emptied or dropped',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['object', 'bytes'],
        properties: {
          object: text,
          rows: { ...count, description: 'as the target’s statistics have it' },
          bytes: { ...count, description: 'with indexes' },
        },
      },
    },
    notes: { type: 'array', items: text, description: 'what could not be found out, and why' },
  },
} as const satisfies JSONSchema

export type Consequence = FromSchema<typeof consequenceSchema>
