// Why a login ended, in words for the client: what was wrong and what to do, nothing about the target.
import { GatewayError } from '../../errors.js'
import type { Failure } from './refuse.js'

export function noSuchTarget(asked: string): Failure {
  return {
    sqlstate: '3D000',
    message: `there is no target “${asked.replaceAll(/[^\w/.-]/g, '?').slice(0, 64)}” for you`,
    hint: 'The database names a target, or target/database; ask who runs the gateway which are open to you.',
  }
}

export function failureOfLogin(problem: unknown): Failure {
  if (!(problem instanceof GatewayError))
    return { sqlstate: '58000', message: 'the session could not be opened' }
  switch (problem.code) {
    case 'client_protocol':
      return { sqlstate: '08P01', message: problem.message }
    case 'not_found':
      return { sqlstate: '3D000', message: problem.message }
    case 'limit_exceeded':
      return { sqlstate: '53300', message: problem.message }
    case 'record_failed':
      return {
        sqlstate: '58000',
        message: 'the session could not be recorded, so it was not opened',
      }
    default:
      return {
        sqlstate: '08001',
        message: 'the target could not be opened',
        hint: 'Who runs the gateway finds the cause in its log.',
      }
  }
}
