// Takes what may be personal out of lines before they are written, and puts it beside them sealed: who it was,
// from where, the command's text, what is known about the grants, and reasons. What policies need to be
// understood (kind, groups, objects, labels) stays.
import type { Clock } from '../../clock.js'
import type { ApprovalEvent, CommandRecord, RecordedFacts, SessionEvent } from '../recorder.js'
import { ERASED, sealOf } from './sealed.js'
import type { Seal, Sealed } from './sealed.js'
import type { SubjectKey, SubjectKeys } from './subject-keys.js'

type Base = RecordedFacts['base']
export type WithSeal<T> = T & { readonly sealed?: Sealed }

export type LineSeal = {
  readonly base: (base: Base) => object
  readonly command: (record: CommandRecord) => WithSeal<CommandRecord>
  readonly session: (event: SessionEvent) => WithSeal<SessionEvent>
  readonly approval: (event: ApprovalEvent) => WithSeal<ApprovalEvent>
}

export function lineSeal(keys: SubjectKeys, clock: Clock): LineSeal {
  // The same situation stays the same object, so that it is written once a segment.
  const bases = new WeakMap<Base, object>()
  const known = new WeakMap<Base, { readonly untilMs: number; readonly seal: Seal }>()
  const seals = new WeakMap<SubjectKey, Seal>()
  let month = { fromMs: 0, untilMs: 0 }

  const sealUnder = (subject: string): Seal => {
    const now = clock.now()
    if (now >= month.untilMs || now < month.fromMs) month = monthAround(now)
    const key = keys.of(subject, now)
    const found = seals.get(key) ?? sealOf(key)
    seals.set(key, found)
    return found
  }
  const sealFor = ({ issuer, subject }: Base['identity']): Seal => sealUnder(`${issuer} ${subject}`)
  const sealIn = (base: Base): Seal => {
    const found = known.get(base)
    if (found !== undefined && clock.now() < found.untilMs) return found.seal
    const seal = sealFor(base.identity)
    known.set(base, { untilMs: month.untilMs, seal })
    return seal
  }

  return {
    base(base) {
      const found = bases.get(base)
      if (found !== undefined) return found
      const { identity, session, grants } = base
      const { subject, name, claims, actor } = identity
      const { client_address, application, purpose } = session
      const made = {
        ...base,
        identity: { ...identity, subject: ERASED, name: ERASED, claims: {}, actor: [] },
        session: { ...session, client_address: ERASED, application: ERASED, purpose: '' },
        grants: [],
        sealed: sealIn(base)({
          identity: { subject, name, claims, actor },
          session: { client_address, application, purpose },
          grants,
        }),
      }
      bases.set(base, made)
      return made
    },
    command(record) {
      const { text, rewritten, refusal, facts } = record
      const secret = {
        text,
        ...(rewritten === undefined ? {} : { rewritten }),
        ...(refusal === undefined ? {} : { refusal }),
        facts: { overrides: facts.overrides },
      }
      return {
        ...record,
        text: ERASED,
        ...(rewritten === undefined ? {} : { rewritten: ERASED }),
        ...(refusal === undefined ? {} : { refusal: ERASED }),
        facts: { ...facts, overrides: {} },
        sealed: sealIn(facts.base)(secret),
      }
    },
    session(event) {
      const { identity, clientAddress, application, reason } = event
      if (identity === undefined) return event
      const { subject, name, claims, actor } = identity
      return {
        ...event,
        identity: { ...identity, subject: ERASED, name: ERASED, claims: {}, actor: [] },
        ...(clientAddress === undefined ? {} : { clientAddress: ERASED }),
        ...(application === undefined ? {} : { application: ERASED }),
        ...(reason === undefined ? {} : { reason: ERASED }),
        sealed: sealFor(identity)({
          identity: { subject, name, claims, actor },
          ...(clientAddress === undefined ? {} : { client_address: clientAddress }),
          ...(application === undefined ? {} : { application }),
          ...(reason === undefined ? {} : { reason }),
        }),
      }
    },
    approval(event) {
      const { by, reason } = event
      if (by === undefined) return event
      return {
        ...event,
        by: ERASED,
        ...(reason === undefined ? {} : { reason: ERASED }),
        sealed: sealUnder(by)({
          by,
          ...(reason === undefined ? {} : { reason }),
        }),
      }
    },
  }
}

function monthAround(timeMs: number): { readonly fromMs: number; readonly untilMs: number } {
  const at = new Date(timeMs)
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()]
  return { fromMs: Date.UTC(year, month), untilMs: Date.UTC(year, month + 1) }
}
