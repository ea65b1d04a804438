// What recordings cost: one million rows and point selects through a gateway that records every row, beside
// one that records nothing, in turns. Both are whole gateways in processes of their own.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { startGatewayProcess } from '../peers/gateway-process.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { bulkSeconds } from './bulk.js'
import { cpuSeconds } from './cpu.js'
import { filled, pgbenchProgram, selectRate, type Endpoint } from './pgbench.js'

const UNBOUNDED = { rows_max: 1_000_000_000, bytes_max: 1_000_000_000_000 }

export async function recordingTimes(rounds: number, seconds: number): Promise<string> {
  const server = await startPostgres({
    kind: missingPostgres('embedded') === false ? 'embedded' : 'debian',
    config: { max_connections: '120', shared_buffers: '256MB' },
  })
  const { host, port, superuser: user, password } = server
  const direct: Endpoint = { host, port, user, password, database: 'postgres' }
  process.env['BENCH_RECORDING_KEY'] = Buffer.alloc(32, 1).toString('base64')
  const gateway = (config: Readonly<Record<string, unknown>>) =>
    startGatewayProcess({
      nodeFlags: ['--max-semi-space-size=64'],
      target: { name: 'postgres', host, port, accounts: [{ user, password }], refreshMs: 60_000 },
      config,
    })
  const plain = await gateway({})
  const recording = await gateway({
    recordings: {
      directory: 'recordings',
      key: 'env:BENCH_RECORDING_KEY',
      session_bytes_max: 1_000_000_000_000,
      default: UNBOUNDED,
    },
  })
  const ways = await Promise.all(
    [
      { name: 'not recorded', process: plain },
      { name: 'every row recorded', process: recording },
    ].map(async ({ name, process: one }) => ({
      name,
      pid: one.pid(),
      endpoint: {
        ...direct,
        port: one.port,
        user: 'engineer',
        password: await one.token('engineer'),
      },
    })),
  )
  try {
    await bulkSeconds.prepare(direct)
    const rows: string[] = []
    const measured = async (
      what: string,
      run: (endpoint: Endpoint) => Promise<number>,
    ): Promise<void> => {
      const times = ways.map((): number[] => [])
      const spent = ways.map((): number[] => [])
      for (let round = 0; round <= rounds; round++) {
        for (const [i, { endpoint, pid }] of ways.entries()) {
          const before = cpuSeconds(pid) ?? 0
          const value = await run(endpoint)
          if (round > 0) times[i]?.push(value)
          if (round > 0) spent[i]?.push((cpuSeconds(pid) ?? 0) - before)
        }
      }
      // Pair by pair: both halves of a pair saw the same machine.
      const ratios = (times[0] ?? []).map((value, i) => value / (times[1]?.[i] ?? value))
      const [without = 0, with_ = 0] = times.map(median)
      const [cpu = 0, cpuWith = 0] = spent.map(median)
      rows.push(
        `| ${what} | ${without.toFixed(2)} | ${with_.toFixed(2)} | ${median(ratios).toFixed(2)} | ${cpu.toFixed(2)} s | ${cpuWith.toFixed(2)} s |`,
      )
    }
    await measured('1 M rows, seconds', (endpoint) => bulkSeconds.run(endpoint, false))
    await measured('1 M rows, one column masked, seconds', (endpoint) =>
      bulkSeconds.run(endpoint, true),
    )
    const program = pgbenchProgram()
    if (program !== undefined) {
      await filled(program, direct, 1)
      for (const clients of [1, 8]) {
        await measured(
          `point selects, ${clients} clients, seconds for 10,000`,
          async (endpoint) => {
            const rate = await selectRate(program, endpoint, { mode: 'simple', clients, seconds })
            return 10_000 / rate
          },
        )
      }
    }
    const sealed = bytesIn(join(recording.directory, 'recordings'))
    return [
      '| what | not recorded | recorded | throughput recorded / not | CPU of the gateway | CPU recording |',
      '|---|---|---|---|---|---|',
      ...rows,
      '',
      `${(sealed / 1e6).toFixed(0)} MB of sealed recordings on the disk.`,
      '',
    ].join('\n')
  } finally {
    await plain.stop()
    await recording.stop()
    await server.stop()
  }
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}
