// What comes of each ability for one identity at one target, and when it would come out otherwise: decided
// by the enforced Wasm, as many questions as there are abilities and circumstances.
import { exitMasksOf } from '../../../engine/facts/postgres/exit-masks.js'
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import type { Policy } from '../../../engine/policy/policy.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import type { Rehearsed, Rehearsing } from '../rehearsal/rehearse.js'
import type { Situation } from '../rehearsal/situation.js'
import type { Ability } from './abilities.js'
import type { Circumstance } from './circumstances.js'

export const RESULTS = ['allowed', 'masked', 'approval', 'never'] as const
export type Result = (typeof RESULTS)[number]

export type Outcome = {
  readonly result: Result
  // Ids of the rules that made it so; none where it is simply allowed.
  readonly rules: readonly string[]
  readonly approvers: readonly string[]
  // Where it comes out otherwise: in which circumstances, and how.
  readonly otherwise: readonly { readonly when: string; readonly result: Result }[]
}

export type Asked = { readonly ability: Ability; readonly outcome: Outcome }

export type Setting = {
  readonly policy: Policy
  readonly catalogue: Catalogue
  readonly situation: Situation
  readonly rehearsing: Rehearsing
  readonly circumstances: readonly Circumstance[]
}

// Decisions about circumstances, some 30 µs each. Where there would be more, one thing stands for those of
// its class that come out like it.
const DECISIONS_MAX = 300_000

export type Outcomes = { readonly asked: readonly Asked[]; readonly sampled: boolean }

export async function outcomesOf(
  abilities: readonly Ability[],
  setting: Setting,
): Promise<Outcomes> {
  const sampled = abilities.length * setting.circumstances.length > DECISIONS_MAX
  const known = new Map<string, Outcome['otherwise']>()
  const { facts: base } = await rehearsed('SELECT 1', setting)
  const asked: Asked[] = []
  for (const ability of abilities) {
    const plain = 'sql' in ability.means ? undefined : withEffects(base, ability.means.effects)
    const read = 'sql' in ability.means ? await rehearsed(ability.means.sql, setting) : undefined
    const facts = plain ?? read?.facts ?? base
    const first =
      read === undefined ? resultOf(setting.policy, facts) : resultRead(read, setting.policy)
    const { op, class: name, variant } = ability
    const key = sampled ? JSON.stringify([op, name, variant, first]) : ''
    const found = known.get(key) ?? otherwise(first.result, facts, read, setting)
    if (sampled) known.set(key, found)
    asked.push({ ability, outcome: { ...first, otherwise: found } })
  }
  return { asked, sampled }
}

type Settled = Omit<Outcome, 'otherwise'>

// Texts are read once; in other circumstances their facts are asked about, so far as masks were possible.
function otherwise(
  result: Result,
  facts: Facts,
  read: Rehearsed | undefined,
  { policy, circumstances }: Setting,
): Outcome['otherwise'] {
  const found: { readonly when: string; readonly result: Result }[] = []
  for (const { words, changed } of circumstances) {
    const there = changed(facts)
    const other = resultOf(policy, there, read?.rewritten !== undefined).result
    const mine =
      read === undefined ? result : resultOf(policy, facts, read.rewritten !== undefined).result
    if (other !== mine) found.push({ when: words, result: other })
  }
  return found
}

function resultOf(policy: Policy, facts: Facts, rewritten = false): Settled {
  const decision = policy.decide(facts, 'decision')
  const { action } = decision
  if (action === 'deny') return { result: 'never', rules: idsOf(decision), approvers: [] }
  const fields = rewritten ? 1 : maskedFields(facts, decision)
  if (fields === undefined) return { result: 'never', rules: ['sallyport/mask'], approvers: [] }
  if (action === 'require-approval') return held(policy, facts, decision)
  if (fields === 0) return { result: 'allowed', rules: [], approvers: [] }
  return { result: 'masked', rules: idsOf(decision), approvers: [] }
}

function resultRead(read: Rehearsed, policy: Policy): Settled {
  const { decision, action, refusal, rewritten, masks, facts } = read
  if (action === 'deny') {
    return { result: 'never', rules: refusal === undefined ? [] : [refusal.rule], approvers: [] }
  }
  if (action === 'require-approval') return held(policy, facts, decision)
  if (rewritten === undefined && (masks?.fields.size ?? 0) === 0) {
    return { result: 'allowed', rules: [], approvers: [] }
  }
  return { result: 'masked', rules: idsOf(decision), approvers: [] }
}

// Of the rules named, those that a grant satisfies are the ones that asked.
function held(policy: Policy, facts: Facts, decision: Decision): Settled {
  const { scope = 'command', approvers = [] } = decision.approval ?? {}
  const grant = { id: 'would-be', scope, approvers: [...approvers] }
  const granted = idsOf(policy.decide({ ...facts, grants: [...facts.grants, grant] }, 'decision'))
  const rules = idsOf(decision).filter((id) => !granted.includes(id))
  return { result: 'approval', rules, approvers }
}

// undefined where something protected would have to leave in a way that cannot be masked.
function maskedFields({ command }: Facts, { masks }: Decision): number | undefined {
  if (command === undefined || masks.length === 0) return 0
  const exit = exitMasksOf({ ...NOT_READ, command }, masks)
  return 'masks' in exit ? exit.masks.fields.size : undefined
}

const NOT_READ = {
  control: { kind: 'none' },
  outputs: undefined,
  invalidates: { catalogue: false, names: false },
  start: 0,
  end: 0,
} as const

function withEffects(
  base: Facts,
  effects: readonly NonNullable<Facts['command']>['effects'][number][],
): Facts {
  const { command } = base
  if (command === undefined) throw new Error('a statement has facts of its command')
  const [first] = effects
  const returns = first?.op === 'read'
  const postgres = {
    ...command.postgres,
    tag: first?.op.toUpperCase() ?? '',
    returns_rows: returns,
  }
  return {
    ...base,
    command: { ...command, effects: [...effects], flows: [], unread: [], postgres },
  }
}

async function rehearsed(sql: string, setting: Setting): Promise<Rehearsed> {
  const { rehearsing, catalogue, situation, policy } = setting
  const { statements } = await rehearsing.run(sql, catalogue, situation, policy)
  const [first] = statements
  if (first === undefined) throw new Error(`${sql} is no statement`)
  return first
}

function idsOf({ rules }: Decision): readonly string[] {
  return [...new Set(rules.map(({ id }) => id))].sort()
}
