// Ids stand in records for ever, so each means one thing: it has the form `area/what-it-stops`, the rule
// answers with the id that its METADATA gives, and it is never used for something else, later neither.
// Several rules may share an id where they are one intent: written in one file, in one family, with one
// severity, and with the same advice.
import type { Finding } from '../findings.js'
import { problem, type Check, type CheckInput, type Place } from './check.js'
import { familyRules, type FamilyRule } from './families.js'
import { literalMembers } from './head-literal.js'
import { memberPlace, ownAnnotation } from './metadata.js'

const FORM = /^[a-z][a-z0-9_]*(-[a-z0-9_]+)*(\/[a-z][a-z0-9_]*(-[a-z0-9_]+)*)+$/
// Where the end is computed.
const OPEN_FORM = /^[a-z][a-z0-9_-]*\/([a-z0-9_-]*)\*$/

export const ruleIds: Check = {
  rules: {
    'rule-id': 'a rule’s id has another form, or is not the one that it answers with',
    'rule-id-shared': 'one id stands for several things',
    'rule-id-retired': 'an id that was taken away is used again',
  },
  run: (input) => {
    const policies = familyRules(input.library)
    return [
      ...policies.flatMap((policy) => [...formProblems(policy, input), ...retired(policy, input)]),
      ...shared(policies, input),
    ]
  },
}

function idOf(policy: FamilyRule): string | undefined {
  const id = ownAnnotation(policy)?.custom['id']
  return typeof id === 'string' && id !== '' ? id : undefined
}

function placeOf(policy: FamilyRule): Place {
  const own = ownAnnotation(policy)
  return { file: policy.file.file, at: own === undefined ? policy.rule.at : memberPlace(own, 'id') }
}

function formProblems(policy: FamilyRule, input: CheckInput): readonly Finding[] {
  const id = idOf(policy)
  if (id === undefined) return []
  const members = literalMembers(policy, input)
  const head = members?.get('id')
  const isOpen = id.endsWith('*')
  if (!FORM.test(id) && !OPEN_FORM.test(id)) {
    const message = `“${id}” is not of the form area/what-it-stops`
    const fix =
      'write lower-case words joined by -, with a / behind the area, such as ledger/changed'
    return [problem('rule-id', placeOf(policy), message, fix)]
  }
  if (head === undefined || policy.family === 'mask' || policy.family === 'allow') return []
  const [choice, ...others] = input.knowledge.choicesOf(head.term, head.scope) ?? []
  if (choice === undefined || others.length > 0) return []
  if (choice.value === id || (isOpen && String(choice.value).startsWith(id.slice(0, -1)))) return []
  const message = `METADATA calls this rule “${id}”, but it answers with the id “${String(choice.value)}”`
  return [problem('rule-id', choice, message, `write the same id in both places: "id": "${id}"`)]
}

function retired(policy: FamilyRule, { settings }: CheckInput): readonly Finding[] {
  const id = idOf(policy)
  if (id === undefined || !(settings.retired ?? []).includes(id)) return []
  const message = `“${id}” is retired: records name another rule by it`
  const fix =
    'choose a new id, here and in what the rule answers; `retired:` in sallyport-policy.yaml keeps the old one'
  return [problem('rule-id-retired', placeOf(policy), message, fix)]
}

function shared(policies: readonly FamilyRule[], input: CheckInput): readonly Finding[] {
  const first = new Map<string, FamilyRule>()
  return policies.flatMap((policy) => {
    const id = idOf(policy)
    if (id === undefined) return []
    const other = first.get(id)
    if (other === undefined) {
      first.set(id, policy)
      return []
    }
    const why = difference(policy, other, input)
    if (why === undefined) return []
    const message = `“${id}” stands for another rule already (${other.file.file}:${other.rule.at.line}), ${why}`
    const fix = 'give this rule an id of its own, in METADATA and in what it answers'
    return [problem('rule-id-shared', placeOf(policy), message, fix)]
  })
}

// Why two rules are not one intent.
function difference(one: FamilyRule, other: FamilyRule, input: CheckInput): string | undefined {
  const kind = ({ family }: FamilyRule): string => family.replace('mask_rule', 'mask')
  if (one.file.file !== other.file.file) return 'in another file'
  if (kind(one) !== kind(other)) return `which is of ${other.family}, not ${one.family}`
  const severity = (policy: FamilyRule): unknown => ownAnnotation(policy)?.custom['severity']
  if (severity(one) !== severity(other)) return 'with another severity'
  const [hint, otherHint] = [one, other].map((policy) => {
    const found = literalMembers(policy, input)?.get('hint')
    const [choice] =
      found === undefined ? [] : (input.knowledge.choicesOf(found.term, found.scope) ?? [])
    return choice?.value
  })
  const differs = hint !== undefined && otherHint !== undefined && hint !== otherHint
  return differs ? 'with another hint' : undefined
}
