// The policy's input document, as one table: what is known about one command, who sends it and where it goes.
// Every field is closed, so that a rule that reads a field which cannot exist fails `opa check`.
// Numbers that change from command to command are rounded down (see `counters`), so that equal
// situations give equal facts and a decision can be reused.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'

export const FACTS_VERSION = 1

export const OPERATIONS = [
  'read',
  'insert',
  'update',
  'delete',
  'truncate',
  'create',
  'alter',
  'drop',
  'grant',
  'revoke',
  'call',
  'copy_in',
  'copy_out',
  'set',
  'lock',
  'listen',
  'notify',
  'transaction',
  'explain',
  'execute_program',
  'read_file',
  'write_file',
  'network',
  'replicate',
  'admin',
  'unknown',
] as const

// How far a WHERE clause narrows an update or delete. `trivial`: present, but not shown to leave
// out a single row (true, 1 = 1, id = id, a volatile call …). `key`: every column of one unique key
// is compared for equality with a literal or parameter.
export const NARROWINGS = ['absent', 'trivial', 'range', 'equality', 'key', 'cursor'] as const

export const SINKS = [
  'output',
  'predicate',
  'join',
  'order',
  'group',
  'aggregate',
  'write',
  'copy',
  'argument',
  'notice',
] as const

export const UNREAD_REASONS = [
  'not_parsed',
  'unknown_node',
  'name_not_resolved',
  'parsers_disagree',
  'dynamic_sql',
  'opaque_stream',
  'over_limit',
] as const

export const OBJECT_KINDS = [
  'table',
  'view',
  'materialized_view',
  'foreign_table',
  'system_table',
  'sequence',
  'index',
  'function',
  'schema',
  'database',
  'role',
  'type',
  'extension',
  'language',
  'server',
  'publication',
  'subscription',
  'trigger',
  'rule',
  'policy',
  'setting',
  'channel',
  'large_object',
  'transaction',
  'statement',
  'cursor',
  'tablespace',
  'file',
  'program',
  'other',
] as const

const strings = { type: 'array', items: { type: 'string' } } as const
// Made sorted and without repetition, so that two that hold the same are the same.
const set = { type: 'array', items: { type: 'string' }, uniqueItems: true } as const
const count = { type: 'integer', minimum: 0 } as const

export const effectSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['op', 'object', 'kind'],
  properties: {
    op: { enum: OPERATIONS },
    // schema.name as the target resolves it, unquoted and in its stored case; '' where an
    // operation has no object (BEGIN). Functions carry no argument list: pg_catalog.pg_read_file.
    object: { type: 'string' },
    kind: { enum: OBJECT_KINDS },
    // Names of the columns read or written, sorted; absent where columns do not apply.
    columns: set,
    // Only for update and delete.
    where: { enum: NARROWINGS },
    // Column and object labels touched by this effect, sorted.
    labels: set,
    // True where the object is temporary and so seen by this session alone.
    temporary: { type: 'boolean' },
    // A closed word that says more: the volatility of a called function (`immutable`, `stable`,
    // `volatile`), `security_definer`, `cascade`, the value given to a setting …
    detail: { type: 'string' },
  },
} as const satisfies JSONSchema

export const flowSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'labels', 'to', 'through'],
  properties: {
    // schema.table.column of a labelled column.
    from: { type: 'string' },
    // Sorted.
    labels: set,
    to: { enum: SINKS },
    // Zero-based position of the result column, only where `to` is `output`.
    output: count,
    // What the value passed on its way, outermost last: [] is a plain copy; else words such as
    // `cast:text`, `function:upper`, `row`, `operator:||`, `aggregate:max`, `count`, `set_operation`.
    through: strings,
  },
} as const satisfies JSONSchema

export const unreadSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['reason', 'detail'],
  properties: {
    reason: { enum: UNREAD_REASONS },
    // What exactly could not be read; never holds a literal of the command.
    detail: { type: 'string' },
  },
} as const satisfies JSONSchema

export const commandSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['protocol', 'digest', 'effects', 'flows', 'unread', 'postgres'],
  properties: {
    protocol: { enum: ['postgres'] },
    // sha256:… of the exact command text as sent by the client, bind values included.
    digest: { type: 'string' },
    effects: { type: 'array', items: effectSchema },
    flows: { type: 'array', items: flowSchema },
    unread: { type: 'array', items: unreadSchema },
    postgres: {
      type: 'object',
      additionalProperties: false,
      required: ['tag', 'message', 'position', 'of', 'limited', 'returns_rows'],
      properties: {
        // The command tag PostgreSQL would report: SELECT, INSERT, DROP TABLE, BEGIN …
        tag: { type: 'string' },
        message: { enum: ['simple', 'extended', 'copy', 'function_call', 'replication'] },
        // Place of this statement in its message, from 1, and how many there are.
        position: count,
        of: count,
        // A constant LIMIT or FETCH FIRST at the outermost level; -1 where there is none.
        limited: { type: 'integer' },
        returns_rows: { type: 'boolean' },
      },
    },
  },
} as const satisfies JSONSchema

export const identitySchema = {
  type: 'object',
  additionalProperties: false,
  required: ['subject', 'issuer', 'name', 'kind', 'groups', 'actor', 'claims', 'mfa'],
  properties: {
    subject: { type: 'string', minLength: 1 },
    issuer: { type: 'string', minLength: 1 },
    // For people to read (preferred_username, e-mail); never compared for rights.
    name: { type: 'string' },
    kind: { enum: ['human', 'agent', 'pipeline'] },
    // Sorted.
    groups: set,
    // RFC 8693 `act`, innermost actor last: who acts for the subject.
    actor: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['subject'],
        properties: { subject: { type: 'string' }, issuer: { type: 'string' } },
      },
    },
    // Claims that the configuration asks to hand on, as text.
    claims: { type: 'object', additionalProperties: { type: 'string' } },
    mfa: { type: 'boolean' },
  },
} as const satisfies JSONSchema

export const targetSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'kind', 'labels', 'database'],
  properties: {
    name: { type: 'string' },
    kind: { enum: ['postgres'] },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    database: { type: 'string' },
  },
} as const satisfies JSONSchema

export const grantSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'scope', 'approvers'],
  properties: {
    id: { type: 'string' },
    scope: { enum: ['command', 'session'] },
    // Subjects of those who approved, sorted.
    approvers: set,
  },
} as const satisfies JSONSchema

export const factsSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport facts',
  type: 'object',
  additionalProperties: false,
  required: ['version', 'stage', 'identity', 'target', 'session', 'time', 'grants'],
  properties: {
    version: { const: FACTS_VERSION },
    stage: { enum: ['session', 'command'] },
    identity: identitySchema,
    target: targetSchema,
    session: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'client_address', 'application', 'purpose', 'transaction', 'counters'],
      properties: {
        id: { type: 'string' },
        client_address: { type: 'string' },
        application: { type: 'string' },
        purpose: { type: 'string' },
        transaction: { enum: ['idle', 'open', 'failed'] },
        // Each rounded down to 0, 1, 2, 5, 10, 20, 50, 100 … so that facts repeat. A rule with
        // one of these values as its threshold is exact.
        counters: {
          type: 'object',
          additionalProperties: false,
          required: ['commands', 'commands_last_minute', 'rows', 'labelled_rows', 'denials'],
          properties: {
            commands: count,
            commands_last_minute: count,
            rows: count,
            labelled_rows: count,
            denials: count,
          },
        },
      },
    },
    time: {
      type: 'object',
      additionalProperties: false,
      required: ['utc', 'weekday', 'hour', 'zone'],
      properties: {
        // RFC 3339, whole minutes.
        utc: { type: 'string' },
        // Both in the target's zone.
        weekday: {
          enum: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
        },
        hour: { type: 'integer', minimum: 0, maximum: 23 },
        zone: { type: 'string' },
      },
    },
    grants: { type: 'array', items: grantSchema },
    // Absent while all is well.
    policy: {
      type: 'object',
      additionalProperties: false,
      required: ['stale'],
      properties: {
        // True where the source of the policies was not heard of for longer than `policy.stale_ms`
        // of the configuration: what decides here may have been replaced elsewhere.
        stale: { type: 'boolean' },
      },
    },
    command: commandSchema,
  },
} as const satisfies JSONSchema

export type Operation = (typeof OPERATIONS)[number]
export type Narrowing = (typeof NARROWINGS)[number]
export type Sink = (typeof SINKS)[number]
export type UnreadReason = (typeof UNREAD_REASONS)[number]
export type ObjectKind = (typeof OBJECT_KINDS)[number]
export type Effect = FromSchema<typeof effectSchema>
export type Flow = FromSchema<typeof flowSchema>
export type Unread = FromSchema<typeof unreadSchema>
export type CommandFacts = FromSchema<typeof commandSchema>
export type IdentityFacts = FromSchema<typeof identitySchema>
export type TargetFacts = FromSchema<typeof targetSchema>
export type Grant = FromSchema<typeof grantSchema>
export type Facts = FromSchema<typeof factsSchema>
