// What a test of approvals needs: a store of either kind, a real record, people with groups, and policies
// that let members of `approvers` and `owners` settle anything.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import pg from 'pg'
import type { Policy } from '../../../engine/policy/policy.js'
import type { IdentityFacts } from '../../../engine/schemas/facts.js'
import type { RecordLine } from '../../../engine/schemas/record.js'
import type { HoldRequest } from '../../../proxy/approvals/approvals.js'
import { createApprovals, type ApprovalsParts, type Holds } from '../../../proxy/approvals/holds.js'
import { newRequestId } from '../../../proxy/approvals/request-id.js'
import { systemClock } from '../../../proxy/clock.js'
import { GatewayError, type ErrorCode } from '../../../proxy/errors.js'
import type { Identity } from '../../../proxy/identity/identity.js'
import { silentLog } from '../../../proxy/log.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import type { Recorder } from '../../../proxy/recording/recorder.js'
import { openState, type State, type StateOptions } from '../../../proxy/state/state.js'
import { readFileSync, readdirSync } from 'node:fs'
import { missingPostgres, startPostgres, type Postgres } from '../../peers/postgres.js'

const ISSUER = 'https://issuer.example'

export function person(subject: string, more: Partial<IdentityFacts> = {}): Identity {
  const facts: IdentityFacts = {
    subject,
    issuer: ISSUER,
    name: subject,
    kind: 'human',
    groups: [],
    actor: [],
    claims: {},
    mfa: true,
    ...more,
  }
  return {
    key: JSON.stringify([facts.issuer, facts.subject]),
    facts,
    issuedAtMs: 0,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
    standing: () => ({ valid: true }),
  }
}

export const ann = person('ann', { groups: ['approvers'] })
export const bob = person('bob', { groups: ['approvers'] })
export const engineer = person('engineer', { groups: ['engineers'] })

export const policy: Policy = {
  id: 1,
  revision: 'test',
  digest: 'sha256:0',
  wasmDigest: 'sha256:0',
  labels: [],
  reads: undefined,
  decide: () => ({ action: 'deny', rules: [], masks: [], limits: {} }),
  mayApprove: ({ approver }) =>
    approver.kind === 'human' &&
    approver.groups.some((group) => ['approvers', 'owners'].includes(group))
      ? { allow: true, reason: '' }
      : { allow: false, reason: 'only people who approve' },
}

let requestsMade = 0

// Each another command, as its digest says.
export function heldRequest(
  terms: Partial<HoldRequest['terms']> = {},
  more: Partial<HoldRequest> = {},
): HoldRequest {
  return {
    session: 's1',
    command: 7,
    digest: `sha256:${requestsMade++}`,
    terms: {
      approvers: ['approvers'],
      quorum: 1,
      expires_ms: 60_000,
      reason_required: false,
      scope: 'command',
      ...terms,
    },
    rules: [{ id: 'destructive/drop', message: 'a table of production is dropped' }],
    requester: engineer.facts,
    target: { name: 'shop', kind: 'postgres', labels: { env: 'prod' }, database: 'shop' },
    text: 'drop table orders',
    effects: [{ op: 'drop', object: 'public.orders', kind: 'table' }],
    ...more,
  }
}

export type Store = {
  readonly kind: 'sqlite' | 'postgres'
  readonly fresh: () => Promise<StateOptions>
}

// Both stores, or the one that this machine has. Every `fresh` is an empty one.
export async function stores(
  t: Test,
  kinds: readonly Store['kind'][] = ['sqlite', 'postgres'],
): Promise<readonly Store[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-state-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  let made = 0
  const sqlite: Store = {
    kind: 'sqlite',
    fresh: () => Promise.resolve({ kind: 'sqlite', file: join(directory, `${made++}.sqlite`) }),
  }
  if (!kinds.includes('postgres') || missingPostgres('embedded') !== false) return [sqlite]
  const server = await startPostgres({ kind: 'embedded' })
  t.teardown(server.stop)
  return [sqlite, { kind: 'postgres', fresh: () => freshDatabase(server, `state${made++}`) }]
}

async function freshDatabase(server: Postgres, name: string): Promise<StateOptions> {
  const { host, port, superuser, password } = server
  const client = new pg.Client({ host, port, user: superuser, password, database: 'postgres' })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return { kind: 'postgres', url: `postgres://${superuser}:${password}@${host}:${port}/${name}` }
}

export type Gateway = {
  readonly approvals: Holds
  readonly state: State
  readonly recorder: Recorder
  readonly events: () => readonly string[]
  readonly lines: () => readonly RecordLine[]
  readonly stop: () => Promise<void>
}

export async function gatewayOn(
  t: Test,
  options: StateOptions,
  parts: Partial<ApprovalsParts> = {},
): Promise<Gateway> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-record-'))
  const state = await openState(options, silentLog)
  const recorder = await createRecorder({ directory, syncMs: 5 })
  const approvals = await createApprovals({
    state,
    recorder,
    notifiers: [],
    policy: () => policy,
    clock: systemClock,
    limits: { holdsPerIdentity: 10 },
    selfApproval: false,
    randomId: newRequestId,
    log: silentLog,
    ...parts,
  })
  let stopped: Promise<void> | undefined
  const end = async (): Promise<void> => {
    await approvals.close()
    await recorder.close()
    await state.close()
  }
  const stop = (): Promise<void> => (stopped ??= end())
  t.teardown(async () => {
    await stop()
    rmSync(directory, { recursive: true, force: true })
  })
  const lines = (): readonly RecordLine[] => recordLines(directory)
  const events = (): readonly string[] =>
    lines().flatMap((line) => (line.kind === 'approval' ? [line.event] : []))
  return { approvals, state, recorder, events, lines, stop }
}

function recordLines(directory: string): readonly RecordLine[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordLine)
}

export function rejects(
  t: Test,
  work: Promise<unknown>,
  code: ErrorCode,
  words?: RegExp,
): Promise<unknown> {
  return work.then(
    () => t.fail(`was not refused with ${code}`),
    (error: unknown) => {
      if (!(error instanceof GatewayError)) throw error
      t.equal(error.code, code, error.message)
      if (words !== undefined) t.match(error.message, words)
    },
  )
}
