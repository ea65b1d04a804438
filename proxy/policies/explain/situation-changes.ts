// Changes of what stands around a command: when it is sent, where to, by whom, after what.
import type { Facts } from '../../../engine/schemas/facts.js'
import type { Candidate, Surroundings } from './candidates.js'

const EVERY_DAY = [
  ['tuesday', 10],
  ['tuesday', 3],
  ['saturday', 10],
] as const

export function situationChanges(facts: Facts, around: Surroundings): readonly Candidate[] {
  const { session, identity, target } = facts
  const { counters, transaction } = session
  const found: Candidate[] = []
  const add = (family: string, words: string, changed: (facts: Facts) => Facts): void => {
    found.push({ about: 'situation', family, words, changed })
  }
  const inSession = (changed: Partial<Facts['session']>) => (one: Facts) => ({
    ...one,
    session: { ...one.session, ...changed },
  })
  if (counters.commands_last_minute > 0) {
    const slower = { ...counters, commands_last_minute: 0 }
    add('rate', 'wait a minute', inSession({ counters: slower }))
  }
  if (Object.values(counters).some((count) => count > 0)) {
    const none = { commands: 0, commands_last_minute: 0, rows: 0, labelled_rows: 0, denials: 0 }
    add('session', 'open a new session', inSession({ counters: none, transaction: 'idle' }))
  }
  if (transaction !== 'idle') {
    add('transaction', 'end the transaction first', inSession({ transaction: 'idle' }))
  } else if (facts.command !== undefined) {
    add('transaction', 'begin a transaction first', inSession({ transaction: 'open' }))
  }
  for (const [weekday, hour] of EVERY_DAY) {
    const words = `send it at another time, such as on a ${weekday} at ${hour}:00`
    add('time', words, (one) => ({ ...one, time: { ...one.time, weekday, hour } }))
  }
  for (const env of around.environments ?? []) {
    if (target.labels['env'] === env) continue
    add('environment', `send it to a target labelled env: ${env}`, (one) => ({
      ...one,
      target: { ...one.target, labels: { ...one.target.labels, env } },
    }))
  }
  if (!identity.mfa) {
    add('mfa', 'log in with a second factor', as({ mfa: true }))
  }
  if (identity.kind !== 'human' || identity.actor.length > 0) {
    add('kind', 'send it as a person, not through a program', as({ kind: 'human', actor: [] }))
  }
  for (const group of around.groups ?? []) {
    if (identity.groups.includes(group)) continue
    add(`group:${group}`, `send it as a member of ${group}`, (one) => ({
      ...one,
      identity: { ...one.identity, groups: [...one.identity.groups, group].sort() },
    }))
  }
  return found
}

function as(changed: Partial<Facts['identity']>): (facts: Facts) => Facts {
  return (facts) => ({ ...facts, identity: { ...facts.identity, ...changed } })
}
