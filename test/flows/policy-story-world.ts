// Where the story of a policy takes place: a shop's database, somebody who has just installed Sallyport, a
// bundle server, and a gateway that takes what two of three have signed.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import type { Test } from 'tap'
import { startBundleServer, type BundleServer } from '../peers/bundle-server.js'
import { startGatewayProcess, type GatewayProcess } from '../peers/gateway-process.js'
import { newcomer, type Newcomer } from '../peers/newcomer.js'
import { startPostgres, type Postgres } from '../peers/postgres.js'
import { terminal, type Terminal } from '../peers/terminal.js'

export const SIGNERS = ['ci', 'security', 'spare'] as const
export const SHIPPED_RULES = 'policies/sallyport/policies'

export type Story = {
  // The policy repository, and what lies in it.
  readonly folder: string
  readonly text: (path: string) => string
  readonly write: (path: string, text: string) => void
  readonly git: Newcomer['ran']
  readonly sallyport: Terminal
  // The same, typed by an account of the issuer, at the gateway.
  readonly as: (name: string) => Promise<Terminal>
  readonly bundles: BundleServer
  // Hands the bundle of the repository to the bundle server.
  readonly publish: () => void
  // Hands it to the shadow slot.
  readonly shadow: () => void
  readonly startGateway: () => Promise<GatewayProcess>
  readonly gateway: () => GatewayProcess
  readonly connect: (name: string) => Promise<pg.Client>
}

export async function storyWorld(t: Test): Promise<Story> {
  const { home, env, ran } = await newcomer(t)
  const folder = join(home, 'my policies')
  const bundles = await startBundleServer({ longPolling: true })
  t.teardown(() => bundles.close())
  let server: Postgres | undefined
  let running: GatewayProcess | undefined
  t.teardown(async () => {
    await running?.kill()
    await running?.stop()
    await server?.stop()
  })
  const gateway = (): GatewayProcess => {
    if (running === undefined) throw new Error('the gateway was not started')
    return running
  }
  const shadowBundle = join(home, 'shadow.tar.gz')
  const startGateway = async (): Promise<GatewayProcess> => {
    server = await shop(readFileSync(join(folder, 'catalogue/shop.sql'), 'utf8'))
    const { host, port, superuser: user, password } = server
    writeFileSync(join(home, 'ca.pem'), bundles.certificate)
    writeFileSync(join(home, 'token'), bundles.token)
    const account = { user, password }
    running = await startGatewayProcess({
      target: { name: 'shop', database: 'shop', host, port, accounts: [account] },
      config: {
        policy: {
          source: bundles.url,
          server: { token: `file:${home}/token`, ca: join(home, 'ca.pem'), poll_ms: 1000 },
          signatures: {
            required: 2,
            keys: Object.fromEntries(
              SIGNERS.map((name) => [name, join(home, 'keys', `${name}.pub.pem`)]),
            ),
          },
          operators: ['policy-operators'],
          shadow: { source: shadowBundle },
        },
      },
    })
    return running
  }
  return {
    folder,
    text: (path) => readFileSync(join(folder, path), 'utf8'),
    write: (path, text) => writeFileSync(join(folder, path), text),
    git: ran,
    sallyport: (...argv) => terminal(existsSync(folder) ? folder : home, env)(...argv),
    as: async (name) => {
      const [url, token] = [gateway().webUrl, await gateway().token(name)]
      return terminal(folder, { ...env, SALLYPORT_URL: url, SALLYPORT_TOKEN: token })
    },
    bundles,
    publish: () => bundles.serve(readFileSync(join(folder, 'bundle.tar.gz'))),
    shadow: () => copyFileSync(join(folder, 'bundle.tar.gz'), shadowBundle),
    startGateway,
    gateway,
    connect: async (name) => {
      const client = new pg.Client({
        host: '127.0.0.1',
        port: gateway().port,
        user: name,
        password: await gateway().token(name),
        database: 'shop',
      })
      client.on('error', () => undefined)
      await client.connect()
      t.teardown(() => client.end().catch(() => undefined))
      return client
    },
  }
}

async function shop(ddl: string): Promise<Postgres> {
  const server = await startPostgres({ kind: 'embedded' })
  const { host, port, superuser: user, password } = server
  for (const [database, text] of [
    ['postgres', 'CREATE DATABASE shop'],
    ['shop', `${ddl}\n${ROWS}`],
  ] as const) {
    const client = new pg.Client({ host, port, user, password, database })
    await client.connect()
    await client.query(text)
    await client.end()
  }
  return server
}

const ROWS = `
INSERT INTO customers VALUES
  (1, 'Oskar Medina', 'oskar@example.org', '123-45-6789', '4242424242424242', NULL, 'north');
INSERT INTO orders VALUES (1, 1, 'open', 12.50, now()), (2, 1, 'paid', 99.00, now());
INSERT INTO employees VALUES (7, 'Ines Roth', 'Clerk', 3000), (8, 'Paul Ek', 'Clerk', 3100);
`
