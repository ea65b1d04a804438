// Where the login ends and the relay begins: both sides are authenticated, the client has been sent
// everything up to and including its first ReadyForQuery, and the target has said that it is ready.
import type { Catalogue, NameContext } from '../../../engine/facts/postgres/catalogue.js'
import type { Reading } from '../../../engine/facts/postgres/reading.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Consequence } from '../../../engine/schemas/consequence.js'
import type { Clock } from '../../clock.js'
import type { Guard } from '../../guard.js'
import type { Session } from '../../session.js'
import type { Stream } from '../../transport/stream.js'
import type { Asked, Consequences } from './consequence.js'

export type Connected = {
  readonly session: Session
  readonly client: Stream
  readonly target: Stream
  // What arrived after the login and has not been read (copied; usually empty).
  readonly clientRest: Uint8Array
  readonly targetRest: Uint8Array
  // ParameterStatus values that the target reported so far, by name.
  readonly parameters: ReadonlyMap<string, string>
  // Words that no message may carry to the client: the target's host, account and the like.
  readonly hiddenWords: readonly string[]
  // Sends a CancelRequest with the target's own key. Resolves once the target has taken it (it closed
  // that connection), or it failed; never rejects.
  readonly cancelTarget: () => Promise<void>
  readonly catalogues: Catalogues
  // What a held command would do; absent where nobody looks.
  readonly consequence?: ((asked: Asked) => Promise<Consequence>) | undefined
  // The target was given the keys of `hash` and `token` for this session.
  readonly keyed?: boolean
  // Called once, when the relay has ended and both streams are closed or closing.
  readonly onEnd: (reason: string) => void
}

// Runs a query on the session's own target connection, invisible to the client; text results.
export type Query = (sql: string) => Promise<readonly (readonly (string | null)[])[]>

// The names of this target's database, as the catalogue store keeps them for all sessions.
export type Catalogues = {
  readonly current: () => Catalogue
  // What this transaction alone can see so far, read through its own connection.
  readonly through: (query: Query, session?: string) => Promise<Catalogue>
  // Something that others can see has changed: read again; resolves with the new one.
  readonly refresh: () => Promise<Catalogue>
}

// Shared by every relay of the process.
export type RelayParts = {
  readonly guard: Guard
  readonly clock: Clock
  readonly policy: () => Policy | undefined
  readonly read: (
    text: string,
    catalogue: Catalogue,
    names: NameContext,
  ) => Reading | Promise<Reading>
  // The secret that the keys of the `hash` and `token` masks are derived from.
  readonly maskKey: Uint8Array
  readonly log: (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) => void
  readonly onIncident: (event: string, session: string, command: number, detail: string) => void
  readonly limits: RelayLimits
  // How held commands are looked at; absent: they are not.
  readonly consequence?: Consequences['of']
}

export type RelayLimits = {
  readonly messageBytes: number
  readonly statementBytes: number
  readonly statementsPerMessage: number
  readonly idleMs: number
  readonly partialMessageMs: number
  readonly slowClientMs: number
}

// What the listener and the cancel registry may do with a running relay.
export type Relay = {
  // The client asked to cancel what it runs (CancelRequest with the key we gave it).
  readonly cancel: () => void
  // Ends both sides: a FATAL ErrorResponse with these words to the client, Terminate to the target.
  readonly end: (sqlstate: string, message: string) => void
}

// `startRelay(connected, parts): Relay` is in relay.ts.
