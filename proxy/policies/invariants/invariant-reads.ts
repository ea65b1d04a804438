// Which paths of the facts invariants ask about, so that decisions on facts that agree on all of them can be
// looked at once.
import type { Invariant } from './read-invariants.js'

export function invariantReads(invariants: readonly Invariant[]): readonly string[] {
  const found = new Set<string>()
  for (const { entry } of invariants) {
    const { never } = entry
    for (const conditions of [never, never.unless ?? {}]) {
      for (const key of Object.keys(conditions))
        for (const path of PATHS[key] ?? []) found.add(path)
    }
  }
  return [...found].sort()
}

const PATHS: Readonly<Record<string, readonly string[]>> = {
  stage: ['stage'],
  effects: ['command.effects'],
  flows: ['command.flows'],
  unread: ['command.unread'],
  protocol: ['command.protocol'],
  identity: [
    'identity.kind',
    'identity.groups',
    'identity.subject',
    'identity.actor',
    'identity.mfa',
  ],
  target: ['target'],
  session: ['session.purpose', 'session.application', 'session.transaction', 'session.counters'],
  time: ['time.weekday', 'time.hour'],
  grants: ['grants', 'identity.subject', 'identity.actor'],
}
