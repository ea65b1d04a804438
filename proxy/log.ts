// The operational log: pino, with everything that looks like a secret taken out before it is
// formatted. The record is something else (`recording/`); nothing here is ever relied on afterwards.
import { pino, stdSerializers } from 'pino'
import type { DestinationStream, Logger } from 'pino'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal'>
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

// Deep enough for any error with its causes; what lies deeper is left out rather than searched.
const DEPTH_MAX = 8
const ITEMS_MAX = 100
export const CENSORED = '[redacted]'

// Names of members whose value is a secret whatever it looks like. Compared without case, `-` and `_`.
const SECRET_NAME =
  /^(.*(password|passwd|passphrase|secret|credential|credentials|privatekey|signingkey|cancelkey|apikey)|pwd|authorization|proxyauthorization|cookie|setcookie|(access|refresh|id|bearer|raw|device|user)?token|(device|user|authorization)code|jwt|assertion|pem|scram.*|binds?)$/

// Secrets inside running text: a JWT, a scheme with its token, the password of a URL or of a
// connection string, a PEM private key.
const SECRETS_IN_TEXT: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*){0,3}/g, CENSORED],
  [/\b(Bearer|Basic|DPoP)\s+[\w.~+/=-]+/gi, `$1 ${CENSORED}`],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/@]+@/gi, `$1:${CENSORED}@`],
  [
    /\b((?:password|passwd|secret|(?:access_|refresh_|id_)?token)["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&"']+)/gi,
    `$1${CENSORED}`,
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, CENSORED],
]

export function createLog(options: {
  readonly level: LogLevel
  readonly destination: DestinationStream
}): Logger {
  return pino(
    {
      level: options.level,
      // Neither process id nor host name: the platform that collects the lines adds both.
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => censoredFields(fields),
        bindings: (fields) => censoredFields(fields),
      },
      hooks: {
        logMethod(args, method) {
          const clean = args.map((arg) => (typeof arg === 'string' ? censoredText(arg) : arg))
          method.apply(this, clean as Parameters<typeof method>)
        },
      },
    },
    options.destination,
  )
}

// A log that says nothing, for tests and for commands that print their own words.
export const silentLog: Log = pino({ level: 'silent' })

export function censoredText(text: string): string {
  return SECRETS_IN_TEXT.reduce(
    (clean, [pattern, instead]) => clean.replace(pattern, instead),
    text,
  )
}

function censoredFields(fields: object): Record<string, unknown> {
  const clean = censored(fields, 0)
  return typeof clean === 'object' && clean !== null ? { ...clean } : {}
}

function censored(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return censoredText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth > DEPTH_MAX) return '[deep]'
  if (value instanceof Date) return value
  if (value instanceof Error) return censored(errorFields(value), depth)
  // The bytes of a message may be anything; their number is all that a log needs.
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) {
    return value.slice(0, ITEMS_MAX).map((item) => censored(item, depth + 1))
  }
  const clean: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value).slice(0, ITEMS_MAX)) {
    clean[name] = isSecretName(name) && isSet(member) ? CENSORED : censored(member, depth + 1)
  }
  return clean
}

function errorFields(problem: Error): object {
  const { raw: _raw, ...fields } = { ...stdSerializers.err(problem) }
  return { ...fields, ...(problem.cause === undefined ? {} : { cause: problem.cause }) }
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.toLowerCase().replaceAll(/[-_]/g, ''))
}

// A count or a flag named `…token` gives nothing away, and `undefined` stays absent.
function isSet(member: unknown): boolean {
  return member !== undefined && member !== null && !['number', 'boolean'].includes(typeof member)
}
