// Who sends a command, where to and when, without a gateway: the part of the facts that is not the command,
// by the names that a policy repository gives to identities and targets.
import type { Facts, IdentityFacts, TargetFacts } from '../../../engine/schemas/facts.js'
import type { PolicySettings } from '../../../engine/schemas/policy-settings.js'
import { GatewayError } from '../../errors.js'

export type Situation = {
  readonly identity: IdentityFacts
  readonly target: TargetFacts
  readonly zone: string
  // The target masks by hash and token itself.
  readonly keyed?: boolean
  // Milliseconds since the Unix epoch.
  readonly atMs: number
  readonly application: string
  readonly clientAddress: string
  readonly purpose: string
  readonly transaction: Facts['session']['transaction']
  // As counted, not yet rounded down.
  readonly counters: Facts['session']['counters']
  readonly grants: Facts['grants']
}

export type SituationWords = {
  // Names from the settings.
  readonly as: string
  readonly target: string
  readonly atMs?: number
  readonly groups?: readonly string[]
  readonly purpose?: string
  readonly transaction?: Situation['transaction']
  readonly counters?: Partial<Situation['counters']>
  readonly grants?: Situation['grants']
}

// A Monday at noon, so that what is decided does not depend on when it is asked.
export const ORDINARY_TIME_MS = Date.UTC(2026, 0, 5, 12)

const NO_COUNTERS: Situation['counters'] = {
  commands: 0,
  commands_last_minute: 0,
  rows: 0,
  labelled_rows: 0,
  denials: 0,
}

const ISSUER = 'https://issuer.example'

// Throws GatewayError('usage') where a name is not one of the settings.
export function situationOf(settings: PolicySettings, words: SituationWords): Situation {
  const identity = identityOf(settings, words.as)
  const target = targetOf(settings, words.target)
  return {
    identity:
      words.groups === undefined
        ? identity
        : { ...identity, groups: [...new Set(words.groups)].sort() },
    target: target.facts,
    zone: target.zone,
    keyed: target.keyed,
    atMs: words.atMs ?? ORDINARY_TIME_MS,
    application: '',
    clientAddress: '127.0.0.1',
    purpose: words.purpose ?? '',
    transaction: words.transaction ?? 'idle',
    counters: { ...NO_COUNTERS, ...words.counters },
    grants: words.grants ?? [],
  }
}

export function identityOf(settings: PolicySettings, name: string): IdentityFacts {
  const found = named(settings.identities, name, 'identity', 'identities')
  const { kind, groups = [], subject = name, issuer = ISSUER, claims = {}, mfa = false } = found
  return {
    subject,
    issuer,
    name: found.name ?? name,
    kind,
    groups: [...new Set(groups)].sort(),
    actor: (found.actor ?? []).map((one) => ({ subject: one })),
    claims,
    mfa,
  }
}

export function targetOf(
  settings: PolicySettings,
  name: string,
): {
  readonly facts: TargetFacts
  readonly zone: string
  readonly keyed: boolean
  // Files of DDL, relative to the repository.
  readonly catalogue: readonly string[]
} {
  const found = named(settings.targets, name, 'target', 'targets')
  const { kind = 'postgres', labels = {}, database = name, zone = 'UTC', catalogue = [] } = found
  const keyed = found.keyed_masks === 'source'
  return { facts: { name, kind, labels, database }, zone, keyed, catalogue }
}

function named<T>(
  all: Readonly<Record<string, T>> | undefined,
  name: string,
  what: string,
  key: string,
): T {
  const found = all !== undefined && Object.hasOwn(all, name) ? all[name] : undefined
  if (found !== undefined) return found
  const known = Object.keys(all ?? {})
  const hint =
    known.length === 0
      ? `add it under ${key} in sallyport-policy.yaml`
      : `known are ${known.join(', ')} (${key} in sallyport-policy.yaml)`
  throw new GatewayError('usage', `there is no ${what} ${name}: ${hint}`)
}
