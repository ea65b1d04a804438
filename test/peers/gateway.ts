// A whole gateway for tests, on free ports of loopback: real policies, a real OpenID provider, an
// ordinary configuration file. Ends and cleans up when told.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { settingsFrom } from '../../proxy/config/read-config.js'
import { devToken } from '../../proxy/demo/dev-token.js'
import { startIssuer } from '../../proxy/demo/issuer.js'
import { createLog } from '../../proxy/log.js'
import { startGateway, type Gateway } from '../../proxy/serve.js'

export type TestAccount = {
  readonly groups?: readonly string[]
  readonly user: string
  readonly password: string
}

export type TestGatewayOptions = {
  readonly target: {
    readonly name: string
    readonly host: string
    readonly port: number
    readonly database?: string
    readonly databases?: readonly string[]
    readonly labels?: Readonly<Record<string, string>>
    readonly accounts: readonly TestAccount[]
    readonly refreshMs?: number
  }
  // A folder of Rego or a bundle; the shipped library when left out.
  readonly policies?: string
  // Merged over the top level of the configuration.
  readonly config?: Readonly<Record<string, unknown>>
  readonly rawHandles?: boolean
}

export type TestGateway = {
  readonly gateway: Gateway
  readonly host: string
  readonly port: number
  readonly webUrl: string
  readonly directory: string
  readonly configFile: string
  readonly recordDirectory: string
  readonly issuer: string
  readonly token: (name: string) => Promise<string>
  readonly log: () => string
  readonly stop: () => Promise<void>
}

export const REPOSITORY = new URL('../../../', import.meta.url).pathname.replace(/\/build\/$/, '/')

export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'))
  const issuerFolder = join(directory, 'issuer')
  const issuer = await startIssuer({ directory: issuerFolder })
  const webPort = await freePort()
  const configFile = join(directory, 'sallyport.yaml')
  writeFileSync(configFile, stringify(configOf(options, directory, webPort, issuer)))
  const lines: string[] = []
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } })
  const gateway = await startGateway(settingsFrom(configFile, process.env), {
    env: process.env,
    log,
    version: 'test',
    toolCache: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sallyport'),
    rawHandles: options.rawHandles ?? true,
  }).catch(async (problem: unknown) => {
    await issuer.close()
    throw problem
  })
  return {
    gateway,
    host: '127.0.0.1',
    port: gateway.postgres[0]?.port ?? 0,
    webUrl: gateway.webUrl,
    directory,
    configFile,
    recordDirectory: join(directory, 'record'),
    issuer: issuer.url,
    token: (name) => devToken(issuerFolder, name),
    log: () => lines.join(''),
    stop: async () => {
      await gateway.stop(0)
      await issuer.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function configOf(
  { target, policies, config }: TestGatewayOptions,
  directory: string,
  webPort: number,
  issuer: { readonly url: string; readonly clientSecretFile: string },
): Readonly<Record<string, unknown>> {
  const accounts = target.accounts.map(({ groups, user, password }, at) => {
    const file = join(directory, `account-${at}.password`)
    writeFileSync(file, password, { mode: 0o600 })
    return { ...(groups === undefined ? {} : { groups }), user, password: `file:${file}` }
  })
  return {
    listeners: {
      postgres: [{ address: '127.0.0.1:0', plaintext: 'loopback' }],
      web: { address: `127.0.0.1:${webPort}` },
    },
    issuers: [
      {
        issuer: issuer.url,
        audience: 'sallyport',
        client_id: 'sallyport-gateway',
        client_secret: `file:${issuer.clientSecretFile}`,
        algorithms: ['ES256'],
        revocation: 'introspection',
      },
    ],
    targets: {
      [target.name]: {
        kind: 'postgres',
        host: target.host,
        port: target.port,
        ...(target.database === undefined ? {} : { database: target.database }),
        ...(target.databases === undefined ? {} : { databases: target.databases }),
        tls: { mode: 'off' },
        labels: target.labels ?? { env: 'prod' },
        accounts,
        catalogue: { refresh_ms: target.refreshMs ?? 1000 },
      },
    },
    policy: { source: policies ?? join(REPOSITORY, 'rego') },
    record: { directory: 'record' },
    state: { file: 'state.sqlite' },
    ...config,
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
