// Logs of targets are written by a program that others can make say much: whatever the bytes are, the readers
// end, hold little, and give entries or words; and what PostgreSQL would write comes back as it was.
import t from 'tap'
import { csvEntries } from '../../proxy/recording/reconciling/csv-log.js'
import { jsonEntries } from '../../proxy/recording/reconciling/json-log.js'
import type {
  LogEntry,
  LogReader,
  Unreadable,
} from '../../proxy/recording/reconciling/log-entry.js'
import { logTimeMs } from '../../proxy/recording/reconciling/log-entry.js'
import { loggedIn } from '../../proxy/recording/reconciling/logged-statements.js'
import { commandsIn, isSameText } from '../../proxy/recording/reconciling/same-text.js'
import { stderrReader } from '../../proxy/recording/reconciling/stderr-log.js'
import { chance, type Chance } from './chance.js'

const INPUTS = Number(process.env['SALLYPORT_FUZZ'] ?? '20000')
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? '11')
const PREFIX = '%m [%c] %q%u@%d/%a '

const WORDS = [
  '"',
  '""',
  ',',
  '\n',
  '\r\n',
  '\t',
  '\\',
  "'",
  '{',
  '}',
  ':',
  'LOG:  ',
  'ERROR:  ',
  'statement: ',
  'execute a/b: ',
  'AUDIT: SESSION,1,1,READ,SELECT,,,"x",<none>',
  '2026-11-24 10:00:00.1 UTC',
  '[',
  ']',
  '🙂',
  '\u0000',
  'é',
  '-- x\n',
  '/* */',
  ';',
  '…',
]
const text = (random: Chance, most = 12): string =>
  Array.from({ length: random.below(most) }, () => random.pick([...WORDS, 'SELECT 1', ' '])).join(
    '',
  )

// In pieces of any length, as streams give them.
async function* pieces(whole: string, random: Chance): AsyncGenerator<string> {
  for (let at = 0; at < whole.length;) {
    const length = 1 + random.below(40)
    yield whole.slice(at, at + length)
    at += length
  }
}

async function all(reader: LogReader, whole: string, random: Chance) {
  const found: (LogEntry | Unreadable)[] = []
  for await (const entry of reader(pieces(whole, random))) found.push(entry)
  return found
}

const quoted = (value: string): string => (value === '' ? '' : `"${value.replaceAll('"', '""')}"`)

t.setTimeout(300_000)

t.test('any bytes: entries or words, and an end', async (t) => {
  const random = chance(SEED)
  const readers = [csvEntries, jsonEntries, stderrReader(PREFIX)]
  let entries = 0
  for (let n = 0; n < INPUTS; n += 1) {
    const reader = random.pick(readers)
    for (const entry of await all(reader, text(random, 60), random)) {
      if ('what' in entry) continue
      entries += 1
      loggedIn(entry, random.pick(['statements', 'pgaudit'] as const))
    }
  }
  t.ok(entries > 0, `${entries} entries`)
})

t.test('what PostgreSQL writes of any statement is read as that statement', async (t) => {
  const random = chance(SEED + 1)
  for (let n = 0; n < INPUTS / 10; n += 1) {
    // PostgreSQL takes no NUL, and its log has line ends as they are.
    const statement = `x${text(random).replaceAll('\u0000', '')}`
    const application = text(random, 4).replaceAll(/[^ -~]/g, '?')
    const time = '2026-11-24 10:00:00.123 UTC'
    const row = [
      time,
      'u',
      'd',
      '1',
      'h',
      'c.1',
      '1',
      't',
      time,
      '',
      '',
      'LOG',
      '00000',
      `statement: ${statement}`,
      '',
      '',
      '',
      '',
      '',
      '',
      '',
      '',
      application,
      'client backend',
      '',
      '0',
    ]
    const csv = await all(csvEntries, `${row.map(quoted).join(',')}\n`, random)
    const json = await all(
      jsonEntries,
      `${JSON.stringify({ timestamp: time, user: 'u', session_id: 'c.1', error_severity: 'LOG', message: `statement: ${statement}`, application_name: application })}\n`,
      random,
    )
    for (const [form, found] of [
      ['csv', csv],
      ['json', json],
    ] as const) {
      const [entry] = found
      if (entry === undefined || 'what' in entry || found.length !== 1) {
        t.fail(`${form}: ${JSON.stringify(statement)}`)
        continue
      }
      const read = loggedIn(entry, 'statements')
      const same = read?.text === statement && entry.application === application
      if (!same) t.fail(`${form}: ${JSON.stringify([statement, read?.text, application])}`)
    }
    if (!/[\r\n]/.test(statement) && !/LOG:|ERROR:|DETAIL/.test(application)) {
      const plain = await all(
        stderrReader(PREFIX),
        `${time} [1.1] u@d/app LOG:  statement: ${statement}\n`,
        random,
      )
      const [entry] = plain
      if (entry === undefined || 'what' in entry) t.fail(`plain: ${JSON.stringify(statement)}`)
      else t.equal(loggedIn(entry, 'statements')?.text, statement)
    }
  }
})

t.test('a statement of many lines in a plain log is one entry', async (t) => {
  const random = chance(SEED + 2)
  const whole = `2026-11-24 10:00:00 UTC [6b.1] a@b/sallyport:x y LOG:  statement: SELECT\n\t\t1,\n\t2\n2026-11-24 10:00:01 UTC [6b.1] a@b/z ERROR:  no\n2026-11-24 10:00:01 UTC [6b.1] a@b/z STATEMENT:  SELECT 3\n`
  const found = await all(stderrReader('%t [%c] %u@%d/%a '), whole, random)
  t.match(found, [
    { message: 'statement: SELECT\n\t1,\n2', application: 'sallyport:x y', connection: '6b.1' },
    { severity: 'ERROR' },
    { severity: 'STATEMENT', statement: 'SELECT 3' },
  ])
})

t.test('comparing never takes one statement for another, nor long', async (t) => {
  t.ok(isSameText('SELECT 1;', ' SELECT 1 ', false))
  t.notOk(isSameText('SELECT …', 'SELECT 1', false), 'only where something was hidden')
  t.ok(isSameText('SELECT … FROM t WHERE a = …', "SELECT 'x' FROM t WHERE a = 12", true))
  t.notOk(isSameText('SELECT … FROM t', "SELECT 'x' FROM other", true))
  t.notOk(isSameText('DELETE FROM t WHERE a = …', 'DELETE FROM other WHERE a = 1', true))
  const two = [
    { text: 'SELECT 1', redacted: false },
    { text: 'SELECT 2', redacted: false },
  ]
  t.equal(commandsIn('SELECT 1; /* a */ SELECT 2 -- b\n;', two), 2)
  t.equal(commandsIn('SELECT 1; SELECT 2; SELECT 3', two), 0, 'more than the record has')
  t.equal(commandsIn('SELECT 1', two), 1)
  const from = performance.now()
  isSameText('…a'.repeat(20_000), 'a'.repeat(200_000), true)
  commandsIn('/*'.repeat(100_000), two)
  t.ok(performance.now() - from < 30_000)
  t.same(
    [
      '2026-11-24 10:00:00 UTC',
      '2026-11-24 10:00:00.5 +02',
      'nonsense',
      '2026-11-24 10:00:00 CET',
    ].map(logTimeMs),
    [Date.UTC(2026, 10, 24, 10), Date.UTC(2026, 10, 24, 8) + 500, NaN, NaN],
  )
})
