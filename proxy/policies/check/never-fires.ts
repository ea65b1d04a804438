// Bodies that are never true, so that their rule is as good as not there: two conditions that exclude each
// other, a value of another kind, a command asked for where none is yet. Only what is certain is reported.
import type { Finding } from '../findings.js'
import { problem, type Check, type CheckInput } from './check.js'
import { conditionsOf, type Condition } from './conditions.js'
import { contradiction, demandsOf } from './demands.js'
import type { Expression } from './rego-tree.js'
import type { Scope } from './scope.js'
import { walkLibrary } from './walk.js'

export const neverFires: Check = {
  rules: { 'never-fires': 'a rule can never speak: what it asks for cannot be' },
  run: (input) => {
    const found: Finding[] = []
    walkLibrary(input.library, {
      body: (body, scope, of) => {
        // An `every` over nothing holds whatever its body is.
        if (of !== 'every') found.push(...bodyProblems(body, scope, input))
      },
    })
    return found
  },
}

function bodyProblems(
  body: readonly Expression[],
  scope: Scope,
  input: CheckInput,
): readonly Finding[] {
  const conditions = conditionsOf(body, scope, input)
  const demands = demandsOf(conditions)
  for (const one of demands) {
    const why = contradiction(one)
    const last = one.conditions.at(-1)
    if (why !== undefined && last !== undefined) {
      return [
        problem('never-fires', last, `this is never true: ${why}`, fixFor(one.conditions.length)),
      ]
    }
  }
  const stage = demands.find(({ subject }) => subject === 'input.stage')
  if (stage?.left?.length !== 1 || stage.left[0] !== 'session') return []
  const asked = commandAsked(body, scope, conditions, input)
  if (asked === undefined) return []
  const message = 'this is never true: there is no command at the stage “session”'
  const fix = 'ask for input.stage == "command", or leave the command out'
  return [problem('never-fires', { file: scope.placed.file.file, at: asked }, message, fix)]
}

function fixFor(conditions: number): string {
  return conditions > 1
    ? 'take one of the conditions away, or write two rules; for one of several words write: x in {"…", "…"}'
    : 'correct the condition, or take the rule away'
}

// Where a body needs a command.
function commandAsked(
  body: readonly Expression[],
  scope: Scope,
  conditions: readonly Condition[],
  { knowledge }: CheckInput,
): Expression['at'] | undefined {
  const iterated = body.find(
    (one) =>
      one.kind === 'some-in' &&
      knowledge.fieldOf(one.domain, scope)?.path.startsWith('command') === true,
  )
  const compared = conditions.find(
    ({ needsValue, subject }) => needsValue && subject.startsWith('input.command'),
  )
  return iterated?.at ?? compared?.at
}
