// The words in which a bundle is refused: to the record, and to who asked for it.
import { BundleProblem } from '../../../engine/policy/bundle-problem.js'
import { GatewayError } from '../../errors.js'
import { SERVING_LIMITS } from './limits.js'

export function notTaken(problem: BundleProblem): GatewayError {
  return new GatewayError('conflict', `refused at “${problem.step}”: ${problem.message}`, {
    cause: problem,
  })
}

// Whatever else is thrown on the way, such as that there is no OPA.
export function problemOf(problem: unknown): BundleProblem {
  if (problem instanceof BundleProblem) return problem
  const why = problem instanceof Error ? problem.message : String(problem)
  return new BundleProblem('download', why, { cause: problem })
}

export function bounded(reason: string): string {
  const { reasonCharacters } = SERVING_LIMITS
  return reason.length > reasonCharacters ? `${reason.slice(0, reasonCharacters)}…` : reason
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}
