// A relay whose two sides are in the test's hands, byte for byte: for what no real PostgreSQL would send
// and no driver would say. Our own reader and guard are the real ones; the names are an empty database's.
import type { Catalogue } from '../../../../engine/facts/postgres/catalogue.js'
import { exitMasksOf } from '../../../../engine/facts/postgres/exit-masks.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import type { Policy } from '../../../../engine/policy/policy.js'
import type { Decision } from '../../../../engine/schemas/decision.js'
import type { Facts } from '../../../../engine/schemas/facts.js'
import { systemClock } from '../../../../proxy/clock.js'
import { createGuard } from '../../../../proxy/guard.js'
import type { Relay } from '../../../../proxy/protocols/postgres/connected.js'
import { startRelay } from '../../../../proxy/protocols/postgres/relay.js'
import { message } from '../../../../proxy/protocols/postgres/wire-bytes.js'
import type { Outcome } from '../../../../proxy/recording/recorder.js'
import type { Stream } from '../../../../proxy/transport/stream.js'
import { sampleSession } from '../../sample-session.js'

export class HandStream implements Stream {
  readonly remoteAddress = '127.0.0.1'
  readonly encrypted = false
  onBytes: (chunk: Buffer) => void = () => undefined
  onClose: (error: Error | undefined) => void = () => undefined
  onDrain: () => void = () => undefined
  written: Buffer = Buffer.alloc(0)
  closed = false
  paused = false
  // Takes no more for now.
  full = false
  readonly write = (bytes: Uint8Array): boolean => {
    this.written = Buffer.concat([this.written, bytes])
    return !this.full
  }
  readonly queued = (): number => 0
  readonly pause = (): void => {
    this.paused = true
  }
  readonly resume = (): void => {
    this.paused = false
  }
  readonly end = (): void => {
    this.closed = true
  }
  readonly destroy = (): void => {
    this.closed = true
  }
  // What was written since the last look, as message types.
  taken(): string {
    let types = ''
    let at = 0
    while (at + 5 <= this.written.length) {
      types += String.fromCharCode(this.written[at] ?? 0)
      at += 1 + this.written.readInt32BE(at + 1)
    }
    this.written = Buffer.alloc(0)
    return types
  }
}

export type ByHand = {
  readonly client: HandStream
  readonly target: HandStream
  readonly relay: Relay
  readonly ends: string[]
  readonly logs: string[]
  readonly outcomes: Outcome[]
  // Numbers of the commands that were recorded as going.
  readonly went: number[]
  // Says `bytes` as the client, then lets what waits in the record go on.
  readonly says: (...messages: readonly Uint8Array[]) => Promise<void>
  readonly answers: (...messages: readonly Uint8Array[]) => void
}

export const EMPTY: Catalogue = {
  version: 1,
  database: 'postgres',
  server: 180000,
  relation: () => undefined,
  relationByOid: () => undefined,
  routines: () => [],
  routineByOid: () => undefined,
  type: () => undefined,
  typeByOid: () => undefined,
  operators: () => [],
  userCasts: [],
  schemas: [],
}

const ALLOW: Decision = { action: 'allow', rules: [], masks: [], limits: {} }
const reader = await createReader()

export const NAMES = [
  message('1'),
  message('2'),
  message('D', 2, field('["pg_catalog","public"]'), field('x')),
  message('C', 'SELECT 1'),
  message('3'),
  message('3'),
  message('Z', Buffer.from('I')),
]

export function field(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

// With the names already read, so that the first statement goes on at once.
export async function byHand(
  decide: (facts: Facts) => Decision = () => ALLOW,
  catalogue: Catalogue = EMPTY,
): Promise<ByHand> {
  const waiting: (() => void)[] = []
  const hand = {
    ends: [] as string[],
    logs: [] as string[],
    outcomes: [] as Outcome[],
    went: [] as number[],
  }
  const policy: Policy = {
    id: 1,
    revision: '',
    digest: 'sha256:x',
    wasmDigest: 'sha256:x',
    labels: [],
    reads: undefined,
    decide,
    mayApprove: () => ({ allow: false, reason: '' }),
  }
  const guard = createGuard({
    clock: systemClock,
    policy: () => policy,
    durability: 'os',
    exitMasksOf,
    recorder: {
      command: (record, _durability, written) => {
        if (record.go) hand.went.push(record.command)
        waiting.push(() => written(undefined))
      },
      outcome: (outcome) => void hand.outcomes.push(outcome),
      session: () => undefined,
      approval: (_event, written) => written(undefined),
      bundle: () => undefined,
      shadow: () => undefined,
      recording: () => undefined,
      incident: () => undefined,
      healthy: () => true,
      lag: () => 0,
      close: () => Promise.resolve(),
    },
    approvals: {
      request: () => Promise.reject(new Error('nobody')),
      grantsOf: () => [],
      refreshGrants: () => Promise.resolve(),
      pending: () => 0,
    },
    onInternal: (thrown) => void hand.logs.push(String(thrown)),
  })
  const client = new HandStream()
  const target = new HandStream()
  const relay = startRelay(
    {
      session: sampleSession(),
      client,
      target,
      clientRest: Buffer.alloc(0),
      targetRest: Buffer.alloc(0),
      parameters: new Map(),
      hiddenWords: ['secret-host'],
      cancelTarget: () => Promise.resolve(),
      catalogues: {
        current: () => catalogue,
        through: () => Promise.resolve(catalogue),
        refresh: () => Promise.resolve(catalogue),
      },
      onEnd: (reason) => void hand.ends.push(reason),
    },
    {
      guard,
      clock: systemClock,
      policy: () => policy,
      read: reader.read,
      maskKey: Buffer.alloc(32),
      log: (_level, text, fields) => void hand.logs.push(`${text} ${JSON.stringify(fields)}`),
      onIncident: (event) => void hand.logs.push(event),
      limits: {
        messageBytes: 1_000_000,
        statementBytes: 100_000,
        statementsPerMessage: 10,
        idleMs: 60_000,
        partialMessageMs: 60_000,
        slowClientMs: 60_000,
      },
    },
  )
  const turn = async (): Promise<void> => {
    for (let i = 0; i < 6; i++) {
      await Promise.resolve()
      for (const one of waiting.splice(0)) one()
    }
  }
  const made: ByHand = {
    client,
    target,
    relay,
    ...hand,
    says: async (...messages) => {
      client.onBytes(Buffer.concat(messages))
      await turn()
    },
    answers: (...messages) => target.onBytes(Buffer.concat(messages)),
  }
  await made.says(message('Q', 'select 1'))
  made.answers(...NAMES)
  await turn()
  made.answers(message('C', 'SELECT 0'), message('Z', Buffer.from('I')))
  client.taken()
  target.taken()
  return made
}
