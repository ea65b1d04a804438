// The demo as a whole: a real PostgreSQL with seeded data, an identity provider, policies built from
// `rego/`, and an ordinary gateway in front, from an ordinary configuration file. All that is kept lives
// in one folder.
import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { settingsFrom } from '../config/read-config.js'
import { GatewayError } from '../errors.js'
import { createLog } from '../log.js'
import { startGateway, type Gateway } from '../serve.js'
import { startIssuer } from './issuer.js'
import { clusterDirectory, startEmbeddedPostgres } from '../embedded-postgres.js'
import type { Screen } from './screen.js'
import { demoConfig } from './settings-file.js'
import { readyForTour, seedShop } from './shop.js'

export type DemoOptions = {
  // The one folder of the demo; made when absent.
  readonly home: string
  readonly reset: boolean
  readonly tour: boolean
  readonly postgresPort: number
  readonly webPort: number
  readonly env: Readonly<Record<string, string | undefined>>
  readonly toolCache: string
  readonly version: string
}

export type Demo = {
  readonly gateway: Gateway
  readonly issuer: string
  readonly issuerFolder: string
  readonly config: string
  readonly recordDirectory: string
  readonly policies: string
  readonly logFile: string
  readonly stop: () => Promise<void>
}

const POLICIES = fileURLToPath(new URL('../../../rego', import.meta.url))

export async function startDemo(options: DemoOptions, screen: Screen): Promise<Demo> {
  const { home } = options
  await mkdir(home, { recursive: true })
  const cluster = clusterDirectory(home)
  if (options.reset) {
    await rm(home, { recursive: true, force: true })
    await rm(cluster, { recursive: true, force: true })
  }
  await mkdir(home, { recursive: true })
  for (const port of [options.postgresPort, options.webPort, options.webPort + 1]) await free(port)
  const undo: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const logFile = join(home, 'gateway.log')
    const file = createWriteStream(logFile, { flags: 'a' })
    undo.push(() => new Promise((resolve) => file.end(resolve)))
    const log = createLog({
      level: 'info',
      destination: { write: (line) => void file.write(line) },
    })
    const targetPort = await anyPort()
    const passwordFile = join(home, 'shop_app.password')
    await screen.during(
      'PostgreSQL 18, embedded, with the database shop',
      (async () => {
        const server = await startEmbeddedPostgres({
          directory: cluster,
          port: targetPort,
          newPassword: () => randomBytes(18).toString('base64url'),
          log: (line) => log.info({ from: 'postgres' }, line),
        })
        undo.push(() => server.stop())
        await seedShop(server, randomBytes(18).toString('base64url'), passwordFile)
        if (options.tour) await readyForTour(server)
      })(),
    )
    const issuerFolder = join(home, 'issuer')
    const issuer = await startIssuer({ directory: issuerFolder, port: options.webPort + 1 })
    undo.push(() => issuer.close())
    const config = join(home, 'sallyport.yaml')
    await writeFile(
      config,
      demoConfig({
        schema: fileURLToPath(new URL('../../../rego/schemas/config.json', import.meta.url)),
        policies: POLICIES,
        passwordFile,
        recordingKeyFile: await recordingKey(home),
        postgresPort: options.postgresPort,
        webPort: options.webPort,
        issuer: issuer.url,
        clientSecretFile: issuer.clientSecretFile,
        targetPort,
      }),
    )
    const gateway = await screen.during(
      'policies from Rego to Wasm, and the gateway (the first time, OPA is built: a few minutes)',
      startGateway(settingsFrom(config, options.env), {
        env: options.env,
        log,
        version: options.version,
        toolCache: options.toolCache,
      }),
    )
    undo.push(() => gateway.stop(0))
    return {
      gateway,
      issuer: issuer.url,
      issuerFolder,
      config,
      recordDirectory: join(home, 'record'),
      policies: POLICIES,
      logFile,
      stop,
    }
  } catch (problem) {
    await stop()
    throw problem
  }
}

// Made once, so that recordings of the days before can be watched.
async function recordingKey(home: string): Promise<string> {
  const file = join(home, 'recordings.key')
  const key = `${randomBytes(32).toString('base64')}\n`
  await writeFile(file, key, { flag: 'wx', mode: 0o600 }).catch((problem: unknown) => {
    if (!(problem instanceof Error && 'code' in problem && problem.code === 'EEXIST')) throw problem
  })
  return file
}

async function free(port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (cause) =>
      reject(
        new GatewayError(
          'port_taken',
          `port ${port} is already in use: stop what listens there, or choose others with npm start -- --port N --web-port N`,
          { cause },
        ),
      ),
    )
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
}

async function anyPort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
