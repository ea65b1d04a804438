// The tier `output`, as an oracle: a query has as many rows as on the true values, in their order, and each
// field is the true one or masked. What cannot be answered so is refused.
import type { Test } from 'tap'
import { told, type Told, type Way } from './answers.js'
import { startArena } from './arena.js'
import { madeQuery } from './queries.js'
import { CANARY } from './worlds.js'

const REPORTED = 5
const REPORTED_CHARACTERS = 1500
const MASKED = /^\*{1,4}/

export async function answersOpenly(
  t: Test,
  many: number,
  seeds: number,
  ways: readonly Way[],
): Promise<void> {
  const arena = await startArena('output')
  t.teardown(() => arena.stop())
  const asking = await arena.client('one')
  const knowing = await arena.truth()
  const wrong: string[] = []
  let answered = 0
  for (let seed = seeds; seed < seeds + many; seed++) {
    const made = madeQuery(seed)
    const way = ways[seed % ways.length] ?? 'simple'
    const truth = await told(knowing, made, way)
    const ours = await told(asking, made, way)
    if ('rows' in ours && 'rows' in truth) answered++
    const seen = JSON.stringify(ours)
    if (CANARY.test(seen) || !isTrueOrMasked(ours, truth, made.ordered))
      wrong.push(`${seed} ${way}: ${made.sql}\n${seen}\n${JSON.stringify(truth)}`)
  }
  t.strictSame(
    wrong.slice(0, REPORTED).map((text) => text.slice(0, REPORTED_CHARACTERS)),
    [],
    'each answer is true or masked',
  )
  t.ok(answered * 100 >= many * 75, `${answered} of ${many} answered with rows`)
  t.notMatch(arena.log(), CANARY, 'no protected value is in the log')
}

function isTrueOrMasked(ours: Told, truth: Told, ordered: boolean): boolean {
  if ('code' in ours) return ours.code === '42501' || ('code' in truth && ours.code === truth.code)
  if ('code' in truth || ours.rows.length !== truth.rows.length) return false
  // Rows without an order were sorted by what they hold.
  return (
    !ordered || ours.rows.every((row, at) => isRow(fields(row), fields(truth.rows[at] ?? '[]')))
  )
}

function isRow(ours: readonly unknown[], truth: readonly unknown[]): boolean {
  return ours.every(
    (field, at) => field === truth[at] || field === null || MASKED.test(String(field)),
  )
}

function fields(row: string): readonly unknown[] {
  return JSON.parse(row) as readonly unknown[]
}
