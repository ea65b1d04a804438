// Records of any size by the real recorder: sessions that go on for hours, commands that repeat with other
// literals, counters and minutes that move. For the tests and the bench of backtests; holds no test.
import { createHash } from 'node:crypto'
import type { Policy } from '../../../../engine/policy/policy.js'
import type {
  CommandFacts,
  Effect,
  Facts,
  IdentityFacts,
} from '../../../../engine/schemas/facts.js'
import { createRecorder } from '../../../../proxy/recording/segment-writer.js'
import type { Recorder } from '../../../../proxy/recording/recorder.js'

type Base = Omit<Facts, 'command'>

export type SyntheticOptions = {
  readonly directory: string
  readonly commands: number
  readonly policy: Policy
  readonly sessions?: number
  // Different statements, beside their literals.
  readonly shapes?: number
  readonly segmentBytes?: number
}

const WRITTEN_AT_ONCE = 2_000
const STARTED = Date.parse('2026-11-24T08:00:00Z')

export async function syntheticRecord(options: SyntheticOptions): Promise<void> {
  const { directory, commands, policy, sessions = 50, shapes = 400, segmentBytes } = options
  let now = STARTED
  const clock = { now: () => now, monotonicUs: () => now * 1000 }
  const recorder = await createRecorder({
    directory,
    clock,
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
  })
  const statements = Array.from({ length: shapes }, (_, at) => statementOf(at))
  const decisions = new Map<string, ReturnType<Policy['decide']>>()
  const bases = new Map<string, Base>()
  let waiting: Promise<void>[] = []
  for (let n = 0; n < commands; n += 1) {
    now = STARTED + n * 40
    const session = n % sessions
    const number = Math.floor(n / sessions) + 1
    // A session's situation changes with the minute and with each step of a counter.
    const key = `${session} ${Math.floor(now / 60_000)} ${step(number)}`
    let base = bases.get(key)
    if (base === undefined) {
      if (bases.size > 5_000) bases.clear()
      base = baseOf(session, now, step(number))
      bases.set(key, base)
    }
    // Not in step with the sessions.
    const shape = (Math.imul(n, 0x9e3779b1) >>> 8) % shapes
    const statement = statements[shape] ?? statementOf(0)
    const text = statement.text(n)
    const facts = { ...base, command: statement.command }
    const known = `${session % 20} ${shape} ${step(number)}`
    const decision = decisions.get(known) ?? policy.decide(facts, 'decision')
    decisions.set(known, decision)
    const go = decision.action === 'allow' || decision.action === 'mask-fields'
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
    waiting.push(
      written(recorder, {
        session: base.session.id,
        command: number,
        text,
        redacted: false,
        go,
        facts: { base, command: statement.command, overrides: { 'command.digest': digest } },
        decision,
        entrypoint: 'decision',
        bundle: policy.digest,
      }),
    )
    if (go) {
      recorder.outcome({ session: base.session.id, command: number, result: 'done', rows: 1 })
    }
    if (waiting.length === WRITTEN_AT_ONCE) {
      await Promise.all(waiting)
      waiting = []
    }
  }
  await Promise.all(waiting)
  await recorder.close()
}

function written(recorder: Recorder, record: Parameters<Recorder['command']>[0]): Promise<void> {
  return new Promise((done, failed) => {
    recorder.command(record, 'os', (failure) => (failure === undefined ? done() : failed(failure)))
  })
}

function step(count: number): number {
  let decade = 1
  while (decade * 10 <= count) decade *= 10
  return [5, 2, 1].map((digit) => digit * decade).find((value) => value <= count) ?? 0
}

const KINDS = ['human', 'agent', 'pipeline'] as const

function baseOf(session: number, now: number, commands: number): Base {
  const who = session % 10
  const kind = KINDS[who % 3] ?? 'human'
  const identity: IdentityFacts = {
    subject: `${kind}-${who}`,
    issuer: 'https://issuer.example',
    name: '',
    kind,
    groups: who === 0 ? ['engineers', 'pii-readers'] : ['engineers'],
    actor: [],
    claims: {},
    mfa: kind === 'human',
  }
  const at = new Date(Math.floor(now / 60_000) * 60_000)
  return {
    version: 1,
    stage: 'command',
    identity,
    target: {
      name: session % 4 === 0 ? 'staging' : 'shop',
      kind: 'postgres',
      labels: { env: session % 4 === 0 ? 'staging' : 'prod' },
      database: 'shop',
    },
    session: {
      id: `s-${session}`,
      client_address: '192.0.2.10',
      application: 'psql',
      purpose: '',
      transaction: 'idle',
      counters: { commands, commands_last_minute: 1, rows: commands, labelled_rows: 0, denials: 0 },
    },
    time: {
      utc: at.toISOString().replace('.000Z', 'Z'),
      weekday: 'tuesday',
      hour: at.getUTCHours(),
      zone: 'UTC',
    },
    grants: [],
  }
}

type Statement = { readonly command: CommandFacts; readonly text: (n: number) => string }

function statementOf(at: number): Statement {
  const table = `public.t${Math.floor(at / 5)}`
  const read: Effect = {
    op: 'read',
    object: table,
    kind: 'table',
    columns: ['id', 'note'],
    labels: [],
  }
  switch (at % 5) {
    case 0:
      return made('SELECT', [read], (n) => `SELECT id, note FROM ${table} WHERE id = ${n}`)
    case 1:
      return made(
        'UPDATE',
        [
          {
            op: 'update',
            object: table,
            kind: 'table',
            columns: ['note'],
            where: 'key',
            labels: [],
          },
          read,
        ],
        (n) => `UPDATE ${table} SET note = 'n${n}' WHERE id = ${n}`,
      )
    case 2:
      return made(
        'DELETE',
        [{ op: 'delete', object: table, kind: 'table', where: 'range', labels: [] }, read],
        (n) => `DELETE FROM ${table} WHERE id < ${n}`,
      )
    case 3:
      return made(
        'INSERT',
        [{ op: 'insert', object: table, kind: 'table', columns: ['id', 'note'], labels: [] }],
        (n) => `INSERT INTO ${table} (id, note) VALUES (${n}, 'größer')`,
      )
    default:
      return made(
        'DROP TABLE',
        [{ op: 'drop', object: table, kind: 'table' }],
        () => `DROP TABLE ${table}`,
      )
  }
}

function made(tag: string, effects: readonly Effect[], text: Statement['text']): Statement {
  return {
    text,
    command: {
      protocol: 'postgres',
      digest: '',
      effects: [...effects],
      flows: [],
      unread: [],
      postgres: {
        tag,
        message: 'simple',
        position: 1,
        of: 1,
        limited: -1,
        returns_rows: tag === 'SELECT',
      },
    },
  }
}
