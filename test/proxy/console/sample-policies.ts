// What a gateway could answer about its policies, targets and health; and one command that was tried.

const minute = 60_000
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`

export const POLICY = {
  source: 'https://bundles.example.com/sallyport.tar.gz',
  kind: 'server',
  active: {
    digest: digest('a'),
    content: digest('1'),
    revision: '4f2c9d17b0a8',
    at_ms: Date.now() - 7_200_000,
    since_ms: Date.now() - 7_100_000,
    fuel: 1_000_000,
    signers: ['release', 'security'],
  },
  age_ms: 12_000,
  freshness: 'fresh',
  refused: null,
  pin: null,
  history: [
    {
      digest: digest('a'),
      content: digest('1'),
      revision: '4f2c9d17b0a8',
      at_ms: Date.now() - 7_200_000,
    },
    {
      digest: digest('b'),
      content: digest('2'),
      revision: '91be02c6d7f1',
      at_ms: Date.now() - 97_200_000,
    },
    {
      digest: digest('c'),
      content: digest('3'),
      revision: 'e07713aa52c4',
      at_ms: Date.now() - 397_200_000,
    },
  ],
  shadow: { source: 'shadow/', bundle: digest('d'), revision: 'next' },
}

const rule = (id: string, title: string, hits: number, denied: number, held: number) => ({
  id,
  title,
  severity: denied > 0 ? 'high' : 'medium',
  hits,
  denied,
  held,
  ...(hits > 0 ? { last_at: ago(hits * 700) } : {}),
  never: hits === 0,
})

export const RULES = {
  rules: [
    rule('masking/pii-for-agents', 'Personal data is masked for agents', 18204, 0, 0),
    rule('destructive/update-without-where', 'Rows are named before they are changed', 412, 412, 0),
    rule('destructive/drop', 'Tables are dropped with a second pair of eyes', 38, 2, 36),
    rule(
      'approval/write-in-production',
      'Agents ask before they write in production',
      1207,
      0,
      1207,
    ),
    rule('budget/rows-of-an-agent', 'An agent changes so many rows by itself', 96, 0, 96),
    rule('session/outside-hours', 'Nobody opens production at night', 3, 3, 0),
    rule('server/programs', 'No program runs on the database server', 0, 0, 0),
    rule('server/files', 'No file of the database server is read', 0, 0, 0),
    rule('replication/streams', 'Nobody copies the whole database away', 0, 0, 0),
  ],
}

export const SHADOW = {
  source: 'shadow/',
  bundle: digest('d'),
  revision: 'next',
  since_ms: Date.now() - 400 * minute,
  same: 48_211,
  differs: 73,
  dropped: 0,
  failed: 0,
  refused: null,
  flips: [
    {
      action: 'allow',
      rules: [],
      shadow_action: 'require-approval',
      shadow_rules: ['approval/write-in-production'],
      count: 61,
      examples: [
        {
          session: 'film',
          command: 4,
          at_ms: Date.now() - 12 * minute,
          text: "UPDATE orders SET status = 'refunded' WHERE id = 7713",
        },
      ],
    },
    {
      action: 'mask-fields',
      rules: ['masking/pii-for-agents'],
      shadow_action: 'deny',
      shadow_rules: ['confidential/ssn'],
      count: 12,
      examples: [
        {
          session: 'film',
          command: 8,
          at_ms: Date.now() - 31 * minute,
          text: 'SELECT name, email, ssn FROM customers LIMIT 20',
        },
      ],
    },
  ],
}

const before = `package sallyport.budget

import rego.v1

# METADATA
# title: An agent changes so many rows by itself
rows_max := 500

deny contains rule if {
	input.identity.kind == "agent"
	some effect in input.command.effects
	effect.op in {"update", "delete"}
	effect.where in {"absent", "trivial"}
}
`

export const DIFF = {
  from: digest('b'),
  to: digest('a'),
  rules: { added: ['budget/rows-of-an-agent'], removed: [] },
  files: [
    {
      path: 'policies/sallyport/budget.rego',
      change: 'changed',
      before,
      after: before
        .replace('rows_max := 500', 'rows_max := 100')
        .replace('"update", "delete"', '"update", "delete", "truncate"'),
    },
  ],
}

export const TARGETS = {
  targets: [
    {
      name: 'shop',
      kind: 'postgres',
      labels: { env: 'prod', tier: '1', owner: 'payments' },
      state: 'current',
      catalogue: { age_ms: 41_000, relations: 212 },
      sessions: 3,
    },
    {
      name: 'warehouse',
      kind: 'postgres',
      labels: { env: 'staging' },
      state: 'current',
      catalogue: { age_ms: 3_000, relations: 1_904 },
      sessions: 0,
    },
    {
      name: 'ledger',
      kind: 'postgres',
      labels: { env: 'prod', tier: '0' },
      state: 'stale',
      sessions: 0,
    },
  ],
}

export const HEALTH = {
  ready: false,
  checks: [
    { name: 'record', ok: true },
    { name: 'policies', ok: true },
    { name: 'state', ok: true },
    { name: 'target ledger', ok: false, reason: 'connection refused by 10.0.9.4:5432' },
  ],
  version: '0.1.0',
  node: 'v20.20.2',
  started_at: ago(90 * minute),
  record: { healthy: true, lag: 2 },
  bundle: {
    digest: digest('a'),
    revision: '4f2c9d17b0a8',
    age_ms: 12_000,
    freshness: 'fresh',
    held: false,
  },
  sessions: 3,
  holds: 2,
  signed_in: 1,
  streams: 1,
  memory_bytes: 142_000_000,
  event_loop_p99_ms: 3.2,
}

export const WHO_CAN = {
  bundle: { digest: digest('a'), revision: '4f2c9d17b0a8' },
  groups: ['dba', 'finance'],
  rows: [
    {
      kind: 'human',
      group: 'dba',
      result: 'allowed',
      rules: [],
      approvers: [],
      otherwise: [{ when: 'env is prod', result: 'approval' }],
    },
    { kind: 'human', result: 'masked', rules: ['masking/pii'], approvers: [], otherwise: [] },
    {
      kind: 'agent',
      result: 'approval',
      rules: ['approval/write-in-production'],
      approvers: ['dba', 'security'],
      otherwise: [{ when: 'outside office hours', result: 'never' }],
    },
    {
      kind: 'pipeline',
      result: 'never',
      rules: ['masking/pii-in-conditions'],
      approvers: [],
      otherwise: [],
    },
  ],
}

export const TRIED = {
  statements: [
    {
      text: "UPDATE customers SET ssn = upper(ssn::text) WHERE email LIKE '%'",
      facts: {
        version: 1,
        stage: 'command',
        identity: { subject: 'somebody', kind: 'agent', groups: ['finance'] },
        command: {
          protocol: 'postgres',
          digest: 'sha256:8c1f',
          effects: [
            {
              op: 'update',
              object: 'public.customers',
              kind: 'table',
              columns: ['ssn'],
              where: 'trivial',
              labels: ['pii'],
            },
            {
              op: 'read',
              object: 'public.customers',
              kind: 'table',
              columns: ['email', 'ssn'],
              labels: ['pii'],
            },
          ],
          flows: [
            {
              from: 'public.customers.ssn',
              labels: ['pii'],
              to: 'write',
              through: ['cast:text', 'function:upper'],
            },
            { from: 'public.customers.email', labels: ['pii'], to: 'predicate', through: [] },
          ],
          unread: [],
          postgres: {
            tag: 'UPDATE',
            message: 'simple',
            position: 1,
            of: 1,
            limited: -1,
            returns_rows: false,
          },
        },
      },
      decision: {
        action: 'deny',
        rules: [
          {
            id: 'destructive/update-without-where',
            message: 'This changes every row of public.customers.',
            hint: 'add a WHERE that names the rows',
          },
          {
            id: 'masking/pii-in-conditions',
            message: 'Personal data is compared, which would tell what it is.',
          },
        ],
        masks: [],
        limits: {},
      },
      flows: [],
      answer: { go: false, message: 'destructive/update-without-where' },
      nearest: [
        {
          text: 'UPDATE customers SET ssn = upper(ssn::text) WHERE id = 1041',
          change: 'Name the row by its key.',
        },
      ],
    },
  ],
}
