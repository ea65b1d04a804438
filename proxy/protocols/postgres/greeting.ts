// What a client is told once both sides are logged in (55.2.1): that it may go on, the target's
// parameters with our own in place of what would tell of the account, its cancel key, and that
// everything is ready.
import type { CancelKey } from './cancel.js'
import { message } from './wire-bytes.js'

export function greeting(
  parameters: ReadonlyMap<string, string>,
  own: { readonly user: string; readonly application: string },
  cancel: CancelKey,
): Buffer {
  const told = new Map([
    ...parameters,
    ['session_authorization', own.user],
    ['is_superuser', 'off'],
    ['application_name', own.application],
  ])
  const processId = Buffer.alloc(4)
  processId.writeInt32BE(cancel.processId)
  return Buffer.concat([
    message('R', Buffer.of(0, 0, 0, 0)),
    ...[...told].map(([name, value]) => message('S', name, value)),
    message('K', processId, cancel.key),
    message('Z', Buffer.from('I')),
  ])
}
