// The connection over which a held command is looked at: the gateway's own, with the account that the
// command would use, in one read-only snapshot, and with times after which the target gives up by itself.
// It is never the client's, and lives for one look.
import { checkServerIdentity } from 'node:tls'
import pg from 'pg'
import type { TargetAccount } from './target-login.js'

export type Values = {
  readonly binds: readonly (Uint8Array | null)[]
  // 0 text, 1 binary: none, one for all, or one for each.
  readonly formats: readonly number[]
  // As Parse gave them; 0 or absent: the target finds out.
  readonly types: readonly number[]
}

export type Look = {
  // Rows of text. Rejects with an error whose `code` is a SQLSTATE; the snapshot goes on.
  readonly rows: (sql: string, values?: Values) => Promise<readonly (readonly (string | null)[])[]>
  // A statement of ours without rows.
  readonly run: (sql: string) => Promise<void>
  readonly close: () => void
}

export type LookLimits = {
  readonly connectMs: number
  readonly statementMs: number
  readonly lockMs: number
}

export async function openLook(account: TargetAccount, limits: LookLimits): Promise<Look> {
  const { host, port, user, database, tls } = account
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    password: account.password?.() ?? '',
    application_name: 'sallyport preview',
    connectionTimeoutMillis: limits.connectMs,
    ssl:
      tls === undefined
        ? false
        : {
            secureContext: tls.context,
            checkServerIdentity: (_, certificate) =>
              checkServerIdentity(tls.serverName, certificate),
          },
  })
  // What breaks rejects the query under way.
  client.on('error', () => undefined)
  const close = (): void => void client.end().catch(() => undefined)
  try {
    await client.connect()
    await client.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
       SET LOCAL statement_timeout = ${limits.statementMs};
       SET LOCAL lock_timeout = ${limits.lockMs};
       SET LOCAL idle_in_transaction_session_timeout = 10000;
       SET LOCAL search_path = pg_catalog`,
    )
  } catch (problem) {
    close()
    throw problem
  }
  return {
    close,
    run: async (sql) => void (await client.query(sql)),
    async rows(sql, values) {
      await client.query('SAVEPOINT look')
      try {
        // One statement and no more, whatever the text: the extended protocol takes no others.
        const query = {
          text: sql,
          rowMode: 'array' as const,
          queryMode: 'extended',
          types: typed(values?.types ?? []),
          ...(values === undefined ? {} : { values: valuesOf(values) }),
        }
        const { rows } = await client.query<(string | null)[]>(query)
        return rows
      } catch (problem) {
        await client.query('ROLLBACK TO look')
        throw problem
      }
    },
  }
}

// The client library hands `types` to Parse as the types of parameters, and asks the same object how to
// read results: as the text that came.
function typed(oids: readonly number[]) {
  return Object.assign([...oids], { getTypeParser: () => (value: string | Buffer) => value })
}

// A Buffer goes in binary, a string as text.
function valuesOf({ binds, formats }: Values): (Buffer | string | null)[] {
  return binds.map((value, i) => {
    if (value === null) return null
    const format = (formats.length === 1 ? formats[0] : formats[i]) ?? 0
    const bytes = Buffer.from(value)
    return format === 1 ? bytes : bytes.toString('utf8')
  })
}
