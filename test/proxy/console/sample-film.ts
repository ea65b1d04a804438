// A film of as many commands as a test wants: an agent that closes a quarter, meets every decision, and has
// answers with masked cells. Nothing in it is random.
const OPENED = Date.now() - 3_600_000

type Line = {
  readonly text: string
  readonly action: string
  readonly go: boolean
  readonly rules: readonly {
    readonly id: string
    readonly message: string
    readonly hint?: string
  }[]
  readonly columns?: readonly string[]
  readonly rows?: readonly (readonly (string | null)[])[]
  readonly tag?: string
  readonly under?: { readonly action: string; readonly parting: string }
}

const no = {
  id: 'destructive/update-without-where',
  message: 'This changes every row of public.orders.',
  hint: 'add a WHERE that names the rows: UPDATE orders SET … WHERE id = …',
}
const SCRIPT: readonly Line[] = [
  {
    text: 'SELECT status, count(*) FROM orders GROUP BY status ORDER BY 2 DESC',
    action: 'allow',
    go: true,
    rules: [],
    columns: ['status', 'count'],
    rows: [
      ['shipped', '48210'],
      ['paid', '6120'],
      ['open', '911'],
      ['refunded', '318'],
    ],
    tag: 'SELECT 4',
  },
  {
    text: 'SELECT id, name, email, ssn, card_number, city\n  FROM customers\n WHERE city = $1\n ORDER BY id\n LIMIT 6',
    action: 'mask-fields',
    go: true,
    rules: [{ id: 'masking/pii-for-agents', message: 'Personal data is masked for agents.' }],
    columns: ['id', 'name', 'email', 'ssn', 'card_number', 'city'],
    rows: ['Oskar Medina', 'Ida Brandt', 'Noor Haddad', 'Jun Sato', 'Mia Keller', 'Leo Costa'].map(
      (name, at) => [String(1041 + at), name, '****', '****', '****', at === 3 ? null : 'Uppsala'],
    ),
    tag: 'SELECT 6',
    under: { action: 'require-approval', parting: 'held' },
  },
  { text: "UPDATE orders SET status = 'refunded'", action: 'deny', go: false, rules: [no] },
  {
    text: "UPDATE orders SET status = 'refunded' WHERE id = 7713",
    action: 'allow',
    go: true,
    rules: [],
    tag: 'UPDATE 1',
    under: { action: 'deny', parting: 'denied' },
  },
  {
    text: 'DROP TABLE orders_2019_leftover',
    action: 'require-approval',
    go: true,
    rules: [{ id: 'destructive/drop', message: 'Tables are dropped with a second pair of eyes.' }],
    tag: 'DROP TABLE',
  },
  {
    text: 'SELECT pg_sleep(1)',
    action: 'allow',
    go: true,
    rules: [],
    columns: ['pg_sleep'],
    rows: [['']],
    tag: 'SELECT 1',
  },
]

const facts = {
  version: 1,
  stage: 'command',
  command: {
    protocol: 'postgres',
    digest: 'sha256:8c1f',
    effects: [
      {
        op: 'read',
        object: 'public.customers',
        kind: 'table',
        columns: ['card_number', 'city', 'email', 'id', 'name', 'ssn'],
        labels: ['pii', 'secret'],
      },
    ],
    flows: [
      { from: 'public.customers.email', labels: ['pii'], to: 'output', output: 2, through: [] },
      {
        from: 'public.customers.ssn',
        labels: ['pii'],
        to: 'output',
        output: 3,
        through: ['cast:text', 'function:upper'],
      },
      { from: 'public.customers.card_number', labels: ['secret'], to: 'predicate', through: [] },
    ],
    unread: [],
    postgres: {
      tag: 'SELECT',
      message: 'extended',
      position: 1,
      of: 1,
      limited: 6,
      returns_rows: true,
    },
  },
}

// Command numbers from 1; of so many in all.
export function filmEntry(command: number, under: boolean) {
  const line = SCRIPT[command % 97 === 0 ? 4 : (command - 1) % SCRIPT.length] ?? SCRIPT[0]
  if (line === undefined) throw new Error('an empty script')
  const { text, action, go, rules, columns, rows, tag } = line
  const at = (command - 1) * 4_000 + (command % 5) * 700 + (command > 12 ? 900_000 : 0)
  const common = { command }
  const frames = go
    ? [
        {
          at,
          kind: 'command',
          ...common,
          text,
          ...(text.includes('$1') ? { binds: ['Uppsala'] } : {}),
        },
        ...(columns === undefined
          ? []
          : [
              {
                at: at + 30,
                kind: 'columns',
                ...common,
                columns: columns.map((name) => ({ name, type: 25 })),
              },
            ]),
        ...(rows === undefined ? [] : [{ at: at + 35, kind: 'rows', ...common, rows }]),
        ...(tag === undefined ? [] : [{ at: at + 40, kind: 'done', ...common, tag }]),
      ]
    : [
        { at, kind: 'command', ...common, text },
        {
          at: at + 2,
          kind: 'error',
          ...common,
          sqlstate: '42501',
          message: no.message,
          detail: `rule ${no.id}`,
          hint: no.hint,
        },
      ]
  return {
    at,
    time: OPENED + at,
    command,
    text,
    redacted: false,
    action,
    rules,
    go,
    ...(action === 'mask-fields'
      ? { facts, rewritten: text.replace('email, ssn', "'****' AS email, '****' AS ssn") }
      : {}),
    ...(action === 'require-approval'
      ? {
          approval: {
            id: 'QM4T8Z2W',
            events: [
              { at: at + 100, event: 'requested' },
              { at: at + 41_000, event: 'approved', by: 'Lin Zhao', reason: 'ticket OPS-4411' },
            ],
          },
        }
      : {}),
    ...(go
      ? {
          outcome: {
            result: 'done',
            tag: tag ?? '',
            rows: rows?.length ?? 1,
            bytes: 200,
            duration_us: 40_000,
            ...(action === 'mask-fields' ? { masked: 18 } : {}),
          },
        }
      : {}),
    frames,
    ...(under
      ? {
          under: {
            action: line.under?.action ?? action,
            rules: line.under === undefined ? rules : [no],
            parted: line.under !== undefined,
            parting: line.under?.parting ?? 'same',
            after: false,
            notes: [],
          },
        }
      : {}),
  }
}

export function filmPage(id: string, query: URLSearchParams) {
  const commands = id === 'long' ? 100_000 : id === 'empty' ? 0 : 42
  const from = Number(query.get('from') ?? 1)
  const limit = Number(query.get('limit') ?? 100)
  const under = (query.get('under') ?? '') !== ''
  const last = Math.min(commands, from + limit - 1)
  const entries = []
  for (let command = from; command <= last; command++) {
    const entry = filmEntry(command, under)
    entries.push(query.get('brief') === 'true' ? { ...entry, facts: undefined, frames: [] } : entry)
  }
  return {
    session: {
      id,
      subject: 'oskar@example.com',
      issuer: 'https://login.example.com',
      name: 'Oskar Medina',
      kind: 'agent',
      target: 'shop',
      database: 'shop',
      client_address: '10.0.4.17',
      application: 'closing-agent/2.1',
      opened: OPENED,
      ...(id === 'live' ? {} : { closed: OPENED + 2_000_000 }),
      state: id === 'live' ? 'open' : 'closed',
      commands,
      notes: [],
    },
    entries,
    ...(last < commands ? { next: last + 1 } : {}),
    ...(under ? { parted_at: 2 } : {}),
  }
}

export const SESSIONS = ['live', 'film', 'long', 'empty'].map((id, at) => ({
  id,
  subject: at === 2 ? 'ci@example.com' : 'oskar@example.com',
  issuer: 'https://login.example.com',
  name: ['Oskar Medina', 'Oskar Medina', 'deploy', 'Vera Lindqvist'][at] ?? '',
  kind: ['agent', 'agent', 'pipeline', 'human'][at] ?? '',
  target: at === 2 ? 'warehouse' : 'shop',
  database: at === 2 ? 'warehouse' : 'shop',
  client_address: '10.0.4.17',
  application: at === 3 ? 'psql' : 'closing-agent/2.1',
  since: new Date(OPENED - at * 5_000_000).toISOString(),
  ...(id === 'live'
    ? {}
    : { ended_at: new Date(OPENED - at * 5_000_000 + 2_000_000).toISOString() }),
  live: id === 'live',
  state: id === 'live' ? 'live' : 'ended',
  commands: [42, 42, 100_000, 0][at] ?? 0,
  denials: [7, 7, 16_494, 0][at] ?? 0,
  held: [7, 7, 1_030, 0][at] ?? 0,
  masked: [7, 7, 16_493, 0][at] ?? 0,
}))
