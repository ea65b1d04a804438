// Rules stand under the operation that they are about. Under another one they are silent or cover nothing;
// under a name that is no operation nobody asks them; under `any` they cost time with every command.
import { OPERATIONS } from '../../../engine/schemas/facts.js'
import type { Finding } from '../findings.js'
import { problem, type Check, type CheckInput, type Place } from './check.js'
import { conditionsOf } from './conditions.js'
import { demandsOf } from './demands.js'
import { FAMILIES, familyRules, keysOfFamily, POLICIES, type FamilyRule } from './families.js'
import { nearest, suggestion } from './near-miss.js'
import { scopeOf } from './scope.js'

// A rule about several operations is written once, under `any`.
const GROUPED_MAX = 1
const NAMED_MAX = 3

export const operations: Check = {
  rules: {
    'unknown-operation': 'a rule stands where the composition never asks',
    'wrong-operation': 'a rule stands under one operation and is about another',
    ungrouped: 'a rule about one operation is evaluated for every command',
  },
  run: (input) => [
    ...misspelledFamilies(input),
    ...familyRules(input.library).flatMap((policy) => {
      const unknown = unknownOperation(policy)
      return unknown.length > 0
        ? unknown
        : [...wrongOperation(policy, input), ...ungrouped(policy, input)]
    }),
  ],
}

function placeOf({ file, rule }: FamilyRule): Place {
  return { file: file.file, at: rule.at }
}

function unknownOperation(policy: FamilyRule): readonly Finding[] {
  const { family, operation, rule } = policy
  const keys = keysOfFamily(family)
  if (keys.length === 0) {
    if (operation === undefined && !rule.open) return []
    const message = `${rule.path.join('.')}: the composition asks for ${family} as a whole`
    return [problem('unknown-operation', placeOf(policy), message, `write: ${family} contains …`)]
  }
  if (operation === undefined) {
    if (rule.open) return []
    const message = `${family} stands under no operation, so nobody asks it`
    const fix = `write: ${family}.update contains … for one operation${keys.includes('any') ? `, or ${family}.any for all` : ''}`
    return [problem('unknown-operation', placeOf(policy), message, fix)]
  }
  if (rule.path.length === 2 && keys.includes(operation)) return []
  const shown = rule.path.join('.')
  const message =
    operation === 'any'
      ? `${shown}: what is allowed must be said for each operation, so nobody asks this`
      : rule.path.length > 2
        ? `${shown}: nobody asks so deep`
        : `“${operation}” is no operation, so nobody asks ${shown}`
  return [problem('unknown-operation', placeOf(policy), message, suggestion(operation, keys))]
}

// `denny.update`: nobody asks it either.
function misspelledFamilies({ library }: CheckInput): readonly Finding[] {
  return library.rules.flatMap(({ file, rule }) => {
    const [name = '', operation] = rule.path
    if (file.package.join('.') !== POLICIES || name.startsWith('_')) return []
    if (FAMILIES.some((one) => one === name)) return []
    const near = nearest(name, FAMILIES)
    if (near === undefined || (operation === undefined && rule.form !== 'set')) return []
    const message = `the composition does not ask “${name}”`
    return [
      problem(
        'unknown-operation',
        { file: file.file, at: rule.at },
        message,
        `did you mean “${near}”?`,
      ),
    ]
  })
}

// The operations that each effect which the body is about can have; none where it is about none.
function asked(policy: FamilyRule, input: CheckInput): readonly (readonly unknown[])[] {
  const { rule } = policy
  const scope = scopeOf(input.library, policy)
  const demands = demandsOf(conditionsOf(rule.body, scope, input))
  return rule.body.flatMap((one) => {
    if (one.kind !== 'some-in' || one.value.kind !== 'var') return []
    if (input.knowledge.itemFieldOf(one.domain, scope)?.path !== 'command.effects[]') return []
    const covers =
      one.key?.kind === 'var' && rule.value.kind === 'var' && one.key.name === rule.value.name
    if (policy.family === 'allow' && !covers) return []
    const subject = `${one.value.name}.op`
    return [demands.find((each) => each.subject === subject)?.left ?? OPERATIONS]
  })
}

function wrongOperation(policy: FamilyRule, input: CheckInput): readonly Finding[] {
  const { operation, family, rule } = policy
  if (operation === undefined || operation === 'any') return []
  const effects = asked(policy, input)
  if (effects.length === 0 || effects.some((left) => left.length === 0)) return []
  if (effects.some((left) => left.includes(operation))) return []
  const [first = []] = effects
  const words = first.map(String).slice(0, NAMED_MAX)
  const message =
    family === 'allow'
      ? `this covers ${words.join(', ')} alone, and ${rule.path.join('.')} is asked for ${operation}: it allows nothing`
      : `this is about ${words.join(', ')} alone, and ${rule.path.join('.')} is asked only where a command has the operation ${operation}`
  const fix = `write it under ${words.map((word) => `${family}.${word}`).join(' and ')}, or correct the condition on op`
  return [problem('wrong-operation', placeOf(policy), message, fix)]
}

function ungrouped(policy: FamilyRule, input: CheckInput): readonly Finding[] {
  const { operation, family, rule } = policy
  if (operation !== 'any') return []
  const few = asked(policy, input).find((left) => left.length > 0 && left.length <= GROUPED_MAX)
  if (few === undefined) return []
  const places = few.map((word) => `${family}.${String(word)}`)
  const message = `this is about ${few.join(', ')} alone, but is evaluated for every command`
  const fix = `write it under ${places.join(' and ')} instead of ${rule.path.join('.')}`
  return [problem('ungrouped', placeOf(policy), message, fix, 'warning')]
}
