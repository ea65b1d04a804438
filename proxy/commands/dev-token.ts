// `sallyport dev token NAME`: a token of the demo's own issuer, for a person or program of the demo.
import { join } from 'node:path'
import { ACCOUNT_NAMES } from '../demo/accounts.js'
import { devToken } from '../demo/dev-token.js'
import { GatewayError } from '../errors.js'
import type { Io } from './io.js'

export const help = `sallyport dev token NAME       print a token of the demo's issuer

  NAME is one of ${ACCOUNT_NAMES.join(', ')}. The demo (npm start) must be running.

  PGPASSWORD=$(npx sallyport dev token engineer) psql -h 127.0.0.1 -p 6432 -U engineer shop
`

// Where the demo keeps its issuer, from the folder that it runs in.
export const ISSUER_FOLDER = join('.sallyport', 'issuer')

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || rest.length > 0) {
    io.stderr.write(help)
    return 2
  }
  try {
    io.stdout.write(`${await devToken(join(io.cwd, ISSUER_FOLDER), name)}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    io.stderr.write(`${error.message}\n`)
    return error.code === 'usage' ? 2 : 1
  }
}
