// What the gateway knows of one client's connection to one target, from the moment that the caller is
// known. The protocol keeps its own state elsewhere; this is the part that facts are made of.
import type { Facts, TargetFacts } from '../engine/schemas/facts.js'
import type { Identity } from './identity/identity.js'
import type { Tape } from './session-tape.js'

export type Counters = {
  commands: number
  rows: number
  labelledRows: number
  denials: number
}

export type Session = {
  readonly id: string
  readonly identity: Identity
  readonly target: TargetFacts
  // Time zone of the target (IANA name) for the hour and weekday that policies read.
  readonly zone: string
  readonly clientAddress: string
  readonly purpose: string
  // Changes with SET application_name.
  application: string
  transaction: Facts['session']['transaction']
  readonly counters: Counters
  // Absent: nothing of it is recorded but the record.
  tape?: Tape
  // Number of the latest command, from 1.
  commands: number
  // Where it was opened on access that was granted for a time.
  access?: SessionAccess | undefined
}

export type SessionAccess = {
  // When it must be looked at again, milliseconds.
  readonly untilMs: number
  // Why it has ended, in words; undefined while it stands.
  readonly ended: string | undefined
}

type Beginning = Pick<
  Session,
  'id' | 'identity' | 'target' | 'zone' | 'clientAddress' | 'application'
> & { readonly purpose?: string }

export function newSession(beginning: Beginning): Session {
  return {
    purpose: '',
    ...beginning,
    transaction: 'idle',
    counters: { commands: 0, rows: 0, labelledRows: 0, denials: 0 },
    commands: 0,
  }
}
