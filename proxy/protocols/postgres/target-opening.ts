// The gateway's login at a target for one session: under a name that tells the target's own operators
// which session it is, and with every failure in words that are fit for the client.
import type { Session } from '../../session.js'
import { keySettings, maskKeyOf } from './mask-key.js'
import { failureOfLogin } from './login-failures.js'
import type { Failure } from './refuse.js'
import type { StartupParameters } from './startup-parameters.js'
import { targetLogin, type LoggedIn, type TargetAccount } from './target-login.js'

export type TargetOpening =
  | { readonly open: true; readonly loggedIn: LoggedIn }
  | { readonly open: false; readonly failure: Failure }

export type TargetOpeningParts = {
  readonly randomBytes: (count: number) => Buffer
  // Set where the target masks by hash and token itself.
  readonly maskKey?: Uint8Array
  readonly log: (level: 'warn', message: string, fields: Record<string, unknown>) => void
}

const TARGET_LOGIN_MS = 10_000
// PostgreSQL keeps 63 bytes of a name (NAMEDATALEN).
const APPLICATION_MAX = 63

export async function openedTarget(
  account: TargetAccount,
  session: Session,
  parameters: StartupParameters,
  parts: TargetOpeningParts,
): Promise<TargetOpening> {
  const application = `sallyport:${session.id} ${parameters.application}`.trim()
  try {
    const loggedIn = await targetLogin({
      account,
      settings: new Map([
        ...parameters.settings,
        ['application_name', application.slice(0, APPLICATION_MAX)],
        ...keysFor(session, parts),
      ]),
      nonce: () => parts.randomBytes(18).toString('base64'),
      timeoutMs: TARGET_LOGIN_MS,
    })
    return { open: true, loggedIn }
  } catch (problem) {
    const target = session.target.name
    parts.log('warn', 'a login at a target failed', { target, problem })
    return { open: false, failure: failureOfLogin(problem) }
  }
}

function keysFor({ target }: Session, { maskKey }: TargetOpeningParts): Iterable<[string, string]> {
  return maskKey === undefined ? [] : keySettings(maskKeyOf(maskKey, target.name))
}
