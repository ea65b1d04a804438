// How PostgreSQL says no. To the client: an ErrorResponse in our words. To the target: in place of the
// refused message another one that certainly fails, so that the state of the transaction, what a
// pipeline has done and what is skipped until Sync are PostgreSQL's own doing; its error is replaced by
// ours on the way back.
import type { Statement } from '../../../engine/facts/postgres/reading.js'
import type { Refusal, Words } from '../../guard.js'
import { message } from './wire-bytes.js'

export type Failure = Words & {
  readonly sqlstate: string
  // Characters from 1, where the fault is in the text.
  readonly position?: number
}

// A syntax error to every PostgreSQL, in every state of a transaction; constant, so that nothing of the
// client's reaches the target's log.
const REFUSED_TEXT = 'REFUSED BY THE ACCESS GATEWAY, NOT SENT'

export const SUBSTITUTE_QUERY = message('Q', REFUSED_TEXT)

// Named, since parsing an unnamed statement would drop the client's own.
export const SUBSTITUTE_PARSE = message('P', 'sallyport_refused', REFUSED_TEXT, 0)

// Names that the gateway keeps for itself on the target's connection.
export function isReserved(name: string): boolean {
  return name.startsWith('sallyport_')
}

// `statement`: the only one of the message. Where what is missing is all that there is to it, clients are
// told as PostgreSQL would: many look before they create.
export function failureOf(refusal: Refusal, statement?: Statement): Failure {
  const { why, detail } = refusal
  const missing = statement?.missing
  if (missing === undefined || why !== 'denied' || !isUnread(refusal, statement)) {
    return { ...refusal, sqlstate: sqlstateOf(why) }
  }
  const { kind, name } = missing
  // As PostgreSQL words it.
  const bare = kind === 'function' || (kind === 'column' && name.includes('.'))
  const named = bare ? `${kind} ${name}` : `${kind} "${name}"`
  return {
    sqlstate: MISSING[kind],
    message: `${named} does not exist`,
    ...(detail === undefined ? {} : { detail }),
    ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
  }
}

// That it could not be read is why it was refused; or it does nothing to anything that is there.
function isUnread({ rule, detail = '' }: Refusal, statement: Statement | undefined): boolean {
  if (rule.startsWith('unread/')) return true
  const nothing = statement?.command.effects.every(({ kind }) => kind === 'other') === true
  return nothing && /\bunread\//.test(detail)
}

const MISSING = { relation: '42P01', column: '42703', function: '42883' } as const

// Appendix A of PostgreSQL's documentation.
function sqlstateOf(why: Refusal['why']): string {
  switch (why) {
    case 'denied':
    case 'not_approved':
      return '42501'
    case 'token':
      return '28000'
    case 'unavailable':
      return '58000'
    case 'cancelled':
      return '57014'
    case 'limit':
      return '54000'
  }
}

export function errorResponse(failure: Failure, severity: 'ERROR' | 'FATAL' = 'ERROR'): Buffer {
  return report('E', severity, failure)
}

export function noticeResponse(words: Words): Buffer {
  return report('N', 'NOTICE', { ...words, sqlstate: '00000' })
}

// 55.8, "Error and Notice Message Fields".
function report(type: 'E' | 'N', severity: string, failure: Failure): Buffer {
  const fields = [
    `S${severity}`,
    `V${severity}`,
    `C${failure.sqlstate}`,
    `M${clean(failure.message)}`,
  ]
  if (failure.detail !== undefined) fields.push(`D${clean(failure.detail)}`)
  if (failure.hint !== undefined) fields.push(`H${clean(failure.hint)}`)
  if (failure.position !== undefined) fields.push(`P${failure.position}`)
  return message(type, ...fields, Buffer.of(0))
}

function clean(text: string): string {
  return text.replaceAll('\0', '')
}
