// The table of every line that a record may hold. A line is JSON, one object a line, chained by hash. Facts and decisions repeat, so they
// are written once a segment as `part` lines and referred to by digest; `audit recheck` puts them
// together again. Every line carries `seq` (from 0, no gaps), `time` (milliseconds, Unix epoch), `kind`
// and `prev`: the previous line's hash, hex SHA-256 of one zero byte and the line's bytes without its
// newline, 64 zeros before the first. That is the leaf hash of RFC 6962 §2.1, so that one hash serves
// the chain and the tree of the checkpoints.
import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import { BUNDLE_STEPS } from '../policy/bundle-problem.js'
import { decisionSchema } from './decision.js'

const text = { type: 'string' } as const
const integer = { type: 'integer' } as const
const line = { seq: integer, time: integer, prev: text } as const

// What may be personal, in a box that is opened by a key beside the record: without that key it is erased.
// The line itself then says `[erased]`. Salt and box are AES-256-CTR of 32 zero bytes and of the value's
// JSON, from byte `at` of the stream that SHA-256 of key and nonce gives; `commitment` is hex SHA-256
// of salt and value.
const sealed = {
  type: 'object',
  additionalProperties: false,
  required: ['key', 'nonce', 'at', 'commitment', 'box'],
  properties: { key: text, nonce: text, at: integer, commitment: text, box: text },
} as const

const outcome = {
  session: text,
  command: integer,
  // `unknown`: the connection to the target ended before it answered, or the gateway did.
  // `cancelled`: by the client; or never sent, since its intent could not be taken to the disk.
  result: { enum: ['done', 'failed', 'cancelled', 'unknown'] },
  tag: text,
  sqlstate: text,
  rows: integer,
  bytes: integer,
  duration_us: integer,
  masked: integer,
} as const

export const recordSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Sallyport record line',
  oneOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['seq', 'time', 'prev', 'kind', 'digest', 'value'],
      properties: {
        ...line,
        kind: { const: 'part' },
        // sha256:… of the canonical JSON of `value`.
        digest: text,
        value: { type: 'object' },
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['seq', 'time', 'prev', 'kind', 'session', 'event'],
      properties: {
        ...line,
        kind: { const: 'session' },
        sealed,
        session: text,
        event: { enum: ['opened', 'refused', 'closed'] },
        identity: { type: 'object' },
        target: text,
        database: text,
        client_address: text,
        application: text,
        reason: text,
      },
    },
    {
      // The intent: on disk before the first byte of the command goes to the target. A refusal
      // (decision deny, or an approval not given) has no outcome line.
      type: 'object',
      additionalProperties: false,
      required: [
        'seq',
        'time',
        'prev',
        'kind',
        'session',
        'command',
        'text',
        'go',
        'facts',
        'decision',
        'entrypoint',
        'bundle',
      ],
      properties: {
        ...line,
        kind: { const: 'command' },
        sealed,
        session: text,
        // Number of this command within its session, from 1.
        command: integer,
        // The command as sent, protected literals replaced by '…'.
        text,
        redacted: { type: 'boolean' },
        // What went to the target in its place, so that it computed on masked values.
        rewritten: text,
        go: { type: 'boolean' },
        facts: {
          type: 'object',
          additionalProperties: false,
          required: ['base', 'command', 'overrides'],
          properties: {
            // The digest of the whole document (sha256:… of its canonical JSON) follows from these
            // three and is worked out by who reads the record: writing it down would prove nothing
            // more and cost more than the rest of the line.
            // Parts: the document without `command`; and `command`.
            base: text,
            command: text,
            // Fields that differ from the parts for this command alone, by path:
            // {"command.digest": "…", "session.transaction": "open"}. Without `command.digest` it is
            // the digest of `text`.
            overrides: { type: 'object' },
          },
        },
        // Part: the decision as returned by the bundle.
        decision: text,
        entrypoint: { enum: ['decision', 'degraded'] },
        // Digest of the bundle that decided (see the `bundle` line).
        bundle: text,
        approval: text,
        // Why the gateway refused although the decision let it pass (approval denied, mask not
        // possible, token expired …).
        refusal: text,
        // Outcomes of earlier commands, of any session, that were not written before. Most outcomes
        // ride so: a line of their own would cost as much as the command's.
        outcomes: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['session', 'command', 'result'],
            properties: outcome,
          },
        },
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['seq', 'time', 'prev', 'kind', 'session', 'command', 'result'],
      properties: { ...line, kind: { const: 'outcome' }, ...outcome },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['seq', 'time', 'prev', 'kind', 'approval', 'event'],
      properties: {
        ...line,
        kind: { const: 'approval' },
        sealed,
        approval: text,
        // `granted`, `ended`: access to a target for a time. `joined`: the same command again, while it
        // waited already. `reviewed`: somebody looked at a broken glass afterwards. `delegated`,
        // `undelegated`: of a person’s right to approve; `approval` is then the delegation’s own id.
        event: {
          enum: [
            'requested',
            'joined',
            'escalated',
            'approved',
            'denied',
            'expired',
            'void',
            'used',
            'granted',
            'ended',
            'reviewed',
            'delegated',
            'undelegated',
          ],
        },
        session: text,
        command: integer,
        by: text,
        reason: text,
        digest: text,
        // Which way an answer came. Slack is proven by its signature, the console by its session; the
        // others are what the caller says.
        via: { enum: ['console', 'cli', 'api', 'slack', 'teams', 'email'] },
        // Issuer and subject of who had delegated the right that was used here.
        on_behalf: text,
        // How many rows the command may change at most, as this approver said.
        rows_max: integer,
        // Of access to a target, and of delegations.
        target: text,
        to: text,
        groups: { type: 'array', items: text },
        // Milliseconds, Unix epoch.
        until: integer,
        break_glass: { const: true },
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['seq', 'time', 'prev', 'kind', 'event'],
      properties: {
        ...line,
        kind: { const: 'bundle' },
        // `activated`: from the next command on it decides. `refused`: it does not, and what decided
        // before goes on. The others say what people asked for, after the activation it led to.
        event: { enum: ['activated', 'refused', 'pinned', 'unpinned', 'rolled_back'] },
        // Absent: the bundle that decides.
        slot: { const: 'shadow' },
        bundle: text,
        wasm: text,
        revision: text,
        // Of the activation: the budget of one evaluation, without which a decision that ran out of
        // it could not be executed again.
        fuel: integer,
        // Of the activation, where it was refused.
        step: { enum: BUNDLE_STEPS },
        reason: text,
        // Names of the keys that signed it, where some must.
        signers: { type: 'array', items: text },
        // Issuer and subject of who asked; absent where the source did.
        by: text,
      },
    },
    {
      // A bundle in the shadow slot would have answered otherwise than the one that decided. The facts
      // are those of the command's own line.
      type: 'object',
      additionalProperties: false,
      required: [
        'seq',
        'time',
        'prev',
        'kind',
        'session',
        'command',
        'bundle',
        'action',
        'rules',
        'shadow',
        'shadow_action',
        'shadow_rules',
      ],
      properties: {
        ...line,
        kind: { const: 'shadow' },
        session: text,
        command: integer,
        // Digests of the two bundles.
        bundle: text,
        shadow: text,
        action: decisionSchema.properties.action,
        rules: { type: 'array', items: text },
        shadow_action: decisionSchema.properties.action,
        shadow_rules: { type: 'array', items: text },
      },
    },
    {
      // What became of recordings (`proxy/recordings`), which lie beside the record: here is what they
      // are known by, so that one that was changed or taken away shows.
      type: 'object',
      additionalProperties: false,
      required: ['seq', 'time', 'prev', 'kind', 'event'],
      properties: {
        ...line,
        kind: { const: 'recording' },
        // `cut_short`: the gateway or the disk ended before the session did. `held`, `released`: by a
        // legal hold, on one session, one person or one target.
        event: { enum: ['finished', 'cut_short', 'deleted', 'held', 'released'] },
        session: text,
        // sha256:… of the sealed file; how many chunks and bytes it has.
        digest: text,
        chunks: integer,
        bytes: integer,
        // Of a deletion: the key alone is gone for certain, which is what makes every copy unreadable.
        erased: { enum: ['key', 'all'] },
        hold: text,
        scope: { enum: ['session', 'person', 'target'] },
        of: text,
        reason: text,
        // Issuer and subject of who asked, or the rule of retention that did.
        by: text,
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['seq', 'time', 'prev', 'kind', 'event'],
      properties: {
        ...line,
        kind: { const: 'incident' },
        event: text,
        session: text,
        command: integer,
        detail: text,
        // Issuer and subject of who did it, where somebody did: `session_ended`, `console_signed_in` …
        by: text,
        client_address: text,
      },
    },
    {
      type: 'object',
      additionalProperties: false,
      required: ['seq', 'time', 'prev', 'kind', 'event'],
      properties: {
        ...line,
        kind: { const: 'gateway' },
        // `segment` opens each file: which segment it continues and from which line.
        // `key_rotated`: another key signs from here on; the next checkpoint is signed by both.
        event: {
          enum: ['started', 'stopped', 'segment', 'resumed', 'torn', 'key_rotated', 'erased'],
        },
        version: text,
        detail: text,
        // With `erased`: who took which keys of people away, and why; `digest` is of their ids.
        by: text,
        reason: text,
        keys: { type: 'array', items: text },
        digest: text,
        // With `key_rotated`: the public keys before and after.
        from: text,
        to: text,
        // Only and always with `segment`, the first line of each file. Absent in the very first:
        // the file it continues, how many of its bytes count, the last line within them.
        previous: {
          type: 'object',
          additionalProperties: false,
          required: ['file', 'bytes', 'seq', 'hash'],
          properties: { file: text, bytes: integer, seq: integer, hash: text },
        },
        // After a failed write or sync: why the previous file was left. Whatever follows there
        // after `bytes` does not count.
        broken: text,
        // So many lines right after this one were already accepted but not known to be on the
        // disk in the previous file. They are repeated byte for byte, and come before this line
        // in the chain.
        restated: integer,
        // Peaks of the tree over all lines up to `previous.seq`, largest subtree first, hex.
        peaks: { type: 'array', items: text },
        // Commands let go whose outcome was not yet recorded at `previous.seq`.
        open: {
          type: 'array',
          items: {
            type: 'object',
            additionalProperties: false,
            required: ['session', 'command'],
            properties: { session: text, command: integer },
          },
        },
        // With `resumed`: how many commands were refused, and events lost for want of room.
        refused: integer,
        lost: integer,
      },
    },
  ],
} as const satisfies JSONSchema

export type RecordLine = FromSchema<typeof recordSchema>
