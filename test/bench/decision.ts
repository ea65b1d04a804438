// The decision alone, in process: the shipped policies in Wasm, evaluated anew each time, for the plainest
// command and for one that the caches have never seen.
import { findOpa } from '../../proxy/policies/opa.js'
import { buildBundle } from '../../proxy/policies/build.js'
import { policyOf } from '../../engine/policy/bundle.js'
import { SMOKE_FACTS } from '../../engine/policy/smoke-facts.js'
import { join } from 'node:path'
import { REPOSITORY, TOOL_CACHE } from '../peers/gateway-config.js'

const WARM = 20_000

export async function decisionTimes(): Promise<string> {
  const opa = await findOpa({ env: process.env, cache: TOOL_CACHE, progress: () => undefined })
  const bytes = await buildBundle({ opa: opa.path, folder: join(REPOSITORY, 'rego') })
  const policy = await policyOf(bytes, { id: 1, fuel: 5_000_000 })
  const facts = SMOKE_FACTS.at(-1)
  if (facts === undefined) throw new Error('there are no smoke facts')
  const cold = timed(() => policy.decide(facts, 'decision'))
  for (let at = 0; at < WARM; at++) policy.decide(facts, 'decision')
  const warm = Array.from({ length: WARM }, () =>
    timed(() => policy.decide(facts, 'decision')),
  ).sort((a, b) => a - b)
  const at = (part: number): string => (warm[Math.floor(part * (WARM - 1))] ?? 0).toFixed(1)
  return [
    '| a decision, evaluated in Wasm | µs |',
    '|---|---|',
    `| warm, p50 | ${at(0.5)} |`,
    `| warm, p99 | ${at(0.99)} |`,
    `| the first after start | ${cold.toFixed(0)} |`,
    '',
    '',
  ].join('\n')
}

function timed(work: () => void): number {
  const started = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - started) / 1000
}
