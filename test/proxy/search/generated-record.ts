// Records of any size by the real recorder, made to be searched: people, agents and pipelines on several targets,
// with labelled columns, refusals, holds, approvals, incidents, over many months. The same seed gives the
// same record. For the tests and the bench of searching; holds no test.
import type { Decision } from '../../../engine/schemas/decision.js'
import type { CommandFacts, Effect, Facts, Flow } from '../../../engine/schemas/facts.js'
import type { CommandRecord, Recorder } from '../../../proxy/recording/recorder.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'

export type GeneratedOptions = {
  readonly directory: string
  readonly commands: number
  readonly seed?: number
  readonly people?: number
  readonly segmentBytes?: number
  // Commands of one session, on average.
  readonly each?: number
}

type Base = Omit<Facts, 'command'>
type Random = (below: number) => number

const STARTED = Date.parse('2026-01-01T00:00:00Z')
const MONTHS_9_MS = 273 * 86_400_000
const WRITTEN_AT_ONCE = 1_000
const BUNDLE = `sha256:${'b'.repeat(64)}`
export const TARGETS = ['shop', 'billing', 'crm', 'warehouse', 'identity', 'logs'] as const
export const TABLES = [
  ...['customers', 'orders', 'invoices', 'payments', 'shipments', 'refunds', 'audit_log', 'prices'],
  ...['products', 'users', 'tickets', 'contracts', 'employees', 'salaries', 'devices', 'events'],
] as const
const LABELLED: Readonly<Record<string, readonly [column: string, label: string][]>> = {
  customers: [
    ['ssn', 'pii'],
    ['card_number', 'pci'],
    ['email', 'pii'],
  ],
  users: [
    ['password_hash', 'secret'],
    ['email', 'pii'],
  ],
  employees: [['iban', 'pii']],
  salaries: [['amount', 'confidential']],
}
export const RULES = [
  'destructive/update-without-where',
  'destructive/drop',
  'secrets/credentials',
  'pii/masked',
  'bulk/too-many-rows',
] as const

export async function generatedRecord(options: GeneratedOptions): Promise<void> {
  const { directory, commands, seed = 1, people = 200, each = 200 } = options
  const random = randomOf(seed)
  let now = STARTED
  const recorder = await createRecorder({
    directory,
    clock: { now: () => now, monotonicUs: () => now * 1000 },
    checkpointMs: 60_000,
    ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
  })
  const live: Live[] = []
  const statements = statementsOf()
  let sessions = 0
  let waiting: Promise<void>[] = []
  for (let n = 0; n < commands; n += 1) {
    // Now and then the clock goes back a little.
    now = STARTED + Math.floor((n / commands) * MONTHS_9_MS) - (random(997) === 0 ? 60_000 : 0)
    if (live.length < 8 || random(each) === 0) {
      const opened = sessionOf(`${seed.toString(16)}-${(sessions += 1)}`, random(people), random)
      live.push(opened)
      const { identity, target, session } = opened.base
      recorder.session({
        session: session.id,
        event: 'opened',
        identity,
        target: target.name,
        database: target.database,
        clientAddress: session.client_address,
        application: session.application,
      })
      if (live.length > 40) {
        const [closed] = live.splice(random(20), 1)
        if (closed !== undefined) {
          recorder.session({ session: closed.base.session.id, event: 'closed' })
        }
      }
    }
    const session = live[Math.min(random(live.length), random(live.length))]
    const statement = statements[skewed(statements.length, random)]
    if (session === undefined || statement === undefined) continue
    session.commands += 1
    const record = commandOf(session, statement, n, random)
    waiting.push(written(recorder, record))
    if (record.go) outcomeOf(recorder, record, random)
    else if (record.approval !== undefined) {
      recorder.approval(
        {
          approval: record.approval,
          event: 'denied',
          by: JSON.stringify(['https://id.example', `reviewer-${random(5)}`]),
          session: record.session,
          command: record.command,
        },
        () => undefined,
      )
    }
    if (random(5_000) === 0) {
      const { session: id, command } = record
      recorder.incident({ event: 'write_back', session: id, command, detail: 'a masked value' })
    }
    if (waiting.length === WRITTEN_AT_ONCE) {
      await Promise.all(waiting)
      waiting = []
    }
  }
  await Promise.all(waiting)
  await recorder.close()
}

type Live = { readonly base: Base; commands: number }

function sessionOf(id: string, person: number, random: Random): Live {
  const kind = (['human', 'agent', 'pipeline'] as const)[person % 3] ?? 'human'
  const at = skewed(TARGETS.length, random)
  const env = ['prod', 'staging', 'dev'][skewed(3, random)] ?? 'dev'
  return {
    commands: 0,
    base: {
      version: 1,
      stage: 'command',
      identity: {
        subject: `${kind}-${person}`,
        issuer: 'https://id.example',
        name: person % 7 === 0 ? '' : `${kind}-${person}@example.com`,
        kind,
        groups: person % 5 === 0 ? ['dba', 'engineers'] : ['engineers'],
        actor: [],
        claims: {},
        mfa: kind === 'human',
      },
      target: {
        name: env === 'prod' ? (TARGETS[at] ?? '') : `${TARGETS[at]}-${env}`,
        kind: 'postgres',
        labels: { env, tier: at < 2 ? 'gold' : 'silver' },
        database: TARGETS[at] ?? '',
      },
      session: {
        id,
        client_address: `192.0.2.${person % 200}`,
        application: kind === 'human' ? 'psql' : 'node',
        purpose: '',
        transaction: 'idle',
        counters: { commands: 0, commands_last_minute: 0, rows: 0, labelled_rows: 0, denials: 0 },
      },
      time: { utc: '2026-01-01T00:00:00Z', weekday: 'thursday', hour: 0, zone: 'UTC' },
      grants: [],
    },
  }
}

type Statement = {
  readonly command: CommandFacts
  readonly decision: Decision
  readonly text: (n: number, random: Random) => string
}

function commandOf(
  { base, commands }: Live,
  { command, decision, text }: Statement,
  n: number,
  random: Random,
): CommandRecord {
  const held = decision.action === 'require-approval'
  return {
    session: base.session.id,
    command: commands,
    text: text(n, random),
    redacted: n % 50 === 0,
    go: decision.action === 'allow' || decision.action === 'mask-fields',
    facts: { base, command, overrides: {} },
    decision,
    entrypoint: 'decision',
    bundle: BUNDLE,
    ...(held ? { approval: `appr-${base.session.id}-${commands}`, refusal: 'denied' } : {}),
  }
}

function outcomeOf(recorder: Recorder, record: CommandRecord, random: Random): void {
  const { session, command, decision } = record
  if (random(100) === 0) {
    return recorder.outcome({ session, command, result: 'failed', sqlstate: '42P01' })
  }
  const rows = random(20) === 0 ? random(5_000) : random(20)
  recorder.outcome({
    session,
    command,
    result: 'done',
    tag: `SELECT ${rows}`,
    rows,
    durationUs: 100 + random(5_000),
    ...(decision.action === 'mask-fields' ? { masked: rows } : {}),
  })
}

function statementsOf(): readonly Statement[] {
  const found: Statement[] = []
  for (const table of TABLES) {
    for (let variant = 0; variant < 24; variant += 1) found.push(statementOf(table, variant))
  }
  // In an order that mixes tables, so that the skew does not favour one.
  return found.sort((a, b) => hashed(a.command.digest) - hashed(b.command.digest))
}

const WORDS = ['quarterly', 'refund', 'overdue', 'churn', 'fraud', 'renewal', 'backfill', 'dedupe']

function statementOf(table: string, variant: number): Statement {
  const object = `public.${table}`
  const labelled = LABELLED[table]?.[variant % (LABELLED[table]?.length ?? 1)]
  const touches = labelled !== undefined && variant % 3 === 0
  const [column, label] = touches ? labelled : ['status', undefined]
  const columns = ['id', column].sort()
  const labels = label === undefined ? [] : [label]
  const op = variant < 16 ? 'read' : variant < 20 ? 'update' : variant < 22 ? 'delete' : 'drop'
  const effect: Effect =
    op === 'drop'
      ? { op, object, kind: 'table' }
      : { op, object, kind: 'table', columns, labels, ...(op === 'read' ? {} : { where: 'key' }) }
  const flows: Flow[] =
    label === undefined || op !== 'read'
      ? []
      : [{ from: `${object}.${column}`, labels, to: 'output', output: 1, through: [] }]
  const word = WORDS[variant % WORDS.length] ?? ''
  return {
    command: {
      protocol: 'postgres',
      digest: `sha256:${table}-${variant}`,
      effects: [effect],
      flows,
      unread: [],
      postgres: {
        tag: { read: 'SELECT', update: 'UPDATE', delete: 'DELETE', drop: 'DROP TABLE' }[op],
        message: 'simple',
        position: 1,
        of: 1,
        limited: -1,
        returns_rows: op === 'read',
      },
    },
    decision: decisionOf(op, label, variant),
    text: (n, random) =>
      op === 'read'
        ? `/* ${word} */ SELECT id, ${column} FROM ${table} WHERE id = ${n} AND region = 'eu-${random(50)}'`
        : op === 'update'
          ? `UPDATE ${table} SET ${column} = '${word}-${n}' WHERE id = ${n}`
          : op === 'delete'
            ? `DELETE FROM ${table} WHERE id = ${n} -- ${word}`
            : `DROP TABLE ${table}`,
  }
}

function decisionOf(op: string, label: string | undefined, variant: number): Decision {
  const rule = (id: string) => [{ id, message: `stopped by ${id}` }]
  const plain = { masks: [], limits: {} }
  if (op === 'drop') {
    return {
      ...plain,
      action: 'require-approval',
      rules: rule('destructive/drop'),
      approval: {
        approvers: ['dba'],
        quorum: 1,
        expires_ms: 60_000,
        reason_required: false,
        scope: 'command',
      },
    }
  }
  if (op === 'delete' && variant % 2 === 0) {
    return { ...plain, action: 'deny', rules: rule('destructive/update-without-where') }
  }
  if (label === 'secret') return { ...plain, action: 'deny', rules: rule('secrets/credentials') }
  if (label !== undefined) {
    return {
      ...plain,
      action: 'mask-fields',
      rules: [...rule('pii/masked'), ...(variant === 3 ? rule('bulk/too-many-rows') : [])],
      masks: [{ match: `label:${label}`, method: 'redact' }],
    }
  }
  return { ...plain, action: 'allow', rules: [] }
}

function written(recorder: Recorder, record: CommandRecord): Promise<void> {
  return new Promise((done, failed) => {
    recorder.command(record, 'os', (failure) => (failure === undefined ? done() : failed(failure)))
  })
}

// The first ones far more often than the last.
function skewed(size: number, random: Random): number {
  return Math.floor((size * random(1000) * random(1000)) / 1_000_000)
}

function hashed(text: string): number {
  let found = 0x811c9dc5
  for (const letter of text) found = Math.imul(found ^ letter.charCodeAt(0), 0x01000193)
  return found >>> 0
}

// mulberry32
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}
