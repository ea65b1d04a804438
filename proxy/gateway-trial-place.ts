// Where a command is tried that nobody sends: a target with its names as they are now, and the situation of
// an identity that opens a session there this moment.
import type { Catalogue } from '../engine/facts/postgres/catalogue.js'
import type { Policy } from '../engine/policy/policy.js'
import type { IdentityFacts } from '../engine/schemas/facts.js'
import type { Clock } from './clock.js'
import type { Settings, TargetSettings } from './config/settings.js'
import { GatewayError } from './errors.js'
import type { GatewayTargets } from './gateway-targets.js'
import type { Rehearsing } from './policies/rehearsal/rehearse.js'
import type { Situation } from './policies/rehearsal/situation.js'

export type TryQuestion = {
  readonly sql: string
  readonly as: IdentityFacts
  readonly target: string
  readonly database?: string
}

export type TrialParts = {
  readonly settings: () => Settings
  readonly targets: () => GatewayTargets
  readonly policy: () => Policy
  // Groups that anybody is known to have, for `whoCan`.
  readonly groups: () => Promise<readonly string[]>
  readonly clock: Clock
}

export type Opens = {
  readonly go: boolean
  readonly why: string
  readonly rules: readonly string[]
}

export type Place = {
  readonly target: TargetSettings
  readonly database: string
  readonly catalogue: Catalogue
  readonly account: boolean
}

export async function placeOf(
  { target: name, database, as }: Pick<TryQuestion, 'target' | 'database'> & { as?: IdentityFacts },
  { settings, targets }: TrialParts,
): Promise<Place> {
  const target = settings().targets.find((one) => one.name === name)
  const asked = database === undefined ? name : `${name}/${database}`
  const found = targets().destination(asked, undefined, as?.groups ?? [])
  if (target === undefined || found === undefined) {
    const known = settings().targets.map((one) => one.name)
    throw new GatewayError(
      'not_found',
      `there is no target ${asked}: known are ${known.join(', ')}`,
    )
  }
  const catalogue = (await found.catalogues()).current()
  return { target, database: found.database, catalogue, account: found.account !== undefined }
}

export function situationFor(
  { target, database }: Pick<Place, 'target' | 'database'>,
  identity: IdentityFacts,
  { clock }: TrialParts,
): Situation {
  const { name, kind, labels, zone } = target
  return {
    identity,
    target: { name, kind, labels: { ...labels }, database },
    zone,
    keyed: target.keyedMasks === 'source',
    atMs: clock.now(),
    application: '',
    clientAddress: '127.0.0.1',
    purpose: '',
    transaction: 'idle',
    counters: { commands: 0, commands_last_minute: 0, rows: 0, labelled_rows: 0, denials: 0 },
    grants: [],
  }
}

export async function opened(
  rehearsing: Rehearsing,
  { account, catalogue, target }: Place,
  situation: Situation,
  policy: Policy,
): Promise<Opens> {
  if (!account) {
    const why = `no account of ${target.name} is for these groups`
    return { go: false, why, rules: ['sallyport/no-account'] }
  }
  const [any] = (await rehearsing.run('SELECT 1', catalogue, situation, policy)).statements
  if (any === undefined) throw new Error('SELECT 1 is a statement')
  const { command: _, ...facts } = any.facts
  const { action, rules } = policy.decide({ ...facts, stage: 'session' }, 'decision')
  if (action === 'allow') return { go: true, why: '', rules: [] }
  const why = rules.map(({ message }) => message).join('; ') || action
  return { go: false, why, rules: rules.map(({ id }) => id) }
}

// Lets whatever waits go first.
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
