// How fast a record is decided again: `npm run bench -- --backtest [RECORDS]`. The record is made by the real
// recorder; a million commands take 800 MB on the disk while it runs. Three policies: the one that decided,
// one that differs for every third command, and one that tells every record apart, so that none is met twice.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { policyOf } from '../../engine/policy/bundle.js'
import type { Policy } from '../../engine/policy/policy.js'
import { backtest } from '../../proxy/policies/backtest/backtest.js'
import { buildBundle } from '../../proxy/policies/build.js'
import { findOpa } from '../../proxy/policies/opa.js'
import { REPOSITORY, TOOL_CACHE } from '../peers/gateway-config.js'
import { syntheticRecord } from '../proxy/policies/backtest/synthetic-record.js'

export async function backtestTimes(records: number): Promise<string> {
  const opa = await findOpa({ env: process.env, cache: TOOL_CACHE, progress: () => undefined })
  const bytes = await buildBundle({ opa: opa.path, folder: join(REPOSITORY, 'rego') })
  const policy = await policyOf(bytes, { id: 1, fuel: 5_000_000 })
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-backtest-'))
  try {
    await syntheticRecord({ directory, commands: records, policy })
    const rows: string[] = []
    for (const [name, other] of [
      ['the policy that decided', policy],
      ['one that denies every UPDATE and DELETE', denying(policy)],
      ['one that reads each command’s digest', { ...policy, reads: undefined }],
    ] as const) {
      const started = process.hrtime.bigint()
      const cpu = process.cpuUsage()
      const { comparison } = await backtest({ records: directory, policy: other })
      const seconds = Number(process.hrtime.bigint() - started) / 1e9
      const { user, system } = process.cpuUsage(cpu)
      rows.push(
        `| ${name} | ${seconds.toFixed(1)} s | ${((user + system) / 1e6).toFixed(1)} s | ` +
          `${Math.round(records / seconds).toLocaleString('en')} | ` +
          `${comparison.evaluated.toLocaleString('en')} | ${comparison.flips.toLocaleString('en')} | ` +
          `${Math.round(process.memoryUsage().rss / 1e6)} MB |`,
      )
    }
    const size = Math.round((await sizeOf(directory)) / 1e6)
    return [
      `| ${records.toLocaleString('en')} recorded commands (${size} MB) decided again under | time | CPU | commands/s | evaluated | flips | memory |`,
      '|---|---|---|---|---|---|---|',
      ...rows,
      '',
      '',
    ].join('\n')
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function denying(policy: Policy): Policy {
  return {
    ...policy,
    decide(facts, entrypoint) {
      const ops = facts.command?.effects.map(({ op }) => op) ?? []
      if (!ops.includes('update') && !ops.includes('delete')) {
        return policy.decide(facts, entrypoint)
      }
      const rules = [{ id: 'bench/denied', message: 'denied' }]
      return { action: 'deny', rules, masks: [], limits: {} }
    },
  }
}

async function sizeOf(directory: string): Promise<number> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl'))
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
