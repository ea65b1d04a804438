// The policies as they are enforced: built, and asked in Wasm about plain facts, about facts that no traffic
// has shown, and about a very large command. Whatever is no decision is found here, and what decisions cost.
import { bundleFiles } from '../../../engine/policy/bundle-files.js'
import { answerFound, decided, ENTRYPOINTS, isBroken } from '../../../engine/policy/decide.js'
import { createEvaluator, type Evaluator } from '../../../engine/policy/opa-wasm.js'
import type { ApprovalQuestion, Entrypoint } from '../../../engine/policy/policy.js'
import { SMOKE_FACTS } from '../../../engine/policy/smoke-facts.js'
import type { Facts } from '../../../engine/schemas/facts.js'
import type { Finding } from '../findings.js'
import { factsInBrief } from '../testing/facts-in-brief.js'
import { generatedFacts } from '../testing/generated-facts.js'
import { NO_WORDS } from '../testing/policy-words.js'
import { problem, type CheckInput } from './check.js'
import { entrypointPlace } from './entrypoints.js'

export type FuelUsed = {
  // Of the plainest cases, and of a command with fifty effects and flows.
  readonly plain: number
  readonly large: number
  readonly budget: number
}

export const EVALUATION_RULES = {
  fuel: 'a decision costs much, or more than it may',
  'undefined-entrypoint': 'the gateway’s question can be without an answer',
  'conflicting-rules': 'one name is given two values at once',
  'broken-bundle': 'the policies cannot be built into a bundle that a gateway takes',
}

// About 6 ms, as the gateway has it.
export const FUEL_BUDGET = 5_000_000
const WARN_FROM = 1_000_000
const GENERATED = 600
const LARGE = 50

export async function evaluated(
  bundle: Uint8Array,
  { library, settings }: CheckInput,
): Promise<{ readonly findings: readonly Finding[]; readonly fuel: FuelUsed }> {
  const files = await bundleFiles(bundle)
  const [wasm, data] = [files.get('policy.wasm'), files.get('data.json')]
  if (wasm === undefined || data === undefined) throw new Error('the bundle holds no policy.wasm')
  const budget = settings.fuel ?? FUEL_BUDGET
  const evaluator = createEvaluator({ wasm, data: data.toString('utf8'), fuel: budget })
  const large = largeFacts()
  const asked = [
    ...SMOKE_FACTS,
    ...generatedFacts({ seed: 1, count: GENERATED, words: NO_WORDS }),
    large,
  ]
  const fuel = {
    plain: Math.max(...SMOKE_FACTS.map((facts) => fuelFor(evaluator, facts, budget))),
    large: fuelFor(evaluator, large, budget),
    budget,
  }
  const decisions = broken(evaluator, 'decision', asked, { library, budget })
  const findings = [
    ...decisions,
    // What is wrong with the one is wrong with the other.
    ...(decisions.length > 0 ? [] : broken(evaluator, 'degraded', asked, { library, budget })),
    ...unansweredApprovals(evaluator, library),
    ...costly(fuel, library),
  ]
  return { findings, fuel }
}

// Fifty effects of all operations, and as many flows; a statement of a report has ten.
export function largeFacts(): Facts {
  const many = [...generatedFacts({ seed: 2, count: LARGE * 3, words: NO_WORDS })]
  const commands = many.flatMap(({ command }) => (command === undefined ? [] : [command]))
  const first = many.find(({ command }) => command !== undefined)
  if (first?.command === undefined) throw new Error('no command was generated')
  const effects = commands.flatMap((one) => one.effects).slice(0, LARGE)
  const flows = commands.flatMap((one) => one.flows).slice(0, LARGE)
  return { ...first, command: { ...first.command, effects, flows } }
}

function fuelFor(evaluator: Evaluator, facts: Facts, budget: number): number {
  return Math.max(
    ...[ENTRYPOINTS.decision, ENTRYPOINTS.degraded].map((name) => {
      const answer = evaluator.evaluate(facts, name)
      return answer.kind === 'result' ? answer.fuel : answer.kind === 'over_budget' ? budget : 0
    }),
  )
}

// One of each kind; the others say the same again.
function broken(
  evaluator: Evaluator,
  entrypoint: Entrypoint,
  asked: readonly Facts[],
  { library, budget }: { readonly library: CheckInput['library']; readonly budget: number },
): readonly Finding[] {
  const place = entrypointPlace(library, ENTRYPOINTS[entrypoint].replaceAll('/', '.'))
  const found = new Map<string, Finding>()
  for (const facts of asked) {
    const decision = decided(evaluator, facts, entrypoint)
    const [rule] = decision.rules
    if (!isBroken(decision) || rule === undefined || found.has(rule.id)) continue
    const about = facts === asked.at(-1) ? 'a very large command' : factsInBrief(facts).join(', ')
    const { name, fix, more = '' } = explained(rule.id, rule.message, budget)
    const message = `${entrypoint} is no decision for some facts: ${rule.message}${more} (${about})`
    found.set(rule.id, problem(name, place, message, fix))
  }
  return [...found.values()]
}

type Explained = { readonly name: string; readonly fix: string; readonly more?: string }

function explained(id: string, message: string, budget: number): Explained {
  switch (id) {
    case 'sallyport/undefined':
      return {
        name: 'undefined-entrypoint',
        fix: 'end each chain with else := … without a condition, and give each part of the answer a value',
      }
    case 'sallyport/over-budget':
      return {
        name: 'fuel',
        more: `, more than ${budget} units of fuel`,
        fix: 'loop over fewer things at once: put rules under operations, and join no two lists',
      }
    case 'sallyport/malformed-decision':
      return {
        name: 'decision-shape',
        fix: 'answer as the schema of decisions (schemas/decision.json) says',
      }
    default:
      return message.includes('conflict')
        ? {
            name: 'conflicting-rules',
            fix: 'make one chain of the definitions: … if { … } else := …',
          }
        : {
            name: 'broken-bundle',
            fix: 'evaluate it with `opa eval` on these facts, which says more',
          }
  }
}

function unansweredApprovals(
  evaluator: Evaluator,
  library: CheckInput['library'],
): readonly Finding[] {
  const [facts] = SMOKE_FACTS
  if (facts === undefined) return []
  const approver = facts.identity
  const requester = { ...approver, subject: 'somebody else' }
  const common = { requester, target: facts.target, rules: [], effects: [] }
  const questions: readonly ApprovalQuestion[] = [
    { version: 1, verb: 'list', approver },
    ...(['list', 'approve', 'deny'] as const).flatMap((verb) =>
      [[], ['approvers']].map((groups) => ({
        version: 1 as const,
        verb,
        approver: { ...approver, groups },
        request: { ...common, id: 'r1', approvers: ['approvers'] },
      })),
    ),
  ]
  for (const question of questions) {
    const answer = answerFound(evaluator, question)
    if (typeof answer !== 'string') continue
    const place = entrypointPlace(library, ENTRYPOINTS.approval.replaceAll('/', '.'))
    const message = `approval has no answer to a ${question.verb}: ${answer}`
    const fix =
      'answer {"allow": …, "reason": "…"} for each, and end the chain with else := … without a condition'
    return [problem('undefined-entrypoint', place, message, fix)]
  }
  return []
}

function costly(
  { plain, large, budget }: FuelUsed,
  library: CheckInput['library'],
): readonly Finding[] {
  const place = entrypointPlace(library, ENTRYPOINTS.decision.replaceAll('/', '.'))
  const most = Math.max(plain, large)
  // Over the budget is an error that is reported already.
  if (most < WARN_FROM || most >= budget) return []
  const what = plain === most ? 'the plainest command' : 'a command with fifty effects'
  const message = `the decision on ${what} costs ${most} units of fuel, of ${budget} (about ${Math.round(most / 1000)} µs)`
  const fix = 'put rules under the operation that they are about, and join no two lists'
  return [problem('fuel', place, message, fix, 'warning')]
}
