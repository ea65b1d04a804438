// The gateway's own connection to a target's database, for reading names. Opened when first needed and
// again after it broke; one query at a time.
import { checkServerIdentity } from 'node:tls'
import type { SecureContext } from 'node:tls'
import pg from 'pg'
import { GatewayError } from '../errors.js'
import type { Query } from './catalogue.js'

export type CatalogueAccount = {
  readonly host: string
  readonly port: number
  readonly tls: { readonly context: SecureContext; readonly serverName: string } | undefined
  readonly user: string
  readonly password: (() => string) | undefined
  readonly database: string
}

export type CatalogueConnection = {
  readonly query: Query
  readonly close: () => Promise<void>
}

const CONNECT_MS = 10_000
// Longer than any catalogue takes; a target that does not answer is noticed.
const STATEMENT_MS = 30_000

export function catalogueConnection(account: CatalogueAccount): CatalogueConnection {
  let open: Promise<pg.Client> | undefined

  const connected = (): Promise<pg.Client> => {
    open ??= connect(account, () => {
      open = undefined
    })
    return open
  }

  return {
    query: async (sql) => {
      try {
        const client = await connected()
        const { rows } = await client.query<(string | null)[]>({ text: sql, rowMode: 'array' })
        return rows
      } catch (cause) {
        throw new GatewayError('target_unreachable', 'the target’s names cannot be read', { cause })
      }
    },
    close: async () => {
      const client = await open?.catch(() => undefined)
      open = undefined
      await client?.end().catch(() => undefined)
    },
  }
}

async function connect(account: CatalogueAccount, broken: () => void): Promise<pg.Client> {
  const { host, port, user, database, tls } = account
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    password: account.password?.() ?? '',
    application_name: 'sallyport catalogue',
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: STATEMENT_MS,
    keepAlive: true,
    // Values stay the text that the server sent.
    types: { getTypeParser: () => (value: string | Buffer) => value },
    ssl:
      tls === undefined
        ? false
        : {
            secureContext: tls.context,
            checkServerIdentity: (_, certificate) =>
              checkServerIdentity(tls.serverName, certificate),
          },
  })
  client.on('error', broken)
  client.on('end', broken)
  try {
    await client.connect()
    return client
  } catch (cause) {
    broken()
    throw cause
  }
}
