// `sallyport token`: prints a token that is valid now, renewed where it was about to end. Made for
// scripts: nothing else is written to standard output.
import { GatewayError } from '../errors.js'
import { validToken } from './client-token.js'
import type { Io } from './io.js'

export const help = `sallyport token               print a valid token of the person who ran sallyport login

  PGPASSWORD=$(sallyport token) psql -h gateway -p 6432 -d shop

Exits with 1, and a hint, where nobody is logged in or the login has ended.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  if (argv.length > 0) {
    io.stderr.write(help)
    return 2
  }
  try {
    io.stdout.write(`${await validToken(io)}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    io.stderr.write(`${error.message}\n`)
    return 1
  }
}
