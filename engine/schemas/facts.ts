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

// `within`: among other words, or in a document.
export const MASK_SHAPES = ['asterisks', 'hash', 'token', 'within'] as const

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
    op: { enum: OPERATIONS, description: 'what is done to the object' },
    object: {
      type: 'string',
      description:
        'schema.name as the target resolves it, unquoted and in its stored case; empty where an operation has no object (BEGIN). Functions carry no argument list: pg_catalog.pg_read_file',
    },
    kind: { enum: OBJECT_KINDS, description: 'what the object is' },
    columns: {
      ...set,
      description: 'columns read or written, sorted; absent where columns do not apply',
    },
    where: {
      enum: NARROWINGS,
      description:
        'update and delete alone: how far the WHERE narrows. trivial: not shown to leave out a row (true, id = id); key: a whole unique key is compared with constants; cursor: WHERE CURRENT OF',
    },
    labels: { ...set, description: 'labels of the columns touched, sorted' },
    temporary: {
      type: 'boolean',
      description: 'true where the object is temporary, and so seen by this session alone',
    },
    detail: {
      type: 'string',
      description:
        'a closed word that says more: the volatility of a called function (immutable, stable, volatile), security_definer, cascade, replace, the value given to a setting',
    },
  },
} as const satisfies JSONSchema

export const flowSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'labels', 'to', 'through'],
  properties: {
    from: { type: 'string', description: 'schema.table.column of a labelled column' },
    labels: { ...set, description: 'its labels, sorted' },
    to: { enum: SINKS, description: 'where its value goes' },
    output: {
      ...count,
      description: 'position of the result column, from 0; only where to is output',
    },
    through: {
      ...strings,
      description:
        'what the value passed on its way, outermost last: nothing for a plain copy, else words such as cast:text, function:upper, row, operator:||, aggregate:max, count, set_operation',
    },
  },
} as const satisfies JSONSchema

export const unreadSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['reason', 'detail'],
  properties: {
    reason: { enum: UNREAD_REASONS, description: 'why it could not be read with certainty' },
    detail: {
      type: 'string',
      description: 'what exactly could not be read; never holds a literal of the command',
    },
  },
} as const satisfies JSONSchema

export const writtenMaskSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['column', 'labels', 'shape'],
  properties: {
    column: { type: 'string', description: 'schema.table.column of a labelled column' },
    labels: { ...set, description: 'its labels, sorted' },
    shape: { enum: MASK_SHAPES, description: 'which kind of mask the value looks like' },
  },
} as const satisfies JSONSchema

export const commandSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['protocol', 'digest', 'effects', 'flows', 'unread', 'postgres'],
  properties: {
    protocol: { enum: ['postgres'], description: 'the protocol that the command came by' },
    digest: {
      type: 'string',
      description: 'sha256:… of the exact text as sent by the client, bind values included',
    },
    effects: {
      type: 'array',
      items: effectSchema,
      description: 'everything that the command does, one entry for each object',
    },
    flows: {
      type: 'array',
      items: flowSchema,
      description: 'where the values of labelled columns go',
    },
    unread: {
      type: 'array',
      items: unreadSchema,
      description: 'what could not be read; the shipped policies deny whatever has any',
    },
    written_masks: {
      type: 'array',
      items: writtenMaskSchema,
      description:
        'labelled columns that are given a literal or a bound value which looks like a mask, and not like a value; absent for none',
    },
    postgres: {
      type: 'object',
      additionalProperties: false,
      required: ['tag', 'message', 'position', 'of', 'limited', 'returns_rows'],
      properties: {
        tag: {
          type: 'string',
          description: 'the command tag PostgreSQL would report: SELECT, DROP TABLE, BEGIN …',
        },
        message: {
          enum: ['simple', 'extended', 'copy', 'function_call', 'replication'],
          description: 'the kind of protocol message',
        },
        position: { ...count, description: 'place of this statement in its message, from 1' },
        of: { ...count, description: 'how many statements the message has' },
        limited: {
          type: 'integer',
          description: 'a constant LIMIT at the outermost level; -1 where there is none',
        },
        returns_rows: { type: 'boolean', description: 'whether rows come back' },
      },
    },
  },
} as const satisfies JSONSchema

export const identitySchema = {
  type: 'object',
  additionalProperties: false,
  required: ['subject', 'issuer', 'name', 'kind', 'groups', 'actor', 'claims', 'mfa'],
  properties: {
    subject: { type: 'string', minLength: 1, description: 'who it is, unique within the issuer' },
    issuer: { type: 'string', minLength: 1, description: 'the identity provider that says so' },
    name: {
      type: 'string',
      description: 'for people to read (preferred_username, e-mail); never compared for rights',
    },
    kind: {
      enum: ['human', 'agent', 'pipeline'],
      description: 'what the identity provider says it is',
    },
    groups: { ...set, description: 'as the identity provider names them' },
    actor: {
      type: 'array',
      description: 'who acts for the subject (RFC 8693 act), innermost last',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['subject'],
        properties: {
          subject: { type: 'string', description: 'the actor' },
          issuer: { type: 'string', description: 'absent: the issuer of the identity itself' },
        },
      },
    },
    claims: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'claims that the configuration hands on, as text',
    },
    mfa: { type: 'boolean', description: 'logged in with a second factor' },
  },
} as const satisfies JSONSchema

export const targetSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'kind', 'labels', 'database'],
  properties: {
    name: { type: 'string', description: 'as in the configuration' },
    kind: { enum: ['postgres'], description: 'what it is' },
    labels: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'labels from the configuration: env, tier, owner …',
    },
    database: { type: 'string', description: 'the database that the session is in' },
  },
} as const satisfies JSONSchema

export const grantSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['id', 'scope', 'approvers'],
  properties: {
    id: { type: 'string', description: 'of the request that was approved' },
    scope: {
      enum: ['command', 'session'],
      description: 'for this exact command once, or for the session while it stands',
    },
    approvers: { ...set, description: 'subjects of those who approved, sorted' },
    rules: {
      ...set,
      description: 'ids of the rules that had asked for it, sorted; absent: whatever asked',
    },
    until: {
      type: 'string',
      description: 'scope session alone: when it ends, RFC 3339; absent: with the session',
    },
    reason: { type: 'string', description: 'what access to the target was asked for with' },
    break_glass: {
      type: 'boolean',
      description: 'true where the usual approvers were passed over in an emergency',
    },
  },
} as const satisfies JSONSchema

export const factsSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport facts',
  type: 'object',
  additionalProperties: false,
  required: ['version', 'stage', 'identity', 'target', 'session', 'time', 'grants'],
  properties: {
    version: { const: FACTS_VERSION, description: 'of this schema' },
    stage: {
      enum: ['session', 'command'],
      description: 'whether a session may open at all, or whether one command may run',
    },
    identity: identitySchema,
    target: targetSchema,
    session: {
      type: 'object',
      additionalProperties: false,
      required: ['id', 'client_address', 'application', 'purpose', 'transaction', 'counters'],
      properties: {
        id: { type: 'string', description: 'of the session, as in the record' },
        client_address: { type: 'string', description: 'where the client connects from' },
        application: { type: 'string', description: 'application_name, as the client says' },
        purpose: { type: 'string', description: 'the purpose or ticket stated by the client' },
        transaction: {
          enum: ['idle', 'open', 'failed'],
          description: 'what the session’s transaction is like',
        },
        counters: {
          type: 'object',
          description:
            'each rounded down to 0, 1, 2, 5, 10, 20, 50, 100 … so that facts repeat: a rule with one of these as its threshold is exact',
          additionalProperties: false,
          required: ['commands', 'commands_last_minute', 'rows', 'labelled_rows', 'denials'],
          properties: {
            commands: { ...count, description: 'commands so far' },
            commands_last_minute: { ...count, description: 'commands within the last minute' },
            rows: { ...count, description: 'rows received so far' },
            labelled_rows: { ...count, description: 'rows of commands that touched labels' },
            denials: { ...count, description: 'refusals so far' },
          },
        },
      },
    },
    time: {
      type: 'object',
      additionalProperties: false,
      required: ['utc', 'weekday', 'hour', 'zone'],
      properties: {
        utc: { type: 'string', description: 'RFC 3339, whole minutes' },
        weekday: {
          enum: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
          description: 'in the zone of the target',
        },
        hour: {
          type: 'integer',
          minimum: 0,
          maximum: 23,
          description: 'in the zone of the target',
        },
        zone: { type: 'string', description: 'the zone of the target (IANA name)' },
      },
    },
    grants: {
      type: 'array',
      items: grantSchema,
      description: 'approvals that stand for this session or this exact command',
    },
    access: {
      type: 'object',
      description: 'stage session alone, where somebody asks ahead for access to the target',
      additionalProperties: false,
      required: ['for_ms', 'break_glass'],
      properties: {
        for_ms: { type: 'integer', minimum: 1000, description: 'how long it is wanted for' },
        break_glass: {
          type: 'boolean',
          description: 'whether it is an emergency in which the usual approvers are passed over',
        },
      },
    },
    policy: {
      type: 'object',
      description: 'absent while all is well',
      additionalProperties: false,
      required: ['stale'],
      properties: {
        stale: {
          type: 'boolean',
          description:
            'true where the source of the policies was not heard of for longer than policy.stale_ms of the configuration: what decides here may have been replaced elsewhere',
        },
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
export type WrittenMask = FromSchema<typeof writtenMaskSchema>
export type CommandFacts = FromSchema<typeof commandSchema>
export type IdentityFacts = FromSchema<typeof identitySchema>
export type TargetFacts = FromSchema<typeof targetSchema>
export type Grant = FromSchema<typeof grantSchema>
export type Facts = FromSchema<typeof factsSchema>
