// What a client is told once both sides are logged in (55.2.1): that it may go on, the target's
// parameters with our own in place of what would tell of the account, its cancel key, and that
// everything is ready.
import type { CancelKey } from './cancel.js'
import { AUTHENTICATION_OK } from './login-wait.js'
import { message } from './wire-bytes.js'

export function greeting(
  parameters: ReadonlyMap<string, string>,
  own: { readonly user: string; readonly application: string },
  cancel: CancelKey,
  // Whether it has heard already that it may go on.
  greeted: boolean,
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
    ...(greeted ? [] : [AUTHENTICATION_OK]),
    ...[...told].map(([name, value]) => message('S', name, value)),
    message('K', processId, cancel.key),
    message('Z', Buffer.from('I')),
  ])
}
