// The decision alone, in process: the shipped policies in Wasm with more and more rules and data, evaluated
// anew each time, beside OPA itself in three ways on the same sources and the same facts.
import { rm } from 'node:fs/promises'
import { findOpa } from '../../proxy/policies/opa.js'
import { buildBundle } from '../../proxy/policies/build.js'
import { policyFolder } from '../../proxy/policies/folder.js'
import { policyOf } from '../../engine/policy/bundle.js'
import type { Facts } from '../../engine/schemas/facts.js'
import { SMOKE_FACTS } from '../../engine/policy/smoke-facts.js'
import { TOOL_CACHE } from '../peers/gateway-config.js'
import { generatedFolder, type Load } from './generated-rules.js'
import { opaEval, opaInProcess, opaServer, percentiles, type Times } from './opa-peers.js'

const FUEL = 5_000_000
const WARM_MS = 1_500
const MEASURED_MS = 2_000
const LOADS: readonly Load[] = [
  { rules: 10, dataBytes: 0 },
  { rules: 100, dataBytes: 0 },
  { rules: 1_000, dataBytes: 0 },
  { rules: 1_000, dataBytes: 1_000_000 },
]

export async function decisionTimes(): Promise<string> {
  const opa = await findOpa({ env: process.env, cache: TOOL_CACHE, progress: () => undefined })
  const facts = SMOKE_FACTS.at(-1)
  if (facts === undefined) throw new Error('there are no smoke facts')
  const rows: string[] = []
  for (const load of LOADS) rows.push(await rowFor(opa.path, load, facts))
  return [
    '| a decision, µs (p50 / p99) | in Wasm, first after activation | in Wasm, warm | OPA in process | OPA on loopback | `opa eval`, a start |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '',
  ].join('\n')
}

async function rowFor(opa: string, load: Load, facts: Facts): Promise<string> {
  const root = await generatedFolder(load)
  try {
    const bytes = await buildBundle({ opa, folder: root })
    const policy = await policyOf(bytes, { id: 1, fuel: FUEL })
    const first = timed(() => policy.decide(facts, 'decision'))
    during(WARM_MS, () => policy.decide(facts, 'decision'))
    const warm = percentiles(during(MEASURED_MS, () => policy.decide(facts, 'decision')))
    const folder = await policyFolder(root)
    const inProcess = await opaInProcess(opa, folder, facts)
    const server = await opaServer(opa, folder, facts)
    const start = await opaEval(opa, folder, facts)
    const data = load.dataBytes > 0 ? ', 1 MB of data' : ''
    const cells = [first.toFixed(0), shown(warm), shown(inProcess), shown(server)]
    return `| the library and ${load.rules} rules${data} | ${cells.join(' | ')} | ${start.toFixed(0)} ms |`
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

function shown({ p50, p99 }: Times): string {
  const digits = (value: number): string => value.toFixed(value < 100 ? 1 : 0)
  return `${digits(p50)} / ${digits(p99)}`
}

function during(ms: number, work: () => void): readonly number[] {
  const times: number[] = []
  const until = process.hrtime.bigint() + BigInt(ms) * 1_000_000n
  while (process.hrtime.bigint() < until) times.push(timed(work))
  return times
}

function timed(work: () => void): number {
  const started = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - started) / 1000
}
