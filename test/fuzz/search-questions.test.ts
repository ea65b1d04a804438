// Questions by chance: the reader of questions answers each with a question or with a place within it, and whatever
// it lets through the index answers without a mistake.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { GatewayError } from '../../proxy/errors.js'
import { FIELDS } from '../../proxy/search/fields.js'
import { parseQuery } from '../../proxy/search/query.js'
import { generatedRecord, randomOf } from '../proxy/search/generated-record.js'
import { deskOf } from '../proxy/search/sample-desk.js'

const ROUNDS = Number(process.env['SALLYPORT_FUZZ'] ?? '100000')
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? '7')
// Of those that are read, so many are asked.
const ASKED_EVERY = 50

const PIECES = [
  ...Object.keys(FIELDS).flatMap((name) => [`${name}:`, `-${name}:`]),
  ...[' ', ' ', ' ', '"', '""', ',', '*', '-', ':', '\\', '\\"', '(', ')', '[', ']', '?', '^', '{'],
  ...['a', 'select', 'OR', 'AND', 'NOT', 'NEAR(', 'ssn', 'customers.ssn', 'agent-1', 'prod', 'x*'],
  ...[
    'allow',
    'yes',
    'read',
    '>',
    '<=',
    '5',
    '2026-01-01',
    '7d',
    "'",
    "'; drop table commands; --",
  ],
  ...[
    '\u0000',
    '\n',
    '\ufeff',
    '\u202e',
    '\ud800',
    '\udc00',
    '😀',
    'ß',
    'İ',
    'é',
    '％',
    'a'.repeat(300),
  ],
]

t.test(
  'every question is read or refused with a place, and what is read is answered',
  async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-questions-'))
    t.teardown(() => rmSync(directory, { recursive: true, force: true }))
    await generatedRecord({ directory, commands: 300, seed: 2, people: 9, each: 30 })
    const desk = deskOf(t, directory)
    const random = randomOf(SEED)
    let read = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      let text = ''
      for (let n = random(12); n >= 0; n -= 1) text += PIECES[random(PIECES.length)] ?? ''
      const { query, problem } = parseQuery(text, 1_790_000_000_000)
      if (problem !== undefined) {
        const isWithin = problem.at >= 0 && problem.at <= text.length && problem.length > 0
        if (!isWithin || problem.what === '') t.fail(`${JSON.stringify(text)}: ${problem.at}`)
        continue
      }
      read += 1
      if (query === undefined || read % ASKED_EVERY !== 0) continue
      try {
        const { hits, total_at_least: total } = desk.search({ question: text, limit: 5 })
        if (hits.length > total) t.fail(text)
        desk.grouped({ question: text, by: 'person' })
        desk.sessions({ question: text, limit: 5 })
      } catch (problem) {
        if (!(problem instanceof GatewayError) || problem.code !== 'usage') {
          t.fail(`${JSON.stringify(text)}: ${String(problem)}`)
        }
      }
    }
    t.ok(read > ROUNDS / 50, `${read} were read`)
  },
)
