// `sallyport dev`: the demo that `npm start` starts, with its tour, and the tokens of its people.
import { join } from 'node:path'
import { devToken } from '../demo/dev-token.js'
import { farewell } from '../demo/farewell.js'
import { screenOn } from '../demo/screen.js'
import { startDemo } from '../demo/start.js'
import { playTour } from '../demo/tour.js'
import { help as tokenHelp, run as runToken } from './dev-token.js'
import type { Io } from './io.js'
import { packageVersion, toolCache } from './serve.js'

export const help = `sallyport dev start [options]   the demo: PostgreSQL, an identity provider, the gateway, a tour

  --no-tour         leave the tour out
  --reset           begin anew: forget what earlier runs kept
  --port N          where PostgreSQL clients connect (6432)
  --web-port N      the API and the console (8470); the identity provider takes the next one

What it keeps lives in .sallyport/; Ctrl-C stops everything it started.

${tokenHelp}`

type Options = { tour: boolean; reset: boolean; port: number; webPort: number }

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const [verb, ...rest] = argv
  if (verb === 'token') return runToken(rest, io)
  const options = verb === 'start' ? optionsOf(rest) : undefined
  if (options === undefined) {
    io.stderr.write(help)
    return 2
  }
  const colours = io.stdout.isTTY === true && io.env['NO_COLOR'] === undefined
  const screen = screenOn(io.stdout, colours)
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  screen.title('Sallyport')
  const demo = await startDemo(
    {
      home: join(io.cwd, '.sallyport'),
      reset: options.reset,
      tour: options.tour,
      postgresPort: options.port,
      webPort: options.webPort,
      env: io.env,
      toolCache: toolCache(io),
      version: packageVersion(),
    },
    screen,
  )
  try {
    if (options.tour) {
      const tour = playTour(screen, {
        host: '127.0.0.1',
        port: options.port,
        webUrl: demo.gateway.webUrl,
        token: (name) => devToken(demo.issuerFolder, name),
      })
      await Promise.race([tour, stopped])
    }
    await farewell(screen, demo, { ...options, io })
    await stopped
    screen.line('\nstopping …')
    return 0
  } finally {
    await demo.stop()
  }
}

function optionsOf(argv: readonly string[]): Options | undefined {
  const options: Options = { tour: true, reset: false, port: 6432, webPort: 8470 }
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]
    if (word === '--no-tour') options.tour = false
    else if (word === '--reset') options.reset = true
    else if (word === '--port' || word === '--web-port') {
      const number = Number(argv[++at])
      if (!Number.isInteger(number) || number < 1 || number > 65_534) return undefined
      if (word === '--port') options.port = number
      else options.webPort = number
    } else return undefined
  }
  return options
}
