// What the tests of stock clients stand on: the demo's database on a scratch PostgreSQL, a gateway with
// the shipped policies, listeners with TLS and with OAUTHBEARER beside the plain one, and an approver.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Test } from 'tap'
import { freePort, REPOSITORY } from '../peers/gateway-config.js'
import { startTestGateway, type TestGateway } from '../peers/gateway.js'
import { missingPostgres, startPostgres, type Postgres } from '../peers/postgres.js'
import { running } from '../peers/running.js'
import { missingProgram } from './program.js'

export type Shop = {
  readonly gateway: TestGateway
  readonly target: Postgres
  readonly host: string
  readonly port: number
  // The same gateway, asking for the token by OAUTHBEARER.
  readonly bearerPort: number
  // The certificate that clients trust; it names localhost.
  readonly certificate: string
  readonly token: (name: string) => Promise<string>
  // At the target itself, past the gateway: what really is in the tables.
  readonly truth: (sql: string) => Promise<readonly unknown[][]>
  // Approves or denies the next held command whose text matches.
  /** Once the target runs a statement that holds the text. */
  readonly running: (text: string) => Promise<void>
  readonly settle: (text: RegExp, verb: 'approve' | 'deny') => Promise<void>
  // Environment of a program that connects as this identity; by default over plaintext loopback.
  readonly environment: (name: string) => Promise<Readonly<Record<string, string>>>
}

// Why no shop can be opened here, for the tests' `skip`.
export function missingShop(): string | false {
  const without = missingPostgres('embedded')
  if (without !== false) return without
  return missingProgram('openssl', ['version'])
}

export async function openShop(
  t: Test,
  labels: Readonly<Record<string, string>> = { env: 'prod', owner: 'retail' },
): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-shop-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const certificate = selfMadeCertificate(folder)
  const target = await startPostgres({ kind: 'embedded' })
  t.teardown(() => target.stop())
  await seed(target)
  const tls = { certificate, key: `file:${join(folder, 'key.pem')}` }
  const gateway = await startTestGateway({
    target: {
      name: 'shop',
      host: target.host,
      port: target.port,
      labels,
      accounts: [{ user: 'shop_app', password: 'app-password' }],
    },
    config: {
      listeners: {
        postgres: [
          { address: '127.0.0.1:0', plaintext: 'loopback', tls },
          { address: '127.0.0.1:0', tls: { ...tls }, authentication: 'oauthbearer' },
        ],
        web: { address: `127.0.0.1:${await freePort()}` },
      },
    },
  })
  t.teardown(() => gateway.stop())
  const token = gateway.token
  return {
    gateway,
    target,
    host: '127.0.0.1',
    port: gateway.port,
    bearerPort: gateway.gateway.postgres[1]?.port ?? 0,
    certificate,
    token,
    truth: (sql) => truthOf(target, sql),
    running: (text) => running(target, text),
    settle: async (text, verb) => settled(gateway, await token('approver'), text, verb),
    environment: async (name) => ({
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      LC_ALL: 'C.UTF-8',
      PGHOST: '127.0.0.1',
      PGPORT: String(gateway.port),
      PGDATABASE: 'shop',
      PGUSER: name,
      PGPASSWORD: await token(name),
      PGSSLMODE: 'disable',
      PGCONNECT_TIMEOUT: '10',
    }),
  }
}

async function seed(target: Postgres): Promise<void> {
  await truthOf(
    target,
    `CREATE ROLE shop_owner NOLOGIN;
     CREATE ROLE shop_app LOGIN PASSWORD 'app-password' IN ROLE shop_owner`,
    'postgres',
  )
  await truthOf(target, 'CREATE DATABASE shop OWNER shop_owner', 'postgres')
  await truthOf(target, 'GRANT CREATE ON SCHEMA public TO shop_owner')
  await truthOf(target, readFileSync(join(REPOSITORY, 'fixtures/demo/shop.sql'), 'utf8'))
}

async function truthOf(
  { host, port, superuser, password }: Postgres,
  sql: string,
  database = 'shop',
): Promise<readonly unknown[][]> {
  const client = new pg.Client({ host, port, user: superuser, password, database })
  await client.connect()
  try {
    const answer: unknown = await client.query({ text: sql, rowMode: 'array' })
    const last: unknown = Array.isArray(answer) ? answer.at(-1) : answer
    return (last as { readonly rows: readonly unknown[][] }).rows
  } finally {
    await client.end()
  }
}

async function settled(
  { webUrl }: TestGateway,
  token: string,
  text: RegExp,
  verb: 'approve' | 'deny',
): Promise<void> {
  const authorization = `Bearer ${token}`
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const answer = await fetch(`${webUrl}/api/approvals`, { headers: { authorization } })
    const { approvals } = (await answer.json()) as {
      readonly approvals: readonly { readonly id: string; readonly text: string }[]
    }
    const hold = approvals.find((one) => text.test(one.text))
    if (hold !== undefined) {
      const settling = await fetch(`${webUrl}/api/approvals/${hold.id}/${verb}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify({ reason: 'as the test says' }),
      })
      if (settling.ok) return
      throw new Error(await settling.text())
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing like ${text} was held`)
}

function selfMadeCertificate(folder: string): string {
  const certificate = join(folder, 'certificate.pem')
  execFileSync(
    'openssl',
    [
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
      ['-keyout', join(folder, 'key.pem'), '-out', certificate],
    ].flat(),
    { stdio: 'ignore' },
  )
  return certificate
}
