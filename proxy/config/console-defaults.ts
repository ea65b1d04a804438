// The console's part of the settings: whose client it is at which issuer, and how long a sign-in lasts.
import type { Config, IssuerConfig } from '../../engine/schemas/config.js'
import type { Secret } from './secrets.js'
import type { ConsoleSettings } from './settings.js'

export const CONSOLE_DEFAULTS = {
  scope: 'openid',
  // Long enough for lunch, short enough for a laptop left behind.
  idleMs: 3_600_000,
  absoluteMs: 43_200_000,
  stepUpMs: 300_000,
} as const

type ConsoleConfig = Config['listeners']['web']['console']

export function consoleSettings(
  config: ConsoleConfig,
  issuers: readonly IssuerConfig[],
  follow: (reference: string) => Secret,
): ConsoleSettings | undefined {
  if (config === undefined || config.enabled === false) return undefined
  const issuer = issuers.find((one) => one.issuer === config.issuer) ?? issuers[0]
  if (issuer === undefined) return undefined
  // A client of its own has its own secret, or none.
  const own = config.client_id !== undefined && config.client_id !== issuer.client_id
  const secret = config.client_secret ?? (own ? undefined : issuer.client_secret)
  return {
    issuer: issuer.issuer,
    clientId: config.client_id ?? issuer.client_id ?? issuer.audience,
    clientSecret: secret === undefined ? undefined : follow(secret),
    scope: config.scope ?? CONSOLE_DEFAULTS.scope,
    resource: config.resource,
    audience: config.audience,
    idleMs: config.idle_ms ?? CONSOLE_DEFAULTS.idleMs,
    absoluteMs: config.absolute_ms ?? CONSOLE_DEFAULTS.absoluteMs,
    stepUp: {
      maxAgeMs: config.step_up?.max_age_ms ?? CONSOLE_DEFAULTS.stepUpMs,
      acr: config.step_up?.acr,
    },
  }
}
