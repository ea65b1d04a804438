// A gateway for tests of the relay alone: a real PostgreSQL behind it, a login that trusts everybody,
// the real reader and catalogue, and in-memory stand-ins for our own policy, record and approvals, which
// a test can look into.
import { pino } from 'pino'
import { connect as open, type Socket } from 'node:net'
import { exitMasksOf } from '../../../../engine/facts/postgres/exit-masks.js'
import { createReader } from '../../../../engine/facts/postgres/read.js'
import type { Policy } from '../../../../engine/policy/policy.js'
import type { Decision, Mask } from '../../../../engine/schemas/decision.js'
import type { Facts } from '../../../../engine/schemas/facts.js'
import type { HoldRequest, Settlement } from '../../../../proxy/approvals/approvals.js'
import { systemClock } from '../../../../proxy/clock.js'
import { createGuard } from '../../../../proxy/guard.js'
import { createConsequences } from '../../../../proxy/protocols/postgres/consequence.js'
import type { Relay, RelayLimits } from '../../../../proxy/protocols/postgres/connected.js'
import { startRelay } from '../../../../proxy/protocols/postgres/relay.js'
import type { CommandRecord, Outcome } from '../../../../proxy/recording/recorder.js'
import type { RecordingDuty } from '../../../../proxy/guard-recording.js'
import type { Session } from '../../../../proxy/session.js'
import type { Tape } from '../../../../proxy/session-tape.js'
import { listen, streamOf } from '../../../../proxy/transport/listen.js'
import { createCatalogueStore } from '../../../../proxy/targets/catalogue-store.js'
import { sampleSession } from '../../sample-session.js'

export type Arena = {
  readonly port: number
  readonly commands: CommandRecord[]
  readonly outcomes: Omit<Outcome, 'session'>[]
  readonly incidents: string[]
  // Why held commands could not be looked at.
  readonly unlooked: string[]
  readonly holds: (HoldRequest & { settle: (settlement: Settlement) => void; abandoned?: string })[]
  readonly ends: string[]
  readonly relays: Relay[]
  // What the policy answers; a test may replace it.
  decide: (facts: Facts) => Decision
  valid: boolean
  healthy: boolean
  names: number
  readonly close: () => Promise<void>
}

export const ALLOW: Decision = { action: 'allow', rules: [], masks: [], limits: {} }

export function decided(facts: Facts): Decision {
  const { command } = facts
  const ops = command?.effects.map(({ op }) => op) ?? []
  if (ops.includes('drop')) {
    const rule = { id: 'test/no-drop', message: 'dropping is not allowed', hint: 'do not' }
    return { ...ALLOW, action: 'deny', rules: [rule] }
  }
  if (ops.includes('truncate') && facts.grants.length === 0) {
    return {
      ...ALLOW,
      action: 'require-approval',
      rules: [{ id: 'test/hold', message: 'truncating needs approval' }],
      approval: {
        approvers: ['dba'],
        quorum: 1,
        expires_ms: 60_000,
        reason_required: false,
        scope: 'command',
      },
    }
  }
  const masks: Mask[] = [{ match: 'label:pii', method: 'redact' }]
  return command !== undefined && command.flows.length > 0
    ? { ...ALLOW, action: 'mask-fields', masks }
    : ALLOW
}

export const LIMITS: RelayLimits = {
  messageBytes: 64 * 1024 * 1024,
  statementBytes: 1024 * 1024,
  statementsPerMessage: 100,
  idleMs: 60_000,
  partialMessageMs: 10_000,
  slowClientMs: 30_000,
}

const LABELS = [{ table: 'people', column: 'ssn', labels: ['pii'] }]

export async function startArena(
  target: { readonly host: string; readonly port: number; readonly user: string },
  options: {
    readonly limits?: Partial<RelayLimits>
    readonly raw?: boolean
    // Sessions are recorded on these.
    readonly tapeFor?: () => Tape
    readonly recordings?: RecordingDuty
  } = {},
): Promise<Arena> {
  const sockets = new Set<Socket>()
  const reader = await createReader()
  const catalogues = createCatalogueStore({
    labels: () => LABELS,
    refreshMs: () => 60_000,
    clock: systemClock,
    log: pino({ level: 'silent' }),
  })
  const shared = await catalogues.open({
    target: 'test',
    database: 'postgres',
    account: {
      host: target.host,
      port: target.port,
      tls: undefined,
      user: target.user,
      password: undefined,
      database: 'postgres',
    },
  })
  const policy: Policy = {
    id: 1,
    revision: 'test',
    digest: 'sha256:test',
    wasmDigest: 'sha256:test',
    labels: [],
    reads: ['command.effects', 'command.flows'],
    decide: (facts) => arena.decide(facts),
    mayApprove: () => ({ allow: true, reason: '' }),
  }
  const arena: Arena = {
    port: 0,
    commands: [],
    outcomes: [],
    incidents: [],
    unlooked: [],
    holds: [],
    ends: [],
    relays: [],
    decide: decided,
    valid: true,
    healthy: true,
    names: 0,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await listening.close()
      await catalogues.close()
    },
  }
  const guard = createGuard({
    clock: systemClock,
    policy: () => policy,
    durability: 'changes',
    exitMasksOf,
    ...(options.recordings === undefined ? {} : { recordings: options.recordings }),
    recorder: {
      command(record, _durability, written) {
        arena.commands.push(record)
        setImmediate(() => written(undefined))
      },
      outcome: (outcome) => void arena.outcomes.push(outcome),
      session: () => undefined,
      approval: (_event, written) => written(undefined),
      bundle: () => undefined,
      shadow: () => undefined,
      recording: () => undefined,
      incident: () => undefined,
      healthy: () => arena.healthy,
      lag: () => 0,
      close: () => Promise.resolve(),
    },
    approvals: {
      request: async (request) => {
        let settle: (settlement: Settlement) => void = () => undefined
        const settled = new Promise<Settlement>((resolve) => (settle = resolve))
        const hold: Arena['holds'][number] = { ...request, settle }
        arena.holds.push(hold)
        return {
          id: `h${arena.holds.length}`,
          expiresAtMs: Date.now() + 60_000,
          settled,
          abandon: (why) => {
            hold.abandoned = why
            settle({ outcome: 'void', why })
          },
        }
      },
      grantsOf: () => [],
      refreshGrants: () => Promise.resolve(),
      pending: () => arena.holds.length,
    },
    onInternal: (thrown) => console.error(thrown),
  })
  const looks = createConsequences(systemClock, (why) => void arena.unlooked.push(why))
  const listening = await listen({ host: '127.0.0.1', port: 0 }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    void login(socket, target).then((both) => {
      sockets.add(both.target)
      const client = streamOf(socket, options.raw)
      const server = streamOf(both.target, options.raw)
      const session = sessionOf(arena, arena.relays.length)
      if (options.tapeFor !== undefined) session.tape = options.tapeFor()
      arena.relays.push(
        startRelay(
          {
            session,
            client: client.stream,
            target: server.stream,
            clientRest: Buffer.concat([both.clientRest, client.rest]),
            targetRest: server.rest,
            parameters: new Map(),
            hiddenWords: [],
            cancelTarget: () => cancel(target, both.key),
            catalogues: shared,
            consequence: (asked) =>
              looks.of(
                { ...target, tls: undefined, password: undefined, database: 'postgres' },
                asked,
              ),
            onEnd: (reason) => void arena.ends.push(reason),
          },
          {
            guard,
            clock: systemClock,
            policy: () => policy,
            read: reader.read,
            maskKey: Buffer.alloc(32),
            log: (_level, message, fields) =>
              void arena.incidents.push(message + JSON.stringify(fields)),
            onIncident: (event) => void arena.incidents.push(event),
            limits: { ...LIMITS, ...options.limits },
          },
        ),
      )
    })
  })
  return Object.assign(arena, { port: listening.port })
}

function sessionOf(arena: Arena, number: number): Session {
  return sampleSession({
    id: `s${number}`,
    clientAddress: '127.0.0.1',
    standing: () =>
      arena.valid ? { valid: true } : { valid: false, why: 'expired', how: 'log in again' },
  })
}

type Login = { readonly target: Socket; readonly clientRest: Buffer; readonly key: Buffer }

// Lets everybody in with what the target answered to a login without a password.
async function login(
  client: Socket,
  to: { readonly host: string; readonly port: number; readonly user: string },
): Promise<Login> {
  const startup = await packet(client, (bytes) =>
    bytes.length >= 4 && bytes.length >= bytes.readInt32BE(0) ? bytes.readInt32BE(0) : 0,
  )
  if (startup.packet.readInt32BE(4) === 80877103) {
    client.write('N')
    return login(client, to)
  }
  const target = open({ host: to.host, port: to.port, noDelay: true })
  target.on('error', () => undefined)
  const words = Buffer.from(`user\0${to.user}\0database\0postgres\0client_encoding\0UTF8\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + words.length, 0)
  head.writeInt32BE(196608, 4)
  target.write(Buffer.concat([head, words]))
  const answer = await packet(target, (bytes) => {
    let at = 0
    while (bytes.length >= at + 5) {
      const end = at + 1 + bytes.readInt32BE(at + 1)
      if (bytes.length < end) return 0
      if (bytes[at] === 0x5a) return end
      at = end
    }
    return 0
  })
  client.write(answer.packet)
  const key = answer.packet.subarray(answer.packet.indexOf(Buffer.from([0x4b, 0, 0, 0, 12])) + 5)
  return { target, clientRest: startup.rest, key: Buffer.from(key.subarray(0, 8)) }
}

function packet(
  socket: Socket,
  whole: (bytes: Buffer) => number,
): Promise<{ readonly packet: Buffer; readonly rest: Buffer }> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0)
    const more = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk])
      const end = whole(bytes)
      if (end === 0) return
      socket.pause()
      socket.removeListener('data', more)
      resolve({ packet: bytes.subarray(0, end), rest: bytes.subarray(end) })
    }
    socket.on('data', more)
    socket.resume()
  })
}

function cancel(to: { readonly host: string; readonly port: number }, key: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = open(to.port, to.host)
    const head = Buffer.alloc(8)
    head.writeInt32BE(16, 0)
    head.writeInt32BE(80877102, 4)
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    socket.write(Buffer.concat([head, key]))
    socket.resume()
  })
}
