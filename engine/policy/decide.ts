// From a bundle's answer to a decision. Nothing passes that does not fit the schema; whatever goes wrong
// is a denial by a rule `sallyport/…` that says what.
import { Ajv, type ValidateFunction } from 'ajv'
import { decisionSchema, type Decision } from '../schemas/decision.js'
import type { ApprovalAnswer, ApprovalQuestion, Entrypoint } from './policy.js'
import type { Answer, Evaluator } from './opa-wasm.js'

// Where the shipped composition has its rules.
export const ENTRYPOINTS: Readonly<Record<Entrypoint | 'approval', string>> = {
  decision: 'sallyport/main/decision',
  degraded: 'sallyport/main/degraded',
  approval: 'sallyport/main/approval',
}

let compiled: ValidateFunction<Decision> | undefined

// Compiled on first use: it costs some milliseconds.
function fits(value: unknown): value is Decision {
  compiled ??= new Ajv({ strict: false }).compile<Decision>(decisionSchema)
  return compiled(value)
}

// The rules by which a policy that does not work denies.
const BROKEN: readonly string[] = [
  'sallyport/undefined',
  'sallyport/over-budget',
  'sallyport/malformed-decision',
  'sallyport/trap',
]

export function isBroken(decision: Decision): boolean {
  return decision.action === 'deny' && BROKEN.includes(decision.rules[0]?.id ?? '')
}

// Never throws, and never waits. After an evaluation that trapped or ran out of fuel the next one runs
// in a fresh instance, so nothing of it is left.
export function decided(evaluator: Evaluator, facts: unknown, entrypoint: Entrypoint): Decision {
  const answer = evaluator.evaluate(facts, ENTRYPOINTS[entrypoint])
  if (answer.kind !== 'result') return denialOf(answer)
  if (!fits(answer.value)) {
    const where = compiled?.errors?.[0]
    const what = `${where?.instancePath ?? ''} ${where?.message ?? ''}`.trim()
    return denied('sallyport/malformed-decision', `the policy’s answer is not a decision: ${what}`)
  }
  const { value } = answer
  if (value.action === 'require-approval' && value.approval === undefined) {
    return denied(
      'sallyport/malformed-decision',
      'the policy asks for an approval without saying whose',
    )
  }
  if (value.action === 'mask-fields' && value.masks.length === 0) {
    return denied('sallyport/malformed-decision', 'the policy asks for masks and names none')
  }
  return value
}

export function approvalAnswer(evaluator: Evaluator, question: ApprovalQuestion): ApprovalAnswer {
  const found = answerFound(evaluator, question)
  return typeof found === 'string' ? { allow: false, reason: found } : found
}

// Or why there is none.
export function answerFound(
  evaluator: Evaluator,
  question: ApprovalQuestion,
): ApprovalAnswer | string {
  const answer = evaluator.evaluate(question, ENTRYPOINTS.approval)
  if (answer.kind !== 'result') return denialOf(answer).rules[0]?.message ?? answer.kind
  const { value } = answer
  if (typeof value === 'object' && value !== null && 'allow' in value && 'reason' in value) {
    if (typeof value.allow === 'boolean' && typeof value.reason === 'string') {
      return { allow: value.allow, reason: value.reason, ...moreOf(value) }
    }
  }
  return 'the policy’s answer is not {allow, reason}'
}

// What cannot be read as asking for a fresh sign-in asks for one of this moment.
function moreOf(value: object): Pick<ApprovalAnswer, 'verb' | 'stepUp'> {
  const verb = 'verb' in value && typeof value.verb === 'string' ? { verb: value.verb } : {}
  if (!('step_up' in value)) return verb
  const asked = value.step_up
  const age =
    typeof asked === 'object' && asked !== null && 'max_age_ms' in asked ? asked.max_age_ms : 0
  return { ...verb, stepUp: { maxAgeMs: typeof age === 'number' && age > 0 ? age : 0 } }
}

function denialOf(answer: Exclude<Answer, { kind: 'result' }>): Decision {
  switch (answer.kind) {
    case 'undefined':
      return denied('sallyport/undefined', 'the policy has no answer to this')
    case 'over_budget':
      return denied('sallyport/over-budget', 'the policy took too long to decide')
    case 'trap':
      return denied('sallyport/trap', `the policy failed: ${answer.why}`)
  }
}

function denied(id: string, message: string): Decision {
  return { action: 'deny', rules: [{ id, message }], masks: [], limits: {} }
}
