// The configuration file of a gateway under test: an ordinary one, passwords in files beside it.
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'

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
    readonly unlabelled?: 'open' | 'mask'
    readonly accounts: readonly TestAccount[]
    readonly refreshMs?: number
    readonly keyedMasks?: 'source'
  }
  // A folder of Rego or a bundle; the shipped library when left out, built beforehand in a whole run.
  readonly policies?: string
  // Merged over the top level of the configuration.
  readonly config?: Readonly<Record<string, unknown>>
  readonly rawHandles?: boolean
  // What is on record before it starts.
  readonly before?: (about: {
    readonly recordDirectory: string
    readonly issuer: string
  }) => Promise<void>
  // `none`: tokens that a test signed itself with the issuer's key are taken.
  readonly revocation?: 'introspection' | 'none'
  // Claims that policies are handed.
  readonly claims?: readonly string[]
  // How long the issuer's tokens last; also takes the clock skew away.
  readonly tokenSeconds?: number
  // For a gateway in a process of its own: to profile it.
  readonly nodeFlags?: readonly string[]
}

export type TestGatewayPlaces = {
  readonly directory: string
  // 0 picks a free one.
  readonly postgresPort: number
  readonly webPort: number
  readonly issuer: { readonly url: string; readonly clientSecretFile: string }
}

// Compiled or not, the folder that holds package.json.
export const REPOSITORY = new URL('../../', import.meta.url).pathname.replace(/\/build\/$/, '/')

// The shipped policies as npm test built them, once for all files; undefined where a file runs by itself.
export const BUILT_LIBRARY = process.env['SALLYPORT_TEST_LIBRARY']

// Where tests find and keep OPA: the same place as the product.
export const TOOL_CACHE = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'sallyport',
)

export function writeGatewayConfig(options: TestGatewayOptions, places: TestGatewayPlaces): string {
  const file = join(places.directory, 'sallyport.yaml')
  writeFileSync(file, stringify(configOf(options, places)))
  return file
}

function configOf(
  {
    target,
    policies,
    config,
    tokenSeconds,
    claims,
    revocation = 'introspection',
  }: TestGatewayOptions,
  { directory, postgresPort, webPort, issuer }: TestGatewayPlaces,
): Readonly<Record<string, unknown>> {
  const accounts = target.accounts.map(({ groups, user, password }, at) => {
    const file = join(directory, `account-${at}.password`)
    writeFileSync(file, password, { mode: 0o600 })
    return { ...(groups === undefined ? {} : { groups }), user, password: `file:${file}` }
  })
  return {
    listeners: {
      postgres: [{ address: `127.0.0.1:${postgresPort}`, plaintext: 'loopback' }],
      web: { address: `127.0.0.1:${webPort}`, console: { enabled: true } },
    },
    issuers: [
      {
        issuer: issuer.url,
        audience: 'sallyport',
        client_id: 'sallyport-gateway',
        client_secret: `file:${issuer.clientSecretFile}`,
        algorithms: ['ES256'],
        revocation,
        ...(claims === undefined ? {} : { claims: { forward: claims } }),
        ...(tokenSeconds === undefined ? {} : { clock_skew_ms: 0 }),
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
        ...(target.unlabelled === undefined ? {} : { unlabelled: target.unlabelled }),
        accounts,
        ...(target.keyedMasks === undefined ? {} : { keyed_masks: target.keyedMasks }),
        catalogue: { refresh_ms: target.refreshMs ?? 1000 },
      },
    },
    policy: { source: policies ?? BUILT_LIBRARY ?? join(REPOSITORY, 'rego') },
    record: { directory: 'record' },
    state: { file: 'state.sqlite' },
    ...config,
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
