// Records by chance, damaged in every way: the index takes what can be read, names the rest, and never stops at a
// line for good.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { segmentNames } from '../../proxy/recording/segment.js'
import { caughtUp, openDesk } from '../../proxy/search/desk.js'
import { createExportSource } from '../../proxy/search/export-source.js'
import { createRecordSource, type Source } from '../../proxy/search/record-source.js'
import { exportedLines } from '../../proxy/recording/export-record.js'
import { generatedRecord, randomOf } from '../proxy/search/generated-record.js'

const LINES = Number(process.env['SALLYPORT_FUZZ'] ?? '100000') / 10
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? '7')
const random = randomOf(SEED)

const STRANGE: readonly unknown[] = [
  ...[
    null,
    true,
    -1,
    0,
    1.5,
    1e300,
    2 ** 53,
    '',
    'x',
    '\u0000',
    '\ud800',
    '__proto__',
    'a'.repeat(3_000),
  ],
  ...[
    [],
    {},
    [[]],
    [null],
    { toString: 1 },
    { __proto__: null },
    '[erased]',
    'sha256:0',
    'command',
  ],
]

// The same value with something in it replaced, left out or added.
function strange(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random(6) === 0) {
    return STRANGE[random(STRANGE.length)]
  }
  if (Array.isArray(value)) {
    const at = random(value.length + 1)
    return [...value.slice(0, at), strange(value[at]), ...value.slice(at + 1)]
  }
  const names = Object.keys(value)
  const name = names[random(names.length)] ?? 'seq'
  if (random(5) === 0)
    return Object.fromEntries(Object.entries(value).filter(([one]) => one !== name))
  return { ...value, [name]: strange(Reflect.get(value, name)) }
}

function damaged(lines: readonly string[]): string {
  return lines
    .map((line) => {
      switch (random(12)) {
        case 0: {
          const at = random(line.length + 1)
          return line.slice(0, at) + String.fromCharCode(random(256)) + line.slice(at + random(5))
        }
        case 1:
          return line.slice(0, random(line.length))
        case 2:
          return `${line}\n${line}`
        case 3:
          return ''
        case 4:
        case 5:
        case 6:
          return JSON.stringify(strange(JSON.parse(line)))
        default:
          return line
      }
    })
    .join('\n')
}

async function tried(t: { fail: (text: string) => void }, directory: string, source: () => Source) {
  const desk = openDesk({
    directory,
    file: ':memory:',
    source,
    now: () => 0,
    elapsed: () => performance.now(),
  })
  try {
    caughtUp(desk)
    for (const question of [
      '',
      'select',
      'person:*',
      'env:*',
      'approval:*',
      '-person:x',
      'rows:>0',
    ]) {
      desk.search({ question, limit: 500 })
      desk.grouped({ question, by: 'object' })
    }
    desk.sessions({ question: '' })
    desk.rules(undefined)
    return desk.search({ question: '', limit: 1 }).total_at_least
  } catch (problem) {
    t.fail(`seed ${SEED}: ${String(problem)}`)
    return 0
  } finally {
    desk.close()
  }
}

t.test('whatever stands in a record or an export, the index comes to its end', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-strange-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  await generatedRecord({ directory, commands: 120, seed: 3, people: 9, each: 20 })
  const [segment = ''] = segmentNames(directory)
  const path = join(directory, segment)
  const [first = '', ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const exported: string[] = []
  for await (const line of exportedLines(directory, {
    fromMs: -Infinity,
    toMs: Infinity,
    session: undefined,
  })) {
    exported.push(JSON.stringify(line))
  }
  const file = join(directory, 'export.jsonl')
  let found = 0
  for (let read = 0; read < LINES; read += lines.length + exported.length) {
    writeFileSync(path, `${random(10) === 0 ? damaged([first]) : first}\n${damaged(lines)}\n`)
    found += await tried(t, directory, () => createRecordSource(directory))
    writeFileSync(file, `${damaged(exported)}\n`)
    found += await tried(t, directory, () => createExportSource(file))
  }
  t.ok(found > LINES / 50, `${found} commands were found all the same`)
})
