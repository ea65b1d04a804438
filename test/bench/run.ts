// npm run bench: Sallyport beside its peers on this machine, in one run. Every figure is a median of
// interleaved rounds, every comparison a ratio; what is not installed is left out and said.
import { startGatewayProcess } from '../peers/gateway-process.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { backtestTimes } from './backtest.js'
import { bulkSeconds } from './bulk.js'
import { cpuSeconds } from './cpu.js'
import { decisionTimes } from './decision.js'
import { median } from './median.js'
import { filled, pgbenchProgram, selectRate, type Endpoint, type Mode } from './pgbench.js'
import { startHaproxy, startPgbouncer } from './proxies.js'
import { searchTimes } from './search.js'
import { recordingTimes } from './recording.js'
import { rewrittenTimes } from './rewritten.js'
import { wideTimes } from './wide.js'

type Way = { readonly name: string; readonly endpoint: Endpoint; readonly pid?: number | undefined }

const USAGE =
  'npm run bench -- [--seconds N] [--rounds N] [--clients 1,8,32] [--modes simple,extended,prepared] [--no-bulk] [--profile FOLDER]\n       npm run bench -- --backtest [RECORDS]\n       npm run bench -- --search [RECORDS]\n       npm run bench -- --decisions\n       npm run bench -- --recording [--rounds N] [--seconds N]\n       npm run bench -- --masked [--rounds N] [--profile FOLDER]\n'

export async function bench(
  argv: readonly string[],
  write: (text: string) => void,
): Promise<number> {
  const value = (name: string, fallback: string): string => {
    const at = argv.indexOf(name)
    return at < 0 ? fallback : (argv[at + 1] ?? fallback)
  }
  if (argv.includes('--backtest')) {
    write(await backtestTimes(Number(value('--backtest', '1000000'))))
    return 0
  }
  if (argv.includes('--search')) {
    write(await searchTimes(Number(value('--search', '1000000'))))
    return 0
  }
  if (argv.includes('--decisions')) {
    write(await decisionTimes())
    return 0
  }
  if (argv.includes('--recording')) {
    write(await recordingTimes(Number(value('--rounds', '5')), Number(value('--seconds', '3'))))
    return 0
  }
  if (argv.includes('--masked')) {
    const rounds = Number(value('--rounds', '5'))
    write(await wideTimes(rounds, value('--profile', '')))
    write(await rewrittenTimes(rounds))
    return 0
  }
  const program = pgbenchProgram()
  if (argv.includes('--help') || program === undefined) {
    write(program === undefined ? 'skipped: no pgbench\n' : USAGE)
    return program === undefined ? 0 : 2
  }
  const seconds = Number(value('--seconds', '3'))
  const rounds = Number(value('--rounds', '5'))
  const clients = value('--clients', '1,8,32').split(',').map(Number)
  const modes = value('--modes', 'simple,extended,prepared').split(',') as readonly Mode[]
  const server = await startPostgres({
    kind: missingPostgres('embedded') === false ? 'embedded' : 'debian',
    config: { max_connections: '120', shared_buffers: '256MB' },
  })
  const direct: Endpoint = {
    host: server.host,
    port: server.port,
    user: server.superuser,
    password: server.password,
    database: 'postgres',
  }
  const profile = value('--profile', '')
  const gateway = await startGatewayProcess({
    // Young objects die young: with room for them, garbage costs a tenth less (README, Benchmarks).
    nodeFlags: [
      '--max-semi-space-size=64',
      ...(profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
    ],
    target: {
      name: 'postgres',
      host: server.host,
      port: server.port,
      accounts: [{ user: server.superuser, password: server.password }],
      refreshMs: 60_000,
    },
  })
  const proxies = [await startPgbouncer(direct), await startHaproxy(direct)].filter(
    (one) => one !== undefined,
  )
  try {
    await filled(program, direct, 1)
    const ways: readonly Way[] = [
      { name: 'direct', endpoint: direct },
      ...proxies.map(({ name, port, pid }) => ({ name, endpoint: { ...direct, port }, pid })),
      {
        name: 'Sallyport',
        pid: gateway.pid(),
        endpoint: {
          ...direct,
          port: gateway.port,
          user: 'engineer',
          password: await gateway.token('engineer'),
        },
      },
    ]
    write(
      `node ${process.version}, ${rounds} rounds of ${seconds} s, medians; ratio to ${ways[1]?.name}\n\n`,
    )
    for (const mode of modes) {
      write(await table(program, ways, { mode, clients, seconds, rounds }))
    }
    if (!argv.includes('--no-bulk')) {
      write(await bulkTable(ways, direct, rounds))
      write(await wideTimes(rounds))
      write(await rewrittenTimes(rounds))
    }
    write(await decisionTimes())
    return 0
  } finally {
    for (const { stop } of proxies) stop()
    await gateway.stop()
    await server.stop()
  }
}

async function table(
  program: string,
  ways: readonly Way[],
  load: {
    readonly mode: Mode
    readonly clients: readonly number[]
    readonly seconds: number
    readonly rounds: number
  },
): Promise<string> {
  const { mode, seconds, rounds } = load
  const rows = new Map<string, string[]>(ways.map(({ name }) => [name, []]))
  for (const clients of load.clients) {
    const spent = new Map<string, number[]>(ways.map(({ name }) => [name, []]))
    const rates = new Map<string, number[]>(ways.map(({ name }) => [name, []]))
    for (const { endpoint } of ways)
      await selectRate(program, endpoint, { mode, clients, seconds: 2 })
    for (let round = 0; round < rounds; round++) {
      for (const { name, endpoint, pid } of ways) {
        const before = cpuSeconds(pid)
        const rate = await selectRate(program, endpoint, { mode, clients, seconds })
        const after = cpuSeconds(pid)
        rates.get(name)?.push(rate)
        if (before !== undefined && after !== undefined) {
          spent.get(name)?.push(((after - before) * 1e6) / (rate * seconds))
        }
      }
    }
    const base = rates.get(ways[1]?.name ?? '') ?? []
    for (const { name } of ways) {
      const own = rates.get(name) ?? []
      // Ratios pair by pair: both halves of a pair saw the same machine.
      const ratio = median(own.map((rate, at) => rate / (base[at] ?? rate)))
      const cpu = spent.get(name) ?? []
      const each = cpu.length === 0 ? '' : `, ${median(cpu).toFixed(0)} µs CPU`
      rows.get(name)?.push(`${ratio.toFixed(2)} (${Math.round(median(own))}/s${each})`)
    }
  }
  const head = `| point selects, ${mode} | ${load.clients.map((n) => `${n} client${n === 1 ? '' : 's'}`).join(' | ')} |`
  const line = `|---|${load.clients.map(() => '---').join('|')}|`
  const body = [...rows].map(([name, cells]) => `| ${name} | ${cells.join(' | ')} |`)
  return [head, line, ...body, '', ''].join('\n')
}

async function bulkTable(ways: readonly Way[], direct: Endpoint, rounds: number): Promise<string> {
  const own = ways.filter(({ name }) => name === 'Sallyport')
  const all: readonly Way[] = [
    ...ways,
    ...own.map(({ endpoint }) => ({ name: 'Sallyport, one column masked', endpoint })),
  ]
  const times = new Map<string, number[]>(all.map(({ name }) => [name, []]))
  await bulkSeconds.prepare(direct)
  for (let round = 0; round <= Math.min(rounds, 3); round++) {
    for (const { name, endpoint } of all) {
      const seconds = await bulkSeconds.run(endpoint, name.endsWith('masked'))
      if (round > 0) times.get(name)?.push(seconds)
    }
  }
  const base = median(times.get(ways[1]?.name ?? '') ?? [])
  const body = all.map(({ name }) => {
    const own = median(times.get(name) ?? [])
    return `| ${name} | ${own.toFixed(2)} s | ${(base / own).toFixed(2)} |`
  })
  return [
    '| 1 M rows to one client | time | rate against the second |',
    '|---|---|---|',
    ...body,
    '',
    '',
  ].join('\n')
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  process.exitCode = await bench(process.argv.slice(2), (text) => void process.stdout.write(text))
  process.exit()
}
