// A console as it is in life: a PostgreSQL with orders and customers, a whole gateway in front of it with the
// shipped policies and recordings, and people who sign in at a real issuer with a real browser.
import pg from 'pg'
import type { Test } from 'tap'
import { FILM_KEY } from '../../peers/film-reader.js'
import { startTestGateway, type TestGateway } from '../../peers/gateway.js'
import type { TestGatewayOptions } from '../../peers/gateway-config.js'
import { startPostgres } from '../../peers/postgres.js'
import { openConsole, type ConsoleBrowser, type SIZES } from './console-browser.js'

export type ConsoleWorld = {
  readonly gateway: TestGateway
  // Through the gateway; ends with the test.
  readonly client: (name: string) => Promise<pg.Client>
  // In a browser of their own, at the first page.
  readonly person: (
    name: string,
    options?: { readonly size?: keyof typeof SIZES; readonly path?: string },
  ) => Promise<ConsoleBrowser>
}

export async function consoleWorld(
  t: Test,
  options: Pick<TestGatewayOptions, 'before' | 'config'> & {
    readonly labels?: Readonly<Record<string, string>>
  } = {},
): Promise<ConsoleWorld> {
  const server = await startPostgres({ kind: 'embedded' })
  const { host, port, superuser: user, password } = server
  const direct = new pg.Client({ host, port, user, password, database: 'postgres' })
  await direct.connect()
  await direct.query(
    `CREATE TABLE orders (id int PRIMARY KEY, status text);
     INSERT INTO orders SELECT n, 'paid' FROM generate_series(1, 300) n;
     CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders ON DELETE CASCADE);
     CREATE TABLE leftover (id int);
     CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, email text);
     INSERT INTO customers VALUES (1, 'Ada', '900-11-2222', 'ada@example.com')`,
  )
  await direct.end()
  process.env['TEST_FILM_KEY'] = FILM_KEY
  const gateway = await startTestGateway({
    target: {
      name: 'shop',
      database: 'postgres',
      host,
      port,
      labels: { env: 'prod', owner: 'payments', ...options.labels },
      accounts: [{ user, password }],
    },
    ...(options.before === undefined ? {} : { before: options.before }),
    config: {
      recordings: { directory: 'recordings', key: 'env:TEST_FILM_KEY', flush_ms: 20 },
      ...options.config,
    },
  })
  const clients: pg.Client[] = []
  t.teardown(async () => {
    for (const client of clients) await client.end().catch(() => undefined)
    await gateway.stop()
    await server.stop()
  })
  return {
    gateway,
    async client(name) {
      const client = new pg.Client({
        host: gateway.host,
        port: gateway.port,
        user: name,
        password: await gateway.token(name),
        database: 'shop',
        application_name: 'closing-agent',
      })
      client.on('error', () => undefined)
      await client.connect()
      clients.push(client)
      return client
    },
    async person(name, { size = 'desk', path = '/' } = {}) {
      const page = await openConsole(t, gateway.webUrl, { size, path })
      await page.until(`document.querySelector('.sign-in a.button') !== null`)
      await page.evaluate(`document.querySelector('.sign-in a.button').click()`)
      const account = `document.querySelector('button[name=account][value=${name}]')`
      await page.until(`${account} !== null`)
      await page.evaluate(`${account}.click()`)
      await page.until(`document.querySelector('.frame main h1') !== null`)
      return page
    },
  }
}
