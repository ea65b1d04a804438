// A whole gateway for tests, on free ports of loopback: real policies, a real OpenID provider, an
// ordinary configuration file. Ends and cleans up when told.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { settingsFrom } from '../../proxy/config/read-config.js'
import { devToken } from '../../proxy/demo/dev-token.js'
import { startIssuer } from '../../proxy/demo/issuer.js'
import { createLog } from '../../proxy/log.js'
import { startGateway, type Gateway } from '../../proxy/serve.js'
import {
  freePort,
  TOOL_CACHE,
  writeGatewayConfig,
  type TestGatewayOptions,
} from './gateway-config.js'

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

export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'))
  const issuerFolder = join(directory, 'issuer')
  const issuer = await startIssuer({
    directory: issuerFolder,
    ...(options.tokenSeconds === undefined ? {} : { accessTokenSeconds: options.tokenSeconds }),
  })
  const webPort = await freePort()
  const configFile = writeGatewayConfig(options, { directory, postgresPort: 0, webPort, issuer })
  await options.before?.({ recordDirectory: join(directory, 'record'), issuer: issuer.url })
  const lines: string[] = []
  const log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } })
  const gateway = await startGateway(settingsFrom(configFile, process.env), {
    env: process.env,
    log,
    version: 'test',
    toolCache: TOOL_CACHE,
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
