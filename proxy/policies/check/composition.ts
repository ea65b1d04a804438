// What the composition must do whatever the policies say: a denial wins, an effect that nothing covers is
// denied, who asks for an approval or a mask gets at least that, and one more rule of deny, hold or mask
// never makes the decision weaker. It is asked with policies that are made up, evaluated by OPA.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMOKE_FACTS } from '../../../engine/policy/smoke-facts.js'
import type { Finding } from '../findings.js'
import { problem, type Check, type CheckInput } from './check.js'
import { entrypointPlace } from './entrypoints.js'
import { FAMILIES, POLICIES } from './families.js'
import { resolved } from './scope.js'
import { walkLibrary } from './walk.js'

const DECISION = 'sallyport.main.decision'
const STRICTNESS = ['allow', 'mask-fields', 'require-approval', 'deny']

export const composition: Check = {
  rules: { composition: 'policies do not add up: order or another policy decides' },
  run: async (input) => {
    const reads = policiesThatRead(input)
    if (reads.length > 0 || !asksPolicies(input)) return reads
    const states = await statesOf(input)
    return typeof states === 'string' ? [notEvaluated(states, input)] : lawProblems(states, input)
  },
}

// Of the package of policies, what reads a family. One more allow could then take a denial away.
function policiesThatRead({ library }: CheckInput): readonly Finding[] {
  const found: Finding[] = []
  walkLibrary(library, {
    term: (term, scope) => {
      if (scope.placed.file.package.join('.') !== POLICIES) return
      const reference = resolved(term, scope)
      const name = reference.root === 'data' ? reference.name.join('.') : ''
      const family = FAMILIES.find((one) => `${name}.`.startsWith(`${POLICIES}.${one}.`))
      if (family === undefined && !`${name}.`.startsWith('sallyport.main.')) return
      const what = family === undefined ? 'what was decided' : `what other rules of ${family} say`
      const message = `this rule depends on ${what}: one rule more could then make a decision weaker`
      const fix =
        'ask the facts (input) instead, or names that are made of them (data.sallyport.facts)'
      found.push(
        problem('composition', { file: scope.placed.file.file, at: term.at }, message, fix),
      )
    },
  })
  return found
}

// Whoever composes in another way is not held to this one.
function asksPolicies({ library }: CheckInput): boolean {
  if (library.named(DECISION).length === 0) return false
  let asks = false
  walkLibrary(library, {
    term: (term, scope) => {
      const found = resolved(term, scope)
      if (scope.placed.file.package.join('.') !== 'sallyport.main') return
      if (found.root === 'data' && `${found.name.join('.')}.`.startsWith(`${POLICIES}.`))
        asks = true
    },
  })
  return asks
}

type Said = {
  readonly deny: boolean
  readonly covered: boolean
  readonly hold: boolean
  readonly mask: boolean
}
type State = Said & {
  readonly facts: string
  // Null where there was no answer.
  readonly decision: string | null
  readonly degraded: string | null
  readonly masks: number
}

const FLAGS = ['deny', 'covered', 'hold', 'mask'] as const

// Made-up policies in every combination, on a session, on commands without, with one and with two effects.
async function statesOf({ library, opa }: CheckInput): Promise<readonly State[] | string> {
  const work = await mkdtemp(join(tmpdir(), 'sallyport-check-'))
  try {
    const probe = join(work, 'probe.rego')
    await writeFile(probe, PROBE)
    await writeFile(join(work, 'input.json'), JSON.stringify({ situations: situations() }))
    const { opaPaths, opaIgnore } = library.folder
    const ignored = opaIgnore.flatMap((pattern) => ['--ignore', pattern])
    const data = [...opaPaths, probe].flatMap((path) => ['--data', path])
    const from = ['--input', join(work, 'input.json'), '--format', 'json']
    const said = await opa(['eval', ...data, ...ignored, ...from, 'data.sallyport_check.states'])
    const { result } = JSON.parse(said) as OpaResult
    return result?.[0]?.expressions[0]?.value ?? []
  } catch (problem) {
    return problem instanceof Error ? problem.message : String(problem)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

type OpaResult = {
  readonly result?: readonly { readonly expressions: readonly { readonly value: State[] }[] }[]
}

function notEvaluated(said: string, { library }: CheckInput): Finding {
  const conflict = /(\S+\.rego):(\d+): eval_conflict_error: (.*)/.exec(said)
  const place = entrypointPlace(library, DECISION)
  if (conflict === null) {
    return problem(
      'composition',
      place,
      `the decision cannot be evaluated: ${said}`,
      'correct what OPA says',
    )
  }
  const [, file = place.file, line = '1', why = ''] = conflict
  const fix = 'make one chain of the definitions: … if { … } else := …'
  return problem(
    'conflicting-rules',
    { file, at: { line: Number(line), column: 1 } },
    `there is no decision where two definitions are true: ${why}`,
    fix,
  )
}

function situations(): readonly object[] {
  const [session, command] = SMOKE_FACTS
  const withEffects = (count: number): object => ({
    name: `a command with ${count} effect${count === 1 ? '' : 's'}`,
    facts: {
      ...command,
      command: {
        ...command?.command,
        effects: Array.from({ length: count }, () => command?.command?.effects[0]),
      },
    },
  })
  return [{ name: 'a session', facts: session }, withEffects(0), withEffects(1), withEffects(2)]
}

const PROBE = `package sallyport_check

said(on, value) := {value} if {
	on
} else := set()

policies(deny, covered, hold, mask) := {
	"allow": {"read": {at | covered; some at in [0, 1]}},
	"deny": {"any": said(deny, {"id": "check/deny", "message": "made up"})},
	"hold": {"any": said(hold, {"id": "check/hold", "message": "made up", "approval": {
		"approvers": ["somebody"],
		"quorum": 1,
		"expires_ms": 1000,
		"reason_required": false,
		"scope": "command",
	}})},
	"mask": said(mask, {"match": "label:check", "method": "redact"}),
	"mask_rule": said(mask, {"id": "check/mask", "message": "made up"}),
}

decided(facts, made) := answer if {
	answer := data.sallyport.main.decision with input as facts with data.${POLICIES} as made
} else := {"action": null, "masks": []}

degraded(facts, made) := answer if {
	answer := data.sallyport.main.degraded with input as facts with data.${POLICIES} as made
} else := {"action": null}

states := [state |
	some situation in input.situations
	some deny in [false, true]
	some covered in [false, true]
	some hold in [false, true]
	some mask in [false, true]
	made := policies(deny, covered, hold, mask)
	answer := decided(situation.facts, made)
	state := {
		"facts": situation.name,
		"deny": deny,
		"covered": covered,
		"hold": hold,
		"mask": mask,
		"decision": answer.action,
		"masks": count(object.get(answer, "masks", [])),
		"degraded": degraded(situation.facts, made).action,
	}
]
`

function lawProblems(states: readonly State[], { library }: CheckInput): readonly Finding[] {
  const place = entrypointPlace(library, DECISION)
  const found: Finding[] = []
  const report = (why: string, state: State | undefined): void => {
    if (state === undefined) return
    const given = FLAGS.filter((flag) => state[flag]).map(
      (flag) =>
        ({ deny: 'a denial', covered: 'an allow for each effect', hold: 'a hold', mask: 'a mask' })[
          flag
        ],
    )
    const with_ = given.length === 0 ? 'no policy' : given.join(', ')
    const message = `${why}: for ${state.facts}, with ${with_}, the decision is ${state.decision ?? 'missing'}`
    const fix =
      'decide in one chain, strictest first: deny, not covered, hold, mask, and allow only at the end'
    found.push(problem('composition', place, message, fix))
  }
  const strictness = (state: State): number => STRICTNESS.indexOf(state.decision ?? '')
  const isCommand = ({ facts }: State): boolean => / [12] effects?$/.test(facts)
  report(
    'there is no decision',
    states.find((one) => one.decision === null || strictness(one) < 0),
  )
  report(
    'a denial must win',
    states.find((one) => one.deny && one.decision !== 'deny'),
  )
  report(
    'an effect that no policy allows must be denied',
    states.find((one) => isCommand(one) && !one.covered && one.decision !== 'deny'),
  )
  report(
    'who must be asked must be asked',
    states.find((one) => one.hold && strictness(one) < 2),
  )
  report(
    'what must be masked must be masked',
    states.find((one) => one.mask && strictness(one) < 1),
  )
  report(
    'masks must stay where an approval is asked for',
    states.find((one) => one.mask && one.decision === 'require-approval' && one.masks === 0),
  )
  const weaker = states.find((one) =>
    states.some((other) => isStricter(other, one) && strictness(other) > strictness(one)),
  )
  if (found.length === 0) report('one rule more must not make a decision weaker', weaker)
  const degraded = states.find(
    (one) => STRICTNESS.indexOf(one.degraded ?? 'deny') < strictness(one),
  )
  if (degraded !== undefined) {
    const message = `degraded is ${degraded.degraded ?? 'missing'} where the decision is ${degraded.decision ?? 'missing'}: while nobody can be asked, a decision may only be stricter`
    const fix = 'write degraded as a denial of what needs people, and else := decision'
    found.push(
      problem('composition', entrypointPlace(library, 'sallyport.main.degraded'), message, fix),
    )
  }
  return found
}

// Whether one asks for all that the other asks for too, and the other for more.
function isStricter(weak: State, strong: State): boolean {
  if (weak.facts !== strong.facts) return false
  const asks = (state: State): readonly boolean[] => [
    state.deny,
    !state.covered,
    state.hold,
    state.mask,
  ]
  const [less, more] = [asks(weak), asks(strong)]
  return less.every((asked, at) => !asked || more[at] === true) && written(less) !== written(more)
}

function written(flags: readonly boolean[]): string {
  return flags.map(Number).join('')
}
