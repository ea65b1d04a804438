// What verbs make of their command line. Whatever they object to is wrong usage, and said as that.
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { GatewayError } from '../errors.js'

// As `parseArgs`, but what it objects to is wrong usage.
export function argumentsOf<T extends NonNullable<ParseArgsConfig['options']>>(
  argv: readonly string[],
  options: T,
): ReturnType<typeof parseArgs<{ args: string[]; options: T; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (problem) {
    throw new GatewayError('usage', problem instanceof Error ? problem.message : String(problem))
  }
}

export function formatArgument<const F extends string>(
  given: string | undefined,
  allowed: readonly [F, ...F[]],
): F {
  const found = allowed.find((one) => one === (given ?? allowed[0]))
  if (found !== undefined) return found
  throw new GatewayError('usage', `--format is one of ${allowed.join(', ')}, not ${given ?? ''}`)
}
