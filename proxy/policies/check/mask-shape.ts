// What a rule of `mask` answers, member by member, as engine/schemas/decision.ts has it.
import { maskSchema, MASK_METHODS } from '../../../engine/schemas/decision.js'
import type { Finding } from '../findings.js'
import { problem, type CheckInput } from './check.js'
import type { FamilyRule } from './families.js'
import { literalMembers } from './head-literal.js'
import { suggestion } from './near-miss.js'
import type { Scalar } from './rego-tree.js'

type Rule = {
  readonly fits: (value: Scalar) => boolean
  readonly fix: (value: Scalar) => string
}

const {
  keep: KEEP,
  width: WIDTH,
  network: NETWORK,
  period: PERIOD,
  tier: TIER,
} = maskSchema.properties
const MATCH = new RegExp(maskSchema.properties.match.pattern)

const MEMBERS: Readonly<Record<string, Rule>> = {
  match: {
    fits: (value) => typeof value === 'string' && MATCH.test(value),
    fix: () => 'write "label:…", "column:schema.table.column" or "pattern:…"',
  },
  method: {
    fits: (value) => MASK_METHODS.some((one) => one === value),
    fix: (value) => suggestion(String(value), MASK_METHODS),
  },
  keep: wholeNumber(KEEP),
  width: wholeNumber(WIDTH),
  network: wholeNumber(NETWORK),
  period: oneOf(PERIOD.enum),
  tier: oneOf(TIER.enum),
  stored: { fits: (value) => typeof value === 'boolean', fix: () => 'write true or false' },
  // A list; what stands in it is no scalar of the head.
  except: { fits: () => true, fix: () => 'write a list of labels' },
  value: { fits: (value) => typeof value === 'string', fix: () => 'write a text' },
}

function wholeNumber({ minimum, maximum }: { minimum: number; maximum: number }): Rule {
  return {
    fits: (value) =>
      Number.isInteger(value) && Number(value) >= minimum && Number(value) <= maximum,
    fix: () => `write a whole number from ${minimum} to ${maximum}`,
  }
}

function oneOf(words: readonly string[]): Rule {
  return {
    fits: (value) => words.some((one) => one === value),
    fix: (value) => suggestion(String(value), words),
  }
}

// Undefined where the head is not written out as an object.
export function maskShape(policy: FamilyRule, input: CheckInput): readonly Finding[] | undefined {
  const members = literalMembers(policy, input)
  if (members === undefined) return undefined
  const head = { file: policy.file.file, at: policy.rule.value.at }
  const lacking = maskSchema.required.filter((name) => !members.has(name))
  return [
    ...lacking.map((name) =>
      problem('decision-shape', head, `the mask lacks "${name}"`, `write "${name}": … into it`),
    ),
    ...[...members].flatMap(([name, { term, scope, key }]) => {
      const rule = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined
      if (rule === undefined) {
        const place = { file: scope.placed.file.file, at: key.at }
        const fix = suggestion(name, Object.keys(MEMBERS))
        return [problem('decision-shape', place, `a mask has no place for "${name}"`, fix)]
      }
      const choices = input.knowledge.choicesOf(term, scope) ?? []
      return choices
        .filter(({ value }) => !rule.fits(value))
        .map((choice) => {
          const message = `"${name}" of a mask is never ${JSON.stringify(choice.value)}`
          return problem('decision-shape', choice, message, rule.fix(choice.value))
        })
    }),
  ]
}
