// A gateway in a process of its own, as it is in life: for measuring it, and for killing it.
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { devToken } from '../../proxy/demo/dev-token.js'
import { startIssuer } from '../../proxy/demo/issuer.js'
import {
  freePort,
  REPOSITORY,
  writeGatewayConfig,
  type TestGatewayOptions,
} from './gateway-config.js'

export type GatewayProcess = {
  readonly port: number
  readonly webUrl: string
  readonly directory: string
  readonly recordDirectory: string
  readonly token: (name: string) => Promise<string>
  readonly pid: () => number
  readonly log: () => string
  // Ends the process at once, without a chance to tidy up.
  readonly kill: () => Promise<void>
  // Starts it again on the same record, after `kill`.
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
}

const READY_MS = 60_000

export async function startGatewayProcess(options: TestGatewayOptions): Promise<GatewayProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-process-'))
  const issuerFolder = join(directory, 'issuer')
  const issuer = await startIssuer({ directory: issuerFolder, accessTokenSeconds: 7200 })
  const [port, webPort] = [await freePort(), await freePort()]
  const config = writeGatewayConfig(options, { directory, postgresPort: port, webPort, issuer })
  const logFile = join(directory, 'gateway.log')
  mkdirSync(directory, { recursive: true })
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    const log = openSync(logFile, 'a')
    child = spawn(
      process.execPath,
      [
        ...(options.nodeFlags ?? []),
        join(REPOSITORY, 'build/proxy/main.js'),
        'serve',
        '--config',
        config,
      ],
      {
        stdio: ['ignore', 'ignore', log],
      },
    )
    await accepting(port, child, () => readFileSync(logFile, 'utf8'))
  }
  const ended = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null) return
    const gone = new Promise((resolve) => running.once('exit', resolve))
    running.kill(signal)
    await gone
  }
  await start()
  return {
    port,
    webUrl: `http://127.0.0.1:${webPort}`,
    directory,
    recordDirectory: join(directory, 'record'),
    token: (name) => devToken(issuerFolder, name),
    pid: () => child?.pid ?? 0,
    log: () => readFileSync(logFile, 'utf8'),
    kill: () => ended('SIGKILL'),
    start,
    stop: async () => {
      await ended('SIGTERM')
      await issuer.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function accepting(port: number, child: ChildProcess, log: () => string): Promise<void> {
  const end = Date.now() + READY_MS
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection({ host: '127.0.0.1', port })
      socket.once('error', () => resolve(false))
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
    })
    if (open) return
    if (child.exitCode !== null || Date.now() > end)
      throw new Error(`the gateway did not start:\n${log()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
