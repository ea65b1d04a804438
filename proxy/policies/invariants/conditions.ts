// Conditions of invariants as functions of facts and a decision. Everything that a statement names must hold;
// what it does not name may be anything.
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Effect, Facts, Flow } from '../../../engine/schemas/facts.js'
import type { InvariantEntry } from '../../../engine/schemas/invariants.js'
import { globOf } from '../backtest/glob.js'

export type Test = (facts: Facts, decision: Decision) => boolean

type Never = InvariantEntry['never']
type Conditions = NonNullable<Never['unless']>
type Names = NonNullable<NonNullable<Conditions['target']>[string]>
type FactsTest = (facts: Facts) => boolean

export function createTest(never: Never): Test {
  const holds = conditionsTest(never)
  const excused = never.unless === undefined ? () => false : conditionsTest(never.unless)
  const { decision: actions, without_mask: masks = [] } = never
  return (facts, decision) =>
    actions.includes(decision.action) &&
    masks.every((match) => !decision.masks.some((mask) => mask.match === match)) &&
    holds(facts) &&
    !excused(facts)
}

function conditionsTest(conditions: Conditions): FactsTest {
  const tests = [
    stageTest(conditions),
    commandTest(conditions),
    identityTest(conditions.identity),
    targetTest(conditions.target),
    sessionTest(conditions.session),
    timeTest(conditions.time),
    grantsTest(conditions.grants),
  ].filter((test) => test !== undefined)
  return (facts) => tests.every((test) => test(facts))
}

function stageTest({ stage }: Conditions): FactsTest | undefined {
  return stage === undefined ? undefined : (facts) => facts.stage === stage
}

function commandTest(conditions: Conditions): FactsTest | undefined {
  const { effects, flows, unread, protocol } = conditions
  if ([effects, flows, unread, protocol].every((one) => one === undefined)) return undefined
  const anyEffect = effects?.map(effectTest)
  const anyFlow = flows?.map(flowTest)
  return ({ command }) =>
    command !== undefined &&
    (protocol === undefined || protocol.includes(command.protocol)) &&
    (unread === undefined || unread === command.unread.length > 0) &&
    (anyEffect === undefined ||
      command.effects.some((effect) => anyEffect.some((test) => test(effect)))) &&
    (anyFlow === undefined || command.flows.some((flow) => anyFlow.some((test) => test(flow))))
}

function effectTest(
  wanted: NonNullable<Conditions['effects']>[number],
): (effect: Effect) => boolean {
  if (typeof wanted === 'string') return (effect) => effect.op === wanted
  const { op, kind, where, temporary } = wanted
  const [object, label, column, detail] = [
    nameTest(wanted.object),
    anyTest(wanted.label),
    anyTest(wanted.column),
    nameTest(wanted.detail),
  ]
  return (effect) =>
    (op === undefined || op.includes(effect.op)) &&
    (kind === undefined || kind.includes(effect.kind)) &&
    (where === undefined || (effect.where !== undefined && where.includes(effect.where))) &&
    (temporary === undefined || temporary === (effect.temporary === true)) &&
    object(effect.object) &&
    label(effect.labels ?? []) &&
    column(effect.columns ?? []) &&
    detail(effect.detail)
}

function flowTest(wanted: NonNullable<Conditions['flows']>[number]): (flow: Flow) => boolean {
  const { to } = wanted
  const [from, label] = [nameTest(wanted.from), anyTest(wanted.label)]
  return (flow) =>
    (to === undefined || to.includes(flow.to)) && from(flow.from) && label(flow.labels)
}

function identityTest(wanted: Conditions['identity']): FactsTest | undefined {
  if (wanted === undefined) return undefined
  const { kind, acted_for: actedFor, mfa } = wanted
  const [group, subject] = [anyTest(wanted.group), nameTest(wanted.subject)]
  return ({ identity }) =>
    (kind === undefined || kind.includes(identity.kind)) &&
    (actedFor === undefined || actedFor === identity.actor.length > 0) &&
    (mfa === undefined || mfa === identity.mfa) &&
    group(identity.groups) &&
    subject(identity.subject)
}

function targetTest(wanted: Conditions['target']): FactsTest | undefined {
  if (wanted === undefined) return undefined
  const tests = Object.entries(wanted).map(([key, names]) => {
    const test = nameTest(names)
    if (key === 'name') return ({ name }: Facts['target']) => test(name)
    if (key === 'database') return ({ database }: Facts['target']) => test(database)
    return ({ labels }: Facts['target']) =>
      test(Object.hasOwn(labels, key) ? labels[key] : undefined)
  })
  return ({ target }) => tests.every((test) => test(target))
}

const COUNTERS = ['commands', 'commands_last_minute', 'rows', 'labelled_rows', 'denials'] as const

function sessionTest(wanted: Conditions['session']): FactsTest | undefined {
  if (wanted === undefined) return undefined
  const { transaction } = wanted
  const [purpose, application] = [nameTest(wanted.purpose), nameTest(wanted.application)]
  return ({ session }) =>
    (transaction === undefined || transaction.includes(session.transaction)) &&
    purpose(session.purpose) &&
    application(session.application) &&
    COUNTERS.every((name) => session.counters[name] >= (wanted[name] ?? 0))
}

function timeTest(wanted: Conditions['time']): FactsTest | undefined {
  if (wanted === undefined) return undefined
  const { weekday, from = 0, to = 24 } = wanted
  return ({ time }) =>
    (weekday === undefined || weekday.includes(time.weekday)) &&
    (from <= to ? time.hour >= from && time.hour < to : time.hour >= from || time.hour < to)
}

function grantsTest(wanted: Conditions['grants']): FactsTest | undefined {
  switch (wanted) {
    case undefined:
      return undefined
    case 'none':
      return ({ grants }) => grants.length === 0
    case 'any':
      return ({ grants }) => grants.length > 0
    case 'other_person':
      return ({ grants, identity }) => {
        const own = [identity.subject, ...identity.actor.map(({ subject }) => subject)]
        return grants.some(({ approvers }) => approvers.some((one) => !own.includes(one)))
      }
  }
}

// Of one name, or of none.
function nameTest(names: Names | undefined): (name: string | undefined) => boolean {
  if (names === undefined) return () => true
  if (typeof names === 'object' && 'not' in names) {
    const unwanted = globOf(names.not)
    return (name) => name === undefined || !unwanted(name)
  }
  const wanted = globOf(typeof names === 'string' ? [names] : names)
  return (name) => name !== undefined && wanted(name)
}

// Of several: one that fits; with `not`, none that does.
function anyTest(names: Names | undefined): (values: readonly string[]) => boolean {
  if (names === undefined) return () => true
  const test = nameTest(names)
  const isNot = typeof names === 'object' && 'not' in names
  return (values) => (isNot ? values.every(test) : values.some(test))
}
