// What searching answers over HTTP, described for whoever reads it; the types stand in `search/answers.ts`. A
// table of schemas.
const text = { type: 'string' } as const
const texts = { type: 'array', items: text } as const
const number = { type: 'integer' } as const
const maybe = { type: ['string', 'null'] } as const
const maybeNumber = { type: ['number', 'null'] } as const

const hit = {
  session: text,
  command: number,
  seq: { ...number, description: 'line of the record' },
  time: text,
  who: text,
  subject: text,
  issuer: text,
  kind: text,
  target: text,
  database: text,
  text: { ...text, description: 'as the record has it: protected literals are …' },
  gone: { type: 'boolean', description: 'the record no longer has its text' },
  redacted: { type: 'boolean' },
  action: text,
  rules: texts,
  ran: { type: 'boolean' },
  refusal: maybe,
  objects: texts,
  columns: texts,
  saw: { ...texts, description: 'labelled columns whose values went to the client' },
  labels: texts,
  result: maybe,
  tag: maybe,
  sqlstate: maybe,
  rows: maybeNumber,
  masked: maybeNumber,
  duration_ms: maybeNumber,
  approval: maybe,
  snippet: { ...text, description: 'around the first word that was looked for' },
} as const

const standing = {
  type: 'object',
  additionalProperties: false,
  required: ['behind_bytes', 'gaps', 'more_gaps'],
  description: 'what the answer may lack',
  properties: {
    behind_bytes: { ...number, description: 'of the record, not in the index yet' },
    gaps: {
      type: 'array',
      description: 'lines that the record no longer has, or that cannot be read',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['from', 'to', 'why'],
        properties: { from: number, to: number, why: text },
      },
    },
    more_gaps: number,
  },
} as const

export const searchSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['hits', 'total_at_least', 'took_ms', 'standing'],
  properties: {
    hits: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: Object.keys(hit),
        properties: hit,
      },
    },
    total_at_least: number,
    next: {
      ...text,
      description: 'give it as `cursor`; also after a page that ended early and holds fewer hits',
    },
    took_ms: number,
    standing,
  },
} as const

const group = {
  value: text,
  commands: number,
  rows: number,
  masked: number,
  first: text,
  last: text,
  last_seq: number,
  session: text,
  command: number,
} as const

export const groupedSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['by', 'groups', 'other_groups', 'commands', 'complete', 'took_ms', 'standing'],
  properties: {
    by: text,
    groups: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: Object.keys(group),
        properties: group,
      },
    },
    other_groups: number,
    commands: number,
    complete: {
      type: 'boolean',
      description: 'false: only lines from `from_line` on were counted',
    },
    from_line: number,
    took_ms: number,
    standing,
  },
} as const

export const rulesSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['rules'],
  properties: {
    rules: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'hits', 'denied', 'held', 'masked', 'never', 'retired', 'shadow'],
        properties: {
          id: text,
          title: text,
          severity: text,
          hits: number,
          denied: number,
          held: number,
          masked: number,
          last_at: text,
          never: { type: 'boolean', description: 'in the active bundle, and on no record' },
          retired: { type: 'boolean', description: 'of an earlier bundle alone' },
          shadow: { ...number, description: 'named by the shadow where it differed' },
        },
      },
    },
  },
} as const
