// `sallyport serve`: runs the gateway until it is told to stop. SIGHUP reads the configuration and the
// policies again, all or nothing; SIGTERM and SIGINT let open sessions finish first.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsFrom } from '../config/read-config.js'
import { createLog } from '../log.js'
import { startGateway } from '../serve.js'
import type { Io } from './io.js'

export const help = `sallyport serve --config FILE   run the gateway

  --config FILE     the configuration; sallyport.yaml when left out
  --sockets         net.Socket instead of raw stream handles (slower; for diagnosis)

Signals: SIGHUP reads the configuration and the policies again, all or nothing; SIGTERM and SIGINT stop
taking sessions, wait for open ones (limits.drain_ms), and end. A second one ends at once.
The operational log goes to standard error, one JSON object a line.
Exit codes: 0 stopped as asked, 1 could not start, 2 wrong usage.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const options = optionsOf(argv)
  if (options === undefined) {
    io.stderr.write(help)
    return 2
  }
  const file = join(io.cwd, options.config)
  const path = options.config.startsWith('/') ? options.config : file
  const settings = settingsFrom(path, io.env)
  const log = createLog({
    level: settings.log.level,
    destination: { write: (line) => void io.stderr.write(line) },
  })
  const gateway = await startGateway(settings, {
    env: io.env,
    log,
    version: packageVersion(),
    toolCache: toolCache(io),
    rawHandles: !options.sockets,
  })
  for (const { host, port } of gateway.postgres)
    log.info({ host, port }, 'PostgreSQL clients are welcome')
  log.info({ url: gateway.webUrl }, 'the API and the console are open')
  const reload = (): void => {
    Promise.resolve()
      .then(() => gateway.reload(settingsFrom(path, io.env)))
      .then(
        () => log.info('the configuration was read again'),
        (problem: unknown) =>
          log.error({ problem }, 'the configuration was not taken; the one before stays'),
      )
  }
  process.on('SIGHUP', reload)
  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve(name))
  })
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(1))
  log.info({ signal }, 'stopping: open sessions may finish')
  process.off('SIGHUP', reload)
  await gateway.stop()
  log.info('stopped')
  return 0
}

type Options = { readonly config: string; readonly sockets: boolean }

function optionsOf(argv: readonly string[]): Options | undefined {
  let config = 'sallyport.yaml'
  let sockets = false
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]
    const next = argv[at + 1]
    if (word === '--sockets') sockets = true
    else if (word === '--config' && next !== undefined) {
      config = next
      at++
    } else return undefined
  }
  return { config, sockets }
}

// Built or fetched tools stay where other programs keep theirs.
export function toolCache(io: Pick<Io, 'env'>): string {
  const home = io.env['XDG_CACHE_HOME'] ?? join(io.env['HOME'] ?? '/tmp', '.cache')
  return join(home, 'sallyport')
}

export function packageVersion(): string {
  const found: unknown = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  )
  return typeof found === 'object' && found !== null && 'version' in found
    ? String(found.version)
    : ''
}
