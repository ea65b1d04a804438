// Command tests as OPA can run them. Their facts do not depend on the rules, so they are read once, from the
// unchanged policies; each case becomes a question to the entrypoints, with what its author said of the
// answer. What is said of masked columns stands for the decision's masks.
import type { Expectation } from '../../../engine/schemas/command-tests.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import { GatewayError } from '../../errors.js'
import type { Asked, CommandTestsRun } from '../testing/command-tests.js'
import { isBad } from '../testing/outcome.js'
import type { CommandTables } from '../testing/read-command-tests.js'

export type StatedCase = {
  readonly name: string
  readonly entrypoint: string
  // One for each statement of the command.
  readonly facts: readonly Facts[]
  readonly whole: Stated
  readonly each: readonly Stated[]
}

// What is not said is not looked at.
type Stated = {
  readonly action?: Decision['action']
  readonly rules?: readonly string[]
  readonly rules_include?: readonly string[]
  readonly masks?: readonly Decision['masks'][]
}

const PACKAGE = 'sallyport_stated'
const SEVERITY: readonly Decision['action'][] = ['allow', 'mask-fields', 'require-approval', 'deny']

// Rejects with GatewayError('bundle_invalid') where one fails: nothing could be learned from it.
export function statedCases(
  { cases }: CommandTables,
  { outcomes, asked }: CommandTestsRun,
): readonly StatedCase[] {
  const bad = outcomes.filter(isBad).map(({ file, line, name }) => `${file}:${line} ${name}`)
  if (bad.length > 0) {
    throw new GatewayError(
      'bundle_invalid',
      `command tests fail before anything is changed: ${bad.slice(0, 5).join('; ')}. ` +
        'Correct them first (`sallyport policy test`)',
    )
  }
  return cases.flatMap(({ one, file }, at) => {
    const own = asked.filter(({ outcome }) => outcome === at)
    const [first] = own
    if (first === undefined) return []
    return [
      {
        name: `${file}: ${one.name}`,
        entrypoint: first.entrypoint,
        facts: own.map(({ facts }) => facts),
        whole: statedOf(one, own),
        each: own.map((single, index) => statedOf(one.statements?.[index] ?? {}, [single])),
      },
    ]
  })
}

// The client's action can be stricter than the decision's, which is all that a rule can change.
function statedOf(
  { action, rules, rules_include: included, masked }: Expectation,
  asked: readonly Asked[],
): Stated {
  const decisions = asked.map(({ decision }) => decision)
  const ids = [...new Set(decisions.flatMap((one) => one.rules.map(({ id }) => id)))].sort()
  const worst = Math.max(0, ...decisions.map((one) => SEVERITY.indexOf(one.action)))
  return {
    ...(action === undefined ? {} : { action: SEVERITY[worst] ?? 'deny' }),
    ...(rules === undefined ? {} : { rules: ids }),
    ...(included === undefined ? {} : { rules_include: included.filter((id) => ids.includes(id)) }),
    ...(masked === undefined ? {} : { masks: decisions.map(({ masks }) => masks) }),
  }
}

// File name → text, under names that no repository has.
export function textOfTests(cases: readonly StatedCase[]): ReadonlyMap<string, string> {
  return new Map([
    ['cases_test.rego', REGO],
    ['questions.json', JSON.stringify({ [PACKAGE]: { questions: cases } })],
  ])
}

// A name behind a computed key would be compiled to a look-up in everything; so each has its rule.
const REGO = `package ${PACKAGE}.cases_test

_severity := {"allow": 0, "mask-fields": 1, "require-approval": 2, "deny": 3}

_decided("decision", facts) := decision if {
	decision := data.sallyport.main.decision with input as facts
}

_decided("degraded", facts) := decision if {
	decision := data.sallyport.main.degraded with input as facts
}

_ids(decisions) := {rule.id | some decision in decisions; some rule in decision.rules}

_same(said, decisions) if {
	worst := max({_severity[decision.action] | some decision in decisions})
	object.get(_severity, object.get(said, "action", ""), worst) == worst
	ids := _ids(decisions)
	{id | some id in object.get(said, "rules", ids)} == ids
	every id in object.get(said, "rules_include", []) {
		id in ids
	}
	masks := [decision.masks | some decision in decisions]
	object.get(said, "masks", masks) == masks
}

_as_said(one) if {
	decisions := [_decided(one.entrypoint, facts) | some facts in one.facts]
	count(decisions) == count(one.facts)
	_same(one.whole, decisions)
	every at, said in one.each {
		_same(said, [decisions[at]])
	}
}

test_command_tests if {
	every one in data.${PACKAGE}.questions {
		_as_said(one)
	}
}
`
