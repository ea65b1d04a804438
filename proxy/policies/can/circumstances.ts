// What else may be so while the same person does the same thing: another hour, another environment, a second
// factor. Only what the policy reads can make a difference.
import type { Policy } from '../../../engine/policy/policy.js'
import type { Facts } from '../../../engine/schemas/facts.js'

export type Circumstance = {
  readonly words: string
  readonly changed: (facts: Facts) => Facts
}

const WEEK = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
const NIGHT = 3
const DAY = 12

export function circumstancesOf(
  policy: Policy,
  facts: Pick<Facts, 'target' | 'identity' | 'session'>,
  environments: readonly string[],
): readonly Circumstance[] {
  const found: Circumstance[] = []
  const reads = (path: string): boolean =>
    policy.reads?.some(
      (one) => one === path || one.startsWith(`${path}.`) || path.startsWith(`${one}.`),
    ) ?? true
  if (reads('time')) {
    for (let hour = 0; hour < 24; hour++) {
      found.push({ words: `at ${hour}:00`, changed: at({ hour }) })
    }
    for (const weekday of WEEK)
      found.push({ words: `on ${weekday}s`, changed: at({ weekday, hour: DAY }) })
    found.push({ words: 'on sunday nights', changed: at({ weekday: 'sunday', hour: NIGHT }) })
  }
  if (reads('target.labels')) {
    for (const env of environments) {
      if (facts.target.labels['env'] === env) continue
      found.push({ words: `where env is ${env}`, changed: (one) => withLabel(one, env) })
    }
  }
  if (reads('identity.mfa')) {
    const mfa = !facts.identity.mfa
    const words = mfa ? 'with a second factor' : 'without a second factor'
    found.push({
      words,
      changed: (one) => ({ ...one, identity: { ...one.identity, mfa } }),
    })
  }
  if (reads('session.transaction')) {
    found.push({
      words: 'inside of a transaction',
      changed: (one) => ({ ...one, session: { ...one.session, transaction: 'open' } }),
    })
  }
  return found
}

function at(changed: Partial<Facts['time']>): (facts: Facts) => Facts {
  return (facts) => ({ ...facts, time: { ...facts.time, ...changed } })
}

function withLabel(facts: Facts, env: string): Facts {
  return { ...facts, target: { ...facts.target, labels: { ...facts.target.labels, env } } }
}
