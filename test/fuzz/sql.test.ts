// A hundred thousand broken, spliced and odd SQL texts: each is read without a throw, in bounded time,
// into facts that fit their schema. SALLYPORT_FUZZ=n multiplies the inputs.
import { Ajv } from 'ajv'
import t from 'tap'
import { createReader } from '../../engine/facts/postgres/read.js'
import { effectSchema, flowSchema, unreadSchema } from '../../engine/schemas/facts.js'
import { NAMES, createLab, fixture } from '../engine/facts/postgres/lab.js'
import { chance } from './chance.js'
import type { Chance } from './chance.js'

const INPUTS = 100_000 * Number(process.env['SALLYPORT_FUZZ'] ?? '1')
const SLOW_MS = 1_000

const seeds = ['statements.json', 'narrowing.json'].flatMap((name) =>
  (JSON.parse(fixture(name)) as readonly { readonly sql: string }[]).map(({ sql }) => sql),
)
const words = [...new Set(seeds.flatMap((sql) => sql.split(/\b/)))]
const odd = [
  '\0',
  '\u00a0',
  '\ufeff',
  '\ud800',
  'é',
  '💥',
  "'",
  '"',
  '$$',
  '$x$',
  '--',
  '/*',
  '*/',
  '\\',
  "E'\\'",
  "U&'\\0061'",
  '::',
  ';',
  '(',
  ')',
  '[1:2]',
  '.*',
  '%',
  '1e400',
  '99999999999999999999',
  '0x7fffffff',
  'NULL',
  '@',
  '#',
  '=>',
  ':=',
]

function mutated(sql: string, { below, pick }: Chance): string {
  const parts = sql.split(/\b/)
  const at = below(parts.length)
  const other = pick(seeds)
  switch (below(9)) {
    case 0:
      parts.splice(at, 1 + below(3))
      break
    case 1:
      parts.splice(at, 0, pick(words), ' ')
      break
    case 2:
      parts[at] = pick(words)
      break
    case 3:
      parts.splice(at, 0, ` ${pick(odd)} `)
      break
    case 4:
      return `${sql}; ${other}`
    case 5:
      return `WITH x AS (${sql}) ${other}`
    case 6:
      return `EXPLAIN ANALYZE ${sql}`
    case 7:
      return sql.slice(0, below(sql.length + 1)) + other.slice(below(other.length))
    default:
      return sql.replace(/\bFROM (\w+)/, (_, name: string) => `FROM (SELECT * FROM ${name}) x`)
  }
  return parts.join('')
}

// Long on a busy machine: what counts is the time that reading itself takes.
t.setTimeout(20 * 60_000)

t.test('no text makes reading fail, hang or answer out of its schema', async (t) => {
  const lab = await createLab()
  const reader = await createReader()
  const ajv = new Ajv({ allowUnionTypes: true })
  const list = (items: object) => ajv.compile({ type: 'array', items })
  const effects = list(effectSchema)
  const flows = list(flowSchema)
  const unread = list(unreadSchema)
  const random = chance(20261124)
  let slowest = 0
  let read = 0
  for (let n = 0; n < INPUTS; n += 1) {
    let sql = mutated(random.pick(seeds), random)
    while (random.below(3) === 0) sql = mutated(sql, random)
    const before = process.cpuUsage()
    const reading = await reader.read(sql, lab.catalogue, NAMES)
    slowest = Math.max(slowest, process.cpuUsage(before).user / 1000)
    for (const { command } of reading.statements) {
      read += 1
      const fits = effects(command.effects) && flows(command.flows) && unread(command.unread)
      if (!fits) t.fail(sql)
      const failed = command.unread.some(({ detail }) => detail === 'reading failed')
      if (failed) t.fail(`reading failed: ${sql}`)
    }
  }
  t.ok(read > INPUTS / 2, 'most texts give statements')
  t.ok(slowest < SLOW_MS, `the slowest took ${Math.round(slowest)} ms`)
})
