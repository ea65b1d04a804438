// What masking at the source costs the target: the queries of TPC-H, TPC-DS and the Join Order Benchmark,
// each as it is and rewritten, in turns, over data on people that is masked. Planning and running as
// EXPLAIN tells them; no gateway is between.
import pg from 'pg'
import { labelled } from '../../engine/facts/postgres/labels.js'
import { createReader } from '../../engine/facts/postgres/read.js'
import { spliced } from '../../engine/facts/postgres/splice.js'
import { loadCatalogue } from '../../proxy/targets/catalogue.js'
import {
  BENCHMARKS,
  benchmarks,
  filled,
  labelRules,
  queriesOf,
  type Benchmark,
} from '../corpora/benchmarks.js'
import { missingPostgres, startPostgres } from '../peers/postgres.js'
import { median } from './median.js'

const NAMES = { searchPath: ['pg_catalog', 'public'], role: 'postgres' }
const SLOW_RATIO = 1.5
// What runs shorter says nothing about a ratio.
const RUN_MS_MIN = 0.5

type Spent = { readonly planning: number; readonly running: number }

type Pair = { readonly name: string; readonly plain: Spent; readonly rewritten: Spent }

export async function rewrittenTimes(rounds: number): Promise<string> {
  const corpus = await benchmarks()
  if ('missing' in corpus) return `${corpus.missing}\n`
  const server = await startPostgres({
    kind: missingPostgres('embedded') === false ? 'embedded' : 'debian',
    config: { shared_buffers: '256MB', jit: 'off', max_parallel_workers_per_gather: '0' },
  })
  const { host, port, superuser: user, password } = server
  const connected = async (database: string): Promise<pg.Client> => {
    const client = new pg.Client({ host, port, user, password, database })
    await client.connect()
    return client
  }
  const lines = [
    '| rewritten against as it is | queries | planning, median (ms) | running, median (ms) | ratio of planning | ratio of running |',
    '|---|---|---|---|---|---|',
  ]
  const slow: string[] = []
  try {
    const first = await connected('postgres')
    for (const benchmark of BENCHMARKS) {
      await first.query(`CREATE DATABASE ${benchmark}`)
      const client = await connected(benchmark)
      await filled(client, corpus.folder, benchmark)
      if (benchmark === 'tpcds') await client.query('SET enable_nestloop = off')
      const pairs = await measured(client, corpus.folder, benchmark, rounds)
      await client.end()
      lines.push(lineOf(benchmark, pairs))
      slow.push(...pairs.flatMap(slower))
    }
    await first.end()
  } finally {
    await server.stop()
  }
  return [...lines, '', ...slow, '', ''].join('\n')
}

async function measured(
  client: pg.Client,
  folder: string,
  benchmark: Benchmark,
  rounds: number,
): Promise<readonly Pair[]> {
  const types = { getTypeParser: () => (cell: string | Buffer) => String(cell) }
  const rows = async (sql: string) =>
    (await client.query<(string | null)[]>({ text: sql, rowMode: 'array', types })).rows
  const catalogue = labelled(await loadCatalogue(rows, new Map()), labelRules(benchmark))
  const reader = await createReader()
  const read = (text: string) => {
    const reading = reader.read(text, catalogue, NAMES)
    if (reading instanceof Promise) throw new Error('read elsewhere')
    return reading
  }
  const parts = { catalogue, names: NAMES, masks: [MASK], read }
  const pairs: Pair[] = []
  for (const { name, sql } of queriesOf(folder, benchmark)) {
    const made = spliced(sql, parts)
    if ('refused' in made) continue
    const plain: Spent[] = []
    const rewritten: Spent[] = []
    for (let round = 0; round <= rounds; round++) {
      const both = [await spent(client, sql), await spent(client, made.text)] as const
      if (round === 0) continue
      plain.push(both[0])
      rewritten.push(both[1])
    }
    pairs.push({ name, plain: middle(plain), rewritten: middle(rewritten) })
  }
  return pairs
}

const MASK = { match: 'label:pii', method: 'redact' } as const

async function spent(client: pg.Client, sql: string): Promise<Spent> {
  const { rows } = await client.query<{ 'QUERY PLAN': readonly Record<string, unknown>[] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, SUMMARY, FORMAT json) ${sql}`,
  )
  const told = rows[0]?.['QUERY PLAN'][0] ?? {}
  return { planning: Number(told['Planning Time']), running: Number(told['Execution Time']) }
}

function middle(all: readonly Spent[]): Spent {
  return {
    planning: median(all.map(({ planning }) => planning)),
    running: median(all.map(({ running }) => running)),
  }
}

function lineOf(benchmark: Benchmark, pairs: readonly Pair[]): string {
  const of = (pick: (pair: Pair) => number): string => median(pairs.map(pick)).toFixed(2)
  return [
    `| ${benchmark}`,
    pairs.length,
    `${of(({ plain }) => plain.planning)} → ${of(({ rewritten }) => rewritten.planning)}`,
    `${of(({ plain }) => plain.running)} → ${of(({ rewritten }) => rewritten.running)}`,
    of(({ plain, rewritten }) => rewritten.planning / plain.planning),
    `${of(({ plain, rewritten }) => rewritten.running / plain.running)} |`,
  ].join(' | ')
}

function slower({ name, plain, rewritten }: Pair): readonly string[] {
  const ratio = rewritten.running / plain.running
  if (ratio <= SLOW_RATIO || rewritten.running < RUN_MS_MIN) return []
  return [
    `${name}: ${plain.running.toFixed(2)} → ${rewritten.running.toFixed(2)} ms (${ratio.toFixed(1)})`,
  ]
}
