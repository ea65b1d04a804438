// Answers that would not fit a decision: rules without id or message, masks of no kind, approvals that nobody
// could give. One of them turns the whole decision into a denial, so it is found here, where it is written,
// or in the data that it comes from.
import { decisionSchema } from '../../../engine/schemas/decision.js'
import type { Finding } from '../findings.js'
import { problem, type Check, type CheckInput } from './check.js'
import { familyRules, type FamilyRule } from './families.js'
import { fitting, misfits } from './fits-schema.js'
import { literalMembers, type Member } from './head-literal.js'
import { maskShape } from './mask-shape.js'
import { nearest, suggestion } from './near-miss.js'
import { resolved, scopeOf, type Scope } from './scope.js'
import type { Term } from './rego-tree.js'

const RULE_MEMBERS = ['id', 'message', 'hint']
const fitsApproval = fitting(decisionSchema.properties.approval)

export const decisionShape: Check = {
  rules: {
    'decision-shape':
      'what a rule answers, or an approval that it takes from data, fits no decision',
  },
  run: (input) => [
    ...familyRules(input.library).flatMap((policy) => {
      switch (policy.family) {
        case 'deny':
        case 'mask_rule':
          return ruleProblems(policy, input, [])
        case 'hold':
          return [...ruleProblems(policy, input, ['approval']), ...approvalProblems(policy, input)]
        case 'mask':
          return maskShape(policy, input) ?? scalarHead(policy, input, MASK_EXAMPLE)
        case 'allow':
          return allowProblems(policy, input)
      }
    }),
  ],
}

const MASK_EXAMPLE = '{"match": "label:pii", "method": "redact"}'
const EXAMPLE = '{"id": "area/what-it-stops", "message": "…", "hint": "…"}'

function ruleProblems(
  policy: FamilyRule,
  input: CheckInput,
  more: readonly string[],
): readonly Finding[] {
  const { family, rule, file } = policy
  const members = literalMembers(policy, input)
  if (members === undefined) return scalarHead(policy, input, EXAMPLE)
  const found: Finding[] = []
  const place = { file: file.file, at: rule.value.at }
  const meant = new Set<string>()
  for (const name of ['id', 'message', ...more]) {
    if (members.has(name)) continue
    const near = nearest(
      name,
      [...members.keys()].filter((key) => !RULE_MEMBERS.includes(key)),
    )
    if (near !== undefined) meant.add(near)
    const message = `what this rule of ${family} answers has no "${name}"`
    const fix =
      near === undefined ? `write "${name}": … into it` : `did you mean "${name}" by "${near}"?`
    found.push(problem('decision-shape', place, message, fix))
  }
  for (const [name, member] of members) {
    const at = { file: member.scope.placed.file.file, at: member.key.at }
    if (meant.has(name)) continue
    if (![...RULE_MEMBERS, ...more].includes(name)) {
      const message = `what a rule of ${family} answers has no place for "${name}"`
      found.push(
        problem('decision-shape', at, message, suggestion(name, [...RULE_MEMBERS, ...more])),
      )
    } else if (RULE_MEMBERS.includes(name)) found.push(...textProblem(name, member, input))
  }
  return found
}

function textProblem(name: string, member: Member, input: CheckInput): readonly Finding[] {
  const choices = input.knowledge.choicesOf(member.term, member.scope)
  return (choices ?? []).flatMap((choice) => {
    if (typeof choice.value === 'string' && choice.value !== '') return []
    const message = `"${name}" is ${JSON.stringify(choice.value)}, and must be a text`
    return [problem('decision-shape', choice, message, `write "${name}": "…"`)]
  })
}

// A text or number where an object belongs.
function scalarHead(policy: FamilyRule, input: CheckInput, example: string): readonly Finding[] {
  const { rule, file } = policy
  const scope = scopeOf(input.library, policy)
  const found: Finding[] = []
  const place = { file: file.file, at: rule.value.at }
  if (rule.form !== 'set') {
    const message = `${rule.path.join('.')} is a set that rules add to, and this one is a single value`
    const fix = `write: ${rule.path.join('.')} contains ${example} if { … }`
    return [problem('decision-shape', { file: file.file, at: rule.at }, message, fix)]
  }
  const [choice] = input.knowledge.choicesOf(rule.value, scope) ?? []
  if (choice !== undefined || rule.value.kind === 'array' || rule.value.kind === 'set') {
    const message = `this rule of ${policy.family} answers no object`
    found.push(problem('decision-shape', place, message, `write: contains ${example}`))
  }
  return found
}

function approvalProblems(policy: FamilyRule, input: CheckInput): readonly Finding[] {
  const member = literalMembers(policy, input)?.get('approval')
  if (member === undefined) return []
  const [term, scope] = input.knowledge.followed(member.term, member.scope)
  const place = { file: scope.placed.file.file, at: term.at }
  const value = valueOf(term, scope, input)
  if (value !== undefined) {
    return misfits(fitsApproval, composed(value), 'approval').map(({ message, fix }) =>
      problem('decision-shape', place, message, fix),
    )
  }
  const found = resolved(term, scope)
  if (found.root !== 'data' || found.path.length > 0) return []
  // The shipped terms are looked at with the other data.
  const { data } = input.library
  if (!data.has(found.name) || found.name.join('.') === 'approvals.terms') return []
  return misfits(fitsApproval, composed(data.at(found.name)), 'approval').map(
    ({ path, message, fix }) =>
      problem('decision-shape', data.placeOf([...found.name, ...path]), message, fix),
  )
}

// Whoever names groups with a count each says all that the composition needs: it adds these two.
function composed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('groups' in value)) return value
  return { approvers: ['of the groups'], quorum: 1, ...value }
}

// The places of `effects` that it covers.
function allowProblems(policy: FamilyRule, input: CheckInput): readonly Finding[] {
  const { rule, file } = policy
  const scope = scopeOf(input.library, policy)
  const place = { file: file.file, at: rule.value.at }
  const fix = 'write: contains at if { some at, effect in input.command.effects … }'
  const isItem = input.knowledge.fieldOf(rule.value, scope) !== undefined
  const constant = input.knowledge
    .choicesOf(rule.value, scope)
    ?.find(({ value }) => typeof value !== 'number')
  const isObject = literalMembers(policy, input) !== undefined
  if (rule.form === 'set' && !isItem && !isObject && constant === undefined) return []
  const message = `a rule of allow holds places in input.command.effects (0, 1 …); this covers nothing`
  return [problem('decision-shape', place, message, fix)]
}

// A value written out; undefined where a part of it is computed.
function valueOf(term: Term, scope: Scope, input: CheckInput): unknown {
  if (term.kind === 'object') {
    const members: [string, unknown][] = []
    for (const [key, inner] of term.members) {
      const value = valueOf(inner, scope, input)
      if (key.kind !== 'scalar' || value === undefined) return undefined
      members.push([String(key.value), value])
    }
    return Object.fromEntries(members)
  }
  if (term.kind === 'array') {
    const items = term.items.map((item) => valueOf(item, scope, input))
    return items.includes(undefined) ? undefined : items
  }
  const [choice, ...others] = input.knowledge.choicesOf(term, scope) ?? []
  return others.length === 0 ? choice?.value : undefined
}
