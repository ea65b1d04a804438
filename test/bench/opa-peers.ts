// OPA itself as a peer: in its own process (`opa bench`), as a server on loopback over one kept
// connection, and as a program started anew for each decision (`opa eval`).
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import type { PolicyFolder } from '../../proxy/policies/folder.js'
import { ran } from '../../proxy/policies/opa.js'
import { freePort } from '../peers/gateway-config.js'

// Microseconds.
export type Times = { readonly p50: number; readonly p99: number }

const QUERY = 'data.sallyport.main.decision'
const OPA_MS = 120_000
const READY_MS = 30_000
const REQUESTS = 2_000
const STARTS = 5

export async function opaInProcess(
  opa: string,
  folder: PolicyFolder,
  facts: unknown,
): Promise<Times> {
  await writeFile(join(folder.root, 'facts.json'), JSON.stringify(facts))
  const args = ['bench', '--metrics', '--format', 'json', '-i', 'facts.json', ...sources(folder)]
  const said = JSON.parse(
    await ran(opa, [...args, QUERY], { timeoutMs: OPA_MS, cwd: folder.root }),
  ) as { readonly Extra: Readonly<Record<string, number>> }
  const at = (name: string): number =>
    (said.Extra[`histogram_timer_rego_query_eval_ns_${name}`] ?? Number.NaN) / 1000
  return { p50: at('median'), p99: at('99%') }
}

export async function opaServer(opa: string, folder: PolicyFolder, facts: unknown): Promise<Times> {
  const port = await freePort()
  const ignored = folder.opaIgnore.flatMap((pattern) => ['--ignore', pattern])
  const args = ['run', '--server', '--addr', `127.0.0.1:${port}`, '--log-level', 'error']
  const child = spawn(opa, [...args, ...ignored, ...folder.opaPaths], {
    cwd: folder.root,
    stdio: 'ignore',
  })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const body = JSON.stringify({ input: facts })
  try {
    const until = Date.now() + READY_MS
    while (!(await answered(agent, port, body).catch(() => false))) {
      if (Date.now() > until) throw new Error('OPA’s server does not answer')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    for (let at = 0; at < REQUESTS / 4; at++) await answered(agent, port, body)
    const times: number[] = []
    for (let at = 0; at < REQUESTS; at++) {
      const started = process.hrtime.bigint()
      await answered(agent, port, body)
      times.push(Number(process.hrtime.bigint() - started) / 1000)
    }
    return percentiles(times)
  } finally {
    agent.destroy()
    child.kill()
  }
}

function answered(agent: Agent, port: number, body: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        agent,
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/v1/data/sallyport/main/decision',
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        let text = ''
        response.on('data', (part: Buffer) => (text += part.toString('utf8')))
        response.on('end', () => resolve(text.includes('"action"')))
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

// Milliseconds of a start, the median of some.
export async function opaEval(opa: string, folder: PolicyFolder, facts: unknown): Promise<number> {
  await writeFile(join(folder.root, 'facts.json'), JSON.stringify(facts))
  const times: number[] = []
  for (let at = 0; at < STARTS; at++) {
    const started = process.hrtime.bigint()
    const args = ['eval', '-f', 'raw', '-i', 'facts.json', ...sources(folder), QUERY]
    await ran(opa, args, { timeoutMs: OPA_MS, cwd: folder.root })
    times.push(Number(process.hrtime.bigint() - started) / 1e6)
  }
  return percentiles(times).p50
}

function sources({ opaPaths, opaIgnore }: PolicyFolder): readonly string[] {
  return [
    ...opaIgnore.flatMap((pattern) => ['--ignore', pattern]),
    ...opaPaths.flatMap((path) => ['-d', path]),
  ]
}

export function percentiles(times: readonly number[]): Times {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}
