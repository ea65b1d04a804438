// That a server runs a statement shows there alone: who cancels one, or leaves it alone, waits for this first.
import pg from 'pg'

type Server = {
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly password: string
}

/** Resolves once a statement that holds the text runs in any database of the server. */
export async function running(server: Server, text: string): Promise<void> {
  const { host, port, superuser: user, password } = server
  const client = new pg.Client({ host, port, user, password, database: 'postgres' })
  await client.connect()
  try {
    const asked = `SELECT FROM pg_stat_activity
      WHERE state = 'active' AND strpos(query, $1) > 0 AND pid <> pg_backend_pid()`
    while ((await client.query(asked, [text])).rowCount === 0)
      await new Promise((resolve) => setTimeout(resolve, 10))
  } finally {
    await client.end()
  }
}
