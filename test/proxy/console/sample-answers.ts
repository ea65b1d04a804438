// What a gateway could answer to the console, for pages that are hard to bring about with a real one:
// many commands, many rules, text written to do harm. Shapes as `/api/openapi.json` has them.
import type { Effect } from '../../../engine/schemas/facts.js'

const minute = 60_000
const at = (ms: number): string => new Date(Date.now() + ms).toISOString()

export const HOSTILE =
  '<img src=x onerror="document.title=1">\u001b[2J\u202edrop\u202c</code><script>1</script>'

export const VIEWER = {
  subject: 'vera',
  issuer: 'https://login.example.com',
  name: 'Vera Lindqvist',
  kind: 'human',
  groups: ['dba', 'security'],
  expires_at: at(55 * minute),
  csrf: 'a-token',
  may: { review: true, operate: true, auditors: true },
}

const agent = {
  subject: 'oskar@example.com',
  issuer: 'https://login.example.com',
  name: 'Oskar Medina',
  kind: 'agent',
  groups: ['finance'],
  actor: [{ subject: 'closing-agent' }],
}

const shop = {
  name: 'shop',
  kind: 'postgres',
  database: 'shop',
  labels: { env: 'prod', tier: '1', owner: 'payments' },
}

const dropEffects: readonly Effect[] = [
  {
    op: 'update',
    object: 'public.orders',
    kind: 'table',
    columns: ['status', 'total'],
    where: 'range',
  },
  {
    op: 'read',
    object: 'public.customers',
    kind: 'table',
    columns: ['id', 'email'],
    labels: ['pii'],
  },
]

export const APPROVALS = [
  {
    id: 'QM4T8Z2W',
    status: 'pending',
    requester: agent,
    target: shop,
    session: 's-2041',
    command: 17,
    text: "UPDATE orders AS o\n   SET status = 'refunded', total = 0\n  FROM customers AS c\n WHERE o.customer_id = c.id\n   AND c.email LIKE '…'\n   AND o.placed_at < date '2026-10-01'",
    rules: [
      {
        id: 'approval/write-in-production',
        message: 'An agent changes many rows in production.',
        hint: 'UPDATE … WHERE id = $1 needs no approval.',
      },
      {
        id: 'budget/rows-of-an-agent',
        message: 'More rows than an agent may change by itself (100).',
      },
    ],
    effects: dropEffects,
    approvers: ['dba', 'security'],
    quorum: 2,
    reason_required: false,
    scope: 'command',
    digest: 'sha256:8c1f0e5a94d8e1c6c2bb',
    created_at: at(-2 * minute),
    expires_at: at(8 * minute),
    approvals: [{ subject: 'lin', name: 'Lin Zhao', reason: 'ticket OPS-4411', at: at(-minute) }],
    groups_missing: [{ any_of: ['security'], count: 1 }],
    escalation: { to: ['on-call'], due_at: at(3 * minute) },
    consequence: {
      at: at(-2 * minute),
      ms: 38,
      summary: '1847 rows',
      estimate: 1900,
      count: 1847,
      cascades: [
        { table: 'public.order_items', action: 'update', by: 'order_items_order_id_fkey' },
        { table: 'public.invoices', action: 'set null', by: 'invoices_order_fkey' },
      ],
      locks: [
        {
          object: 'public.orders',
          mode: 'ROW EXCLUSIVE',
          blocks: 'nothing but changes of the table itself',
        },
      ],
      sizes: [],
      notes: [],
    },
    before: [
      {
        command: 13,
        at: at(-6 * minute),
        text: 'SELECT status, count(*) FROM orders GROUP BY 1',
        action: 'allow',
      },
      {
        command: 14,
        at: at(-5 * minute),
        text: 'SELECT name, email, ssn FROM customers LIMIT 20',
        action: 'mask-fields',
      },
      {
        command: 15,
        at: at(-4 * minute),
        text: "UPDATE orders SET status = 'refunded'",
        action: 'deny',
      },
      {
        command: 16,
        at: at(-3 * minute),
        text: 'SELECT count(*) FROM orders WHERE placed_at < date …',
        action: 'allow',
      },
    ],
  },
  {
    id: 'K7RB2M9X',
    status: 'pending',
    requester: { ...agent, subject: 'ci@example.com', name: 'deploy', kind: 'pipeline', actor: [] },
    target: { ...shop, name: 'warehouse', database: 'warehouse', labels: { env: 'staging' } },
    session: 's-2043',
    command: 3,
    text: 'DROP TABLE staging.leftover_2025',
    rules: [{ id: 'destructive/drop', message: 'Tables are dropped with a second pair of eyes.' }],
    effects: [{ op: 'drop', object: 'staging.leftover_2025', kind: 'table' }],
    approvers: ['dba'],
    quorum: 1,
    reason_required: true,
    scope: 'command',
    digest: 'sha256:11aa0e5a94d8e1c6c2bb',
    created_at: at(-1 * minute),
    expires_at: at(14 * minute),
    approvals: [],
    before: [],
  },
  {
    id: 'H0ST1LE9',
    status: 'denied',
    requester: { ...agent, name: HOSTILE, subject: HOSTILE, kind: 'human', actor: [] },
    target: shop,
    session: 's-2044',
    command: 1,
    text: `SELECT 1 /* ${HOSTILE} */`,
    rules: [{ id: 'approval/hostile', message: HOSTILE, hint: HOSTILE }],
    effects: [{ op: 'read', object: `public.${HOSTILE}`, kind: 'table' }],
    approvers: ['dba'],
    quorum: 1,
    reason_required: false,
    scope: 'command',
    digest: 'sha256:00',
    created_at: at(-60 * minute),
    expires_at: at(-50 * minute),
    approvals: [],
    settled_at: at(-55 * minute),
    settled_by: 'vera',
    reason: HOSTILE,
    before: [],
  },
]

export const HITS = [
  'SELECT name, email, ssn FROM customers LIMIT 20',
  "UPDATE orders SET status = 'refunded'",
  `SELECT 1 /* ${HOSTILE} */`,
].map((text, i) => ({
  session: 'film',
  command: i + 2,
  time: at(-(i + 1) * 90 * minute),
  who: i === 2 ? HOSTILE : 'Oskar Medina',
  kind: 'agent',
  target: 'shop',
  text,
  action: ['mask-fields', 'deny', 'allow'][i] ?? '',
  rules: i === 1 ? ['destructive/update-without-where'] : [],
  objects: i === 1 ? ['public.orders'] : ['public.customers'],
  labels: i === 0 ? ['pii', 'secret'] : [],
  snippet: text,
}))

export const DELEGATIONS = [
  {
    id: 'D3LEGAT1',
    from: { issuer: VIEWER.issuer, subject: VIEWER.subject, name: VIEWER.name },
    to: { issuer: VIEWER.issuer, subject: 'u-lin' },
    groups: ['dba'],
    reason: 'on leave until Monday <b>\u202e\u001b[31m',
    since: at(-60 * minute),
    until: at(2 * 1440 * minute),
  },
  {
    id: 'D3LEGAT2',
    from: { issuer: VIEWER.issuer, subject: 'u-other', name: 'Somebody Else' },
    to: { issuer: VIEWER.issuer, subject: VIEWER.subject },
    groups: ['security'],
    reason: 'night shift',
    since: at(-3 * 1440 * minute),
    until: at(-1440 * minute),
  },
]

export const GRANTS = [
  {
    id: 'GR4NTED1',
    holder: 'Oskar Medina',
    target: 'shop',
    database: 'shop',
    approvers: ['Lin Zhao'],
    reason: 'ticket OPS-4411',
    break_glass: false,
    standing: true,
    from: at(-10 * minute),
    until: at(20 * minute),
  },
  {
    id: 'BR0KENGL',
    holder: HOSTILE,
    target: 'shop',
    database: 'shop',
    approvers: ['Lin Zhao', 'Vera Lindqvist'],
    reason: 'checkout is down',
    break_glass: true,
    standing: false,
    from: at(-100 * minute),
    until: at(-70 * minute),
    ended_at: at(-70 * minute),
  },
]
