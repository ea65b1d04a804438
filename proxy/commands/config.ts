// `sallyport config check FILE` says everything that is wrong with a configuration, and where;
// `sallyport config schema` prints the JSON Schema that editors complete by.
import { configSchema } from '../../engine/schemas/config.js'
import { readConfig } from '../config/read-config.js'
import { problemText } from '../yaml-document.js'
import { GatewayError } from '../errors.js'
import type { Io } from './io.js'

export const help = `sallyport config check FILE   say everything that is wrong with a configuration file
sallyport config schema       print the JSON Schema of the file

check exits with 0 where the file fits, with 1 where it does not. Each line names the path in the
file, the line and column, what was found and what is allowed. It also follows every reference: the
files must be readable and the variables set, so run it where the gateway runs.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const [verb, file, ...rest] = argv
  if (verb === 'schema' && file === undefined) {
    io.stdout.write(`${JSON.stringify(configSchema, null, 2)}\n`)
    return 0
  }
  if (verb === 'check' && file !== undefined && rest.length === 0) return checked(file, io)
  io.stderr.write(help)
  return 2
}

function checked(file: string, io: Io): number {
  try {
    const reading = readConfig(file, io.env)
    if (reading.ok) {
      const { listeners, issuers, targets } = reading.settings
      const counts = `${listeners.postgres.length} listener(s), ${issuers.length} issuer(s)`
      io.stdout.write(`${file}: fits; ${counts}, ${targets.length} target(s)\n`)
      return 0
    }
    for (const problem of reading.problems) io.stderr.write(`${problemText(file, problem)}\n`)
    io.stderr.write(`${file}: ${reading.problems.length} problem(s)\n`)
    return 1
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    io.stderr.write(`${error.message}\n`)
    return 1
  }
}
