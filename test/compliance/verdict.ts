// Whether our host answers a case as OPA's own runner wants it (v1/topdown/exported_test.go; for Wasm
// internal/wasm/sdk/test/e2e). A failure that only a strict OPA shows is no answer here.
import { asJson } from '../../engine/policy/builtins/json.js'
import { createEvaluator } from '../../engine/policy/opa-wasm.js'
import {
  isArray,
  isObject,
  isSet,
  order,
  printed,
  type RegoValue,
} from '../../engine/policy/rego-value.js'
import type { Case } from './cases.js'
import { ENTRYPOINT, type Compiled } from './compiled.js'

export type Verdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string }

const FUEL = 2_000_000_000

const CONFLICTS = ['var assignment conflict', 'object insert conflict']

export function verdictOn(one: Case, made: Compiled): Verdict {
  if ('refused' in made) return { kind: 'refused', why: made.refused }
  try {
    const { wasm } = made
    const evaluator = createEvaluator({ wasm, data: one.data, fuel: FUEL, spares: 0 })
    const answer = evaluator.evaluateExactly(one.input, ENTRYPOINT)
    if (answer.kind === 'over_budget') return { kind: 'failed', why: 'out of fuel' }
    if (answer.kind === 'trap') return onTrap(one, answer.why)
    return onResult(one, answer.kind === 'result' ? answer.value : { set: [] })
  } catch (problem) {
    return { kind: 'failed', why: problem instanceof Error ? problem.message : String(problem) }
  }
}

function onTrap({ wanted }: Case, why: string): Verdict {
  if (wanted.errorCode === 'eval_conflict_error' && !wanted.strict) {
    if (CONFLICTS.some((words) => why.includes(words))) return { kind: 'passed' }
  }
  return { kind: 'failed', why: `trapped: ${why}` }
}

function onResult({ wanted }: Case, value: RegoValue): Verdict {
  if (wanted.bindings === undefined && !wanted.strict) {
    return { kind: 'failed', why: `wanted ${wanted.errorCode}, got ${printed(value)}` }
  }
  const want = set(wanted.bindings ?? [], false)
  const got = set(isSet(value) ? value.set.map(asJson) : [asJson(value)], wanted.sorted)
  return order(want, got) === 0
    ? { kind: 'passed' }
    : { kind: 'failed', why: `wanted ${printed(want)}\n     got ${printed(got)}` }
}

// The bindings without order or repetition; of each, a list in order where the case asks for it.
function set(bindings: readonly RegoValue[], sorted: boolean): RegoValue {
  const all = bindings.map((one) => (sorted && isObject(one) ? withSortedLists(one) : one))
  return { set: all.filter((one, at) => all.findIndex((x) => order(x, one) === 0) === at) }
}

function withSortedLists(one: Extract<RegoValue, { object: unknown }>): RegoValue {
  return {
    object: one.object.map(
      ([key, value]) => [key, isArray(value) ? [...value].sort(order) : value] as const,
    ),
  }
}
