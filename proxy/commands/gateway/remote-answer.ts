// What the verbs on a running gateway share: its address, the token, and how an answer is printed.
import type { ParseArgsConfig } from 'node:util'
import { GatewayError } from '../../errors.js'
import { remoteOf, type Remote } from '../approvals-client.js'
import { argumentsOf, formatArgument } from '../arguments.js'
import type { Io } from '../io.js'
import { paintFor, type Paint } from '../table.js'

export const REMOTE_HELP = `  --url URL         the gateway (SALLYPORT_URL, or http://127.0.0.1:8470)
  --token TOKEN     an access token (SALLYPORT_TOKEN, or the one of “sallyport login”)
  --format FORMAT   pretty (default) or json

Exit status: 0 answered, 1 not answered and why on standard error, 2 wrong usage.
`

const REMOTE_OPTIONS = {
  url: { type: 'string' },
  token: { type: 'string' },
  format: { type: 'string' },
} as const satisfies NonNullable<ParseArgsConfig['options']>

export type RemoteVerb = {
  readonly remote: Remote
  readonly positionals: readonly string[]
  readonly text: (name: string) => string | undefined
  readonly texts: (name: string) => readonly string[]
  readonly is: (name: string) => boolean
  // Prints the answer, as JSON or in words.
  readonly print: (answer: unknown, words: (answer: unknown, paint: Paint) => string) => number
}

export async function remoteVerb(
  argv: readonly string[],
  io: Io,
  options: NonNullable<ParseArgsConfig['options']> = {},
  positionalsMax = 0,
): Promise<RemoteVerb> {
  const parsed = argumentsOf(argv, { ...REMOTE_OPTIONS, ...options })
  const values: Readonly<Record<string, unknown>> = parsed.values
  const text = (name: string): string | undefined => {
    const value = values[name]
    return typeof value === 'string' ? value : undefined
  }
  const { positionals } = parsed
  if (positionals.length > positionalsMax) {
    throw new GatewayError('usage', `${positionals[positionalsMax] ?? ''} has no meaning here`)
  }
  const format = formatArgument(text('format'), ['pretty', 'json'])
  return {
    remote: await remoteOf(io, { url: text('url'), token: text('token') }),
    positionals,
    text,
    texts: (name) => [values[name]].flat().filter((one): one is string => typeof one === 'string'),
    is: (name) => values[name] === true,
    print: (answer, words) => {
      const json = `${JSON.stringify(answer, null, 2)}\n`
      io.stdout.write(format === 'json' ? json : words(answer, paintFor(io)))
      return 0
    },
  }
}
