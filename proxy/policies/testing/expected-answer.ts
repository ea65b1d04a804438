// Holds what a case of a command test expects against what a client would meet.
import { isHarmless } from '../../../engine/facts/postgres/value.js'
import { isMatched, isPattern } from '../../../engine/facts/postgres/mask-match.js'
import type { Expectation } from '../../../engine/schemas/command-tests.js'
import type { Action, Rule } from '../../../engine/schemas/decision.js'
import type { Rehearsed } from '../rehearsal/rehearse.js'

// Of one statement, or of several together.
export type Met = {
  readonly action: Action
  readonly rules: readonly Rule[]
  // schema.table.column, sorted.
  readonly masked: readonly string[]
  // Groups, sorted.
  readonly approvers: readonly string[]
}

export function metBy(statement: Rehearsed): Met {
  const { decision, refusal, action } = statement
  // Denied where the answer could not be masked: a rule of the gateway, not of the policy.
  const own = decision.rules.some(({ id }) => id === refusal?.rule)
  const added = refusal === undefined || own ? [] : [{ id: refusal.rule, message: refusal.message }]
  const approvers = action === 'require-approval' ? (decision.approval?.approvers ?? []) : []
  return {
    action,
    rules: [...added, ...decision.rules],
    masked: maskedIn(statement),
    approvers: [...approvers].sort(),
  }
}

export function metTogether(all: readonly Met[], action: Action): Met {
  const rules = new Map(all.flatMap((one) => one.rules.map((rule) => [rule.id, rule] as const)))
  const masked = new Set(all.flatMap((one) => one.masked))
  const approvers = new Set(all.flatMap((one) => one.approvers))
  return {
    action,
    rules: [...rules.values()],
    masked: [...masked].sort(),
    approvers: [...approvers].sort(),
  }
}

// Lines that say what is not as expected; [] where all is.
export function notMet(expected: Expectation, met: Met): readonly string[] {
  const problems: string[] = []
  const { action, rules, rules_include: included = [], masked, approvers } = expected
  if (action !== undefined && action !== met.action) {
    problems.push(`expected  action ${action}`, `came      action ${met.action}`)
  }
  const ids = [...new Set(met.rules.map(({ id }) => id))].sort()
  if (rules !== undefined && !same(rules, ids)) {
    problems.push(`expected  rules ${listed(rules)}`, `came      rules ${listed(ids)}`)
  }
  const missing = included.filter((id) => !ids.includes(id))
  if (missing.length > 0) {
    problems.push(`expected  among the rules ${listed(missing)}`, `came      rules ${listed(ids)}`)
  }
  if (masked !== undefined) {
    const names = masked.map((name) => met.masked.find((one) => isNamed(one, name)) ?? name)
    if (!same(names, met.masked)) {
      problems.push(`expected  masked ${listed(masked)}`, `came      masked ${listed(met.masked)}`)
    }
  }
  if (approvers !== undefined && !same(approvers, met.approvers)) {
    problems.push(`expected  approvers ${listed(approvers)}`)
    problems.push(`came      approvers ${listed(met.approvers)}`)
  }
  return problems
}

// What leaves masked at the exit, and what a text rewritten at its source never reads in the clear.
function maskedIn({ masks, decision, rewritten, statement }: Rehearsed): readonly string[] {
  if (masks === undefined) return []
  const columns = decision.masks.filter((mask) => !isPattern(mask))
  const found = statement.command.flows.filter(
    ({ from, labels, output, through }) =>
      !isHarmless(through) &&
      columns.some((mask) => isMatched(mask, from, labels)) &&
      (rewritten !== undefined || (output !== undefined && masks.fields.has(output))),
  )
  return [...new Set(found.map(({ from }) => from))].sort()
}

// customers.ssn names public.customers.ssn.
function isNamed(full: string, name: string): boolean {
  return full === name || full.endsWith(`.${name}`)
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return [...new Set(one)].sort().join('\n') === [...new Set(other)].sort().join('\n')
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? '(none)' : names.join(', ')
}
