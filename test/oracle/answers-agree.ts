// What masking means, as an oracle: the gateway's answer to any query is the answer of the same query on a
// database whose protected values had been replaced; and two worlds that differ in protected values alone
// tell the same, byte for byte.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { caught } from '../../proxy/protocols/postgres/net.js'
import { startArena, type HiddenRows } from './arena.js'
import { told, type Told, type Way } from './answers.js'
import { madeQuery } from './queries.js'
import { CANARY, type Methods } from './worlds.js'

// SALLYPORT_ORACLE=n asks n times as many.
const TIMES = Number(process.env['SALLYPORT_ORACLE'] ?? 1)
// The other world is asked this often: what it finds is seldom, and each question costs a reading.
const OTHER_EVERY = 5
const REPORTED = 5
const REPORTED_CHARACTERS = 1500
const SLOW = '57014'

/** So many queries, each asked in one of the ways in turn; other seeds, other queries. */
export async function answersAgree(
  t: Test,
  many: number,
  seeds: number,
  ways: readonly Way[],
  methods: Methods = 'redact',
  hidden?: HiddenRows,
  // Functions and parts of whole rows in the queries.
  more = false,
): Promise<void> {
  const queries = many * TIMES
  const arena = await startArena(methods, hidden)
  t.teardown(() => arena.stop())
  const one = await arena.client('one')
  const other = await arena.client('other')
  const masked = await arena.client('masked')
  const notices: Record<'one' | 'other', string[]> = { one: [], other: [] }
  one.on('notice', (notice) => notices.one.push(JSON.stringify(notice)))
  other.on('notice', (notice) => notices.other.push(JSON.stringify(notice)))
  const wrong: string[] = []
  const unequal: string[] = []
  const count = { answered: 0, failed: 0, refused: 0, slow: 0 }
  for (let seed = seeds; seed < seeds + queries; seed++) {
    const made = madeQuery(seed, more)
    const way = ways[seed % ways.length] ?? 'simple'
    const expected = await told(masked, made, way)
    const ours = isSlow(expected) ? expected : await told(one, made, way)
    if (isSlow(ours)) {
      count.slow++
      continue
    }
    const report = `${seed} ${way}: ${made.sql}\n${shown(ours)}`
    if (sameAnswer(ours, expected, made.ordered)) count['rows' in ours ? 'answered' : 'failed']++
    else if (isRefusal(ours)) count.refused++
    else wrong.push(`${report}\n${shown(expected)}`)
    if (CANARY.test(shown(ours))) wrong.push(report)
    // What other methods leave of a value differs between the worlds.
    if (seed % OTHER_EVERY !== 0 || methods !== 'redact') continue
    const theirs = await told(other, made, way)
    if (shown(theirs) !== shown(ours)) unequal.push(`${report}\n${shown(theirs)}`)
  }
  t.comment(JSON.stringify(count))
  t.strictSame(reported(wrong), [], 'each answer is the masked world’s')
  t.strictSame(reported(unequal), [], 'the worlds cannot be told apart')
  // A call that no query can stand in for is refused.
  const refusedMax = more ? 12 : 1
  t.ok(count.refused * 100 <= queries * refusedMax, `${count.refused} of ${queries} refused`)
  t.ok(count.slow * 100 <= queries, `${count.slow} took too long`)
  t.ok(count.answered * 100 >= queries * (more ? 80 : 90), `${count.answered} answered with rows`)
  t.notMatch(notices.one.concat(notices.other).join('\n'), CANARY)
  t.notMatch(arena.log(), CANARY, 'no protected value is in the log')
  for (const file of readdirSync(arena.recordDirectory))
    if (file.endsWith('.jsonl'))
      t.notMatch(readFileSync(join(arena.recordDirectory, file), 'utf8'), CANARY, file)
}

function reported(found: readonly string[]): readonly string[] {
  return found.slice(0, REPORTED).map((text) => text.slice(0, REPORTED_CHARACTERS))
}

function isSlow(answer: Told): boolean {
  return 'code' in answer && answer.code === SLOW
}

function sameAnswer(ours: Told, expected: Told, ordered: boolean): boolean {
  if ('code' in ours) return 'code' in expected && ours.code === expected.code
  if ('code' in expected) return false
  return shown(ours) === shown(expected) || shown(ours) === shown(throughNet(expected, ordered))
}

// A hash with a date behind it may look like a card number: the last net takes it for one.
function throughNet({ rows, columns }: Extract<Told, { rows: unknown }>, ordered: boolean): Told {
  const caughtRows = rows.map((row) => {
    const bytes = Buffer.from(row)
    caught(bytes, 0, bytes.length, NET)
    return bytes.toString()
  })
  return { rows: ordered ? caughtRows : caughtRows.sort(), columns }
}

const NET = (['ssn', 'card', 'email', 'iban'] as const).map((pattern) => ({
  pattern,
  mask: { match: `pattern:${pattern}`, method: 'redact' } as const,
}))

// By the gateway itself, which says so.
function isRefusal(answer: Told): boolean {
  return 'code' in answer && (answer.code === '42501' || answer.code === '0A000')
}

function shown(answer: Told): string {
  return JSON.stringify(answer)
}
