// How fast a long record is searched: `npm run bench -- --search [RECORDS]`. The record is made by the real
// recorder; a million commands take 800 MB on the disk while it runs, and the index beside it 250 MB.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { caughtUp, openDesk, type Desk } from '../../proxy/search/desk.js'
import { createRecordSource } from '../../proxy/search/record-source.js'
import { generatedRecord } from '../proxy/search/generated-record.js'

// As people ask; the last ones are as bad as they come.
export const QUESTIONS = [
  'column:customers.ssn env:prod since:2026-01-01 until:2026-04-01',
  'person:agent-1',
  'person:agent-* action:deny target:shop',
  'rule:destructive/* since:2026-09-01',
  'approval:denied approver:reviewer-1',
  'incident:*',
  'label:pii -kind:human ran:yes',
  'object:salaries op:drop',
  '"fraud" env:prod',
  'refund*',
  '"where id = 19999"',
  'saw:ssn rows:>1000',
  'result:failed person:agent-4',
  'session:1-5*',
  'select person:human-0',
  'region customers person:pipeline-2',
  'select -customers rows:>4990 env:dev',
  'rows:>4998 person:human-33 tag:tier=silver',
] as const

const GROUPED = [
  ['column:customers.ssn env:prod since:2026-01-01 until:2026-04-01', 'person'],
  ['action:deny', 'rule'],
  ['kind:agent', 'object'],
  ['', 'target'],
] as const

const WARM_ROUNDS = 10

export async function searchTimes(records: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-search-'))
  const opened = (): Desk =>
    openDesk({
      directory,
      file: join(directory, 'search.sqlite'),
      source: () => createRecordSource(directory),
      now: Date.now,
      elapsed: () => performance.now(),
    })
  try {
    await generatedRecord({ directory, commands: records })
    const cpu = process.cpuUsage()
    const started = performance.now()
    const building = opened()
    caughtUp(building)
    const { user, system } = process.cpuUsage(cpu)
    const seconds = (performance.now() - started) / 1000
    const { lines } = building.status()
    building.close()
    // Cold: each question is the first that a process asks, the disk's cache aside.
    const cold = QUESTIONS.map((question) => {
      const desk = opened()
      const took = timed(() => desk.search({ question }))
      desk.close()
      return took
    })
    const desk = opened()
    const spent: number[] = []
    const warm: { question: string; times: number[]; found: number }[] = []
    for (const question of QUESTIONS) {
      const times: number[] = []
      let found = 0
      for (let round = 0; round < WARM_ROUNDS; round += 1) {
        times.push(timed(() => (found = desk.search({ question }).total_at_least), spent))
      }
      warm.push({ question, times, found })
    }
    const sums = GROUPED.map(([question, by]) => {
      const times = Array.from({ length: WARM_ROUNDS }, () =>
        timed(() => desk.grouped({ question, by })),
      )
      return `| ${question === '' ? 'everything' : `\`${question}\``} by ${by} | ${quantile(times, 0.5)} | ${quantile(times, 0.95)} | |`
    })
    desk.close()
    const all = warm.flatMap(({ times }) => times)
    const [record, index] = await sizes(directory)
    return [
      `| ${records.toLocaleString('en')} recorded commands (${record} MB) searched, ms | p50 | p95 | found |`,
      '|---|---|---|---|',
      ...warm.map(
        ({ question, times, found }) =>
          `| \`${question}\` | ${quantile(times, 0.5)} | ${quantile(times, 0.95)} | ${found}${found >= 1_000 ? '+' : ''} |`,
      ),
      `| **all ${QUESTIONS.length}, warm** | ${quantile(all, 0.5)} | ${quantile(all, 0.95)} | |`,
      `| **all, warm, CPU time** | ${quantile(spent, 0.5)} | ${quantile(spent, 0.95)} | |`,
      `| **all, cold** | ${quantile(cold, 0.5)} | ${quantile(cold, 0.95)} | |`,
      ...sums,
      '',
      `The index: ${index} MB, made in ${seconds.toFixed(0)} s (${Math.round(lines / seconds).toLocaleString('en')} lines/s, ` +
        `${(((user + system) / lines) * 1).toFixed(0)} µs CPU a line).`,
      '',
      '',
    ].join('\n')
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

// Milliseconds by the clock; what they took of a core goes to `spent`.
function timed(work: () => unknown, spent: number[] = []): number {
  const started = performance.now()
  const cpu = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(cpu)
  spent.push((user + system) / 1_000)
  return performance.now() - started
}

function quantile(times: readonly number[], share: number): string {
  const sorted = [...times].sort((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
}

async function sizes(directory: string): Promise<readonly [number, number]> {
  let [record, index] = [0, 0]
  for (const name of await readdir(directory)) {
    // SQLite’s own files beside it come and go.
    const { size } = await stat(join(directory, name)).catch(() => ({ size: 0 }))
    if (name.endsWith('.jsonl')) record += size
    if (name.startsWith('search.sqlite')) index += size
  }
  return [Math.round(record / 1e6), Math.round(index / 1e6)]
}
