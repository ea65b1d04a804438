// A receipt: one decision with all that it rests on, in a file that stands alone. Only `key`, `checkpoint`
// and `lines` are material; everything else follows from them, so that who reads it need not look into
// the lines, and who checks it makes the file anew and compares every byte.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

const text = { type: 'string' } as const

// A line of the record, byte for byte, and its path (RFC 6962 §2.1.1) to the root of the checkpoint.
const provenLine = {
  type: 'object',
  additionalProperties: false,
  required: ['line', 'path'],
  properties: { line: text, path: { type: 'array', items: text } },
} as const

export const RECEIPT_VERSION = 1

export const receiptSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport receipt',
  type: 'object',
  additionalProperties: false,
  required: [
    'receipt',
    'decision',
    'entrypoint',
    'facts_digest',
    'facts',
    'bundle',
    'key',
    'checkpoint',
    'lines',
  ],
  properties: {
    receipt: { const: RECEIPT_VERSION },
    decision: { type: 'object' },
    entrypoint: { enum: ['decision', 'degraded'] },
    facts_digest: text,
    facts: { type: 'object' },
    bundle: {
      type: 'object',
      additionalProperties: false,
      required: ['digest', 'wasm', 'revision'],
      properties: { digest: text, wasm: text, revision: text, fuel: { type: 'integer' } },
    },
    // The verifier key that signed the checkpoint: its name, its id, the key.
    key: text,
    // C2SP tlog-checkpoint, with the signature of that key alone.
    checkpoint: text,
    lines: {
      type: 'object',
      additionalProperties: false,
      required: ['command', 'base', 'facts', 'decision', 'bundle'],
      properties: {
        command: provenLine,
        // The parts that the command's line refers to.
        base: provenLine,
        facts: provenLine,
        decision: provenLine,
        // The activation of the bundle that decided.
        bundle: provenLine,
      },
    },
  },
} as const satisfies JSONSchema

export type Receipt = FromSchema<typeof receiptSchema>
