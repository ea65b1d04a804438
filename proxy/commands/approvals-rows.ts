// What `sallyport approvals` says and asks about rows: how many a command would change, found out beforehand,
// and how many it may change, as an approver wants it.
import { GatewayError } from '../errors.js'
import { listOf, memberOf, textOf, textsOf } from './approvals-client.js'
import type { Paint } from './table.js'

export function rowsMaxOf(verb: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (verb !== 'approve') throw new GatewayError('usage', '--rows-max goes with approve')
  if (/^\d{1,12}$/.test(text)) return Number(text)
  throw new GatewayError('usage', `--rows-max wants a number of rows, such as 100; “${text}” found`)
}

export function atMost(vote: unknown): string {
  const most = textOf(vote, 'rows_max')
  return most === '' ? '' : ` (at most ${most} rows)`
}

// What a look without effects found out.
export function beforehand(answer: unknown, paint: Paint): readonly string[] {
  const found = memberOf(answer, 'consequence')
  if (found === undefined) return []
  const locks = listOf(found, 'locks').map(
    (lock) =>
      `  ${textOf(lock, 'mode')} on ${textOf(lock, 'object')} blocks ${textOf(lock, 'blocks')}`,
  )
  const cascades = listOf(found, 'cascades').map(
    (one) =>
      `  ${textOf(one, 'action')} ${textOf(one, 'table')} ${paint('grey', textOf(one, 'by'))}`,
  )
  const notes = textsOf(found, 'notes').map((note) => `  ${note}`)
  return ['', `Beforehand: ${textOf(found, 'summary')}`, ...cascades, ...locks, ...notes]
}
