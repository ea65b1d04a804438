// What one identity can do at one target under a policy: what is allowed, masked, held for whom, and never,
// and in which circumstances that changes. Found by asking the enforced Wasm about everything there is.
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { createRehearsing } from '../rehearsal/rehearse.js'
import type { Situation } from '../rehearsal/situation.js'
import { abilitiesOf } from './abilities.js'
import { circumstancesOf } from './circumstances.js'
import { merged, type Row } from './merge.js'
import { outcomesOf, type Asked } from './outcomes.js'

export type Can = {
  readonly identity: Facts['identity']
  readonly target: Facts['target']
  // May the target be opened at all? Else nothing of the rest can come to pass.
  readonly opens: { readonly action: string; readonly rules: readonly string[] }
  // There is so much that one thing stands for those like it where circumstances are told.
  readonly sampled: boolean
  readonly rows: readonly Row[]
  // Each ability by itself, for machines.
  readonly abilities: readonly Asked[]
}

export type CanOptions = {
  readonly policy: Policy
  readonly catalogue: Catalogue
  readonly situation: Situation
  // Values of the label `env` that there are.
  readonly environments: readonly string[]
}

export async function canDo(options: CanOptions): Promise<Can> {
  const { policy, catalogue, situation, environments } = options
  const rehearsing = await createRehearsing()
  const { identity, target } = situation
  const [opening] = (await rehearsing.run('SELECT 1', catalogue, situation, policy)).statements
  if (opening === undefined) throw new Error('SELECT 1 is a statement')
  const { command: _, ...session } = opening.facts
  const opens = policy.decide({ ...session, stage: 'session' }, 'decision')
  const circumstances = circumstancesOf(policy, opening.facts, environments)
  const abilities = abilitiesOf(catalogue)
  const setting = { policy, catalogue, situation, rehearsing, circumstances }
  const { asked, sampled } = await outcomesOf(abilities, setting)
  return {
    identity,
    target,
    opens: { action: opens.action, rules: opens.rules.map(({ id }) => id) },
    sampled,
    rows: merged(asked),
    abilities: asked,
  }
}
