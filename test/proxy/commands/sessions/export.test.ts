// `sessions export` in each of its formats.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run as audit } from '../../../../proxy/commands/audit.js'
import { run } from '../../../../proxy/commands/sessions.js'
import { emptyDirectory } from '../../recording/sample-record.js'
import { sampleFilm } from '../../replay/film-lab.js'

async function told(command: typeof run, argv: readonly string[]) {
  let stdout = ''
  let stderr = ''
  const status = await command(argv, {
    stdout: { write: (text: string) => ((stdout += text), true) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
    cwd: '/',
  })
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { status, stdout, stderr, lines }
}

t.test('each format holds the session and nothing of another', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const place = ['--record', directory]
  const of = (format: string) => told(run, ['export', 'aa-1', '--format', format, ...place])
  const jsonl = await of('jsonl')
  t.match(JSON.parse(jsonl.lines[0] ?? ''), { kind: 'session', id: 'aa-1' })
  t.match(JSON.parse(jsonl.lines[1] ?? ''), {
    kind: 'command',
    command: 1,
    decision: { action: 'allow' },
    facts: { identity: { name: 'alice' } },
  })
  t.equal(jsonl.lines.length, 4)
  const ocsf = await of('ocsf')
  t.ok(ocsf.lines.length >= 6)
  t.ok(ocsf.lines.every((line) => typeof JSON.parse(line).class_uid === 'number'))
  const otlp = await of('otlp-json')
  t.match(JSON.parse(otlp.lines[0] ?? ''), { resourceSpans: [{ scopeSpans: [{ spans: Array }] }] })
  t.match(JSON.parse(otlp.lines[1] ?? ''), { resourceLogs: Array })
  const spans = JSON.parse(otlp.lines[0] ?? '').resourceSpans[0].scopeSpans[0].spans
  t.equal(spans.length, 4, 'three commands and the session')
  t.equal(new Set(spans.map((span: { traceId: string }) => span.traceId)).size, 1)
  const cast = await of('asciicast')
  t.match(JSON.parse(cast.lines[0] ?? ''), { version: 2 })
  for (const { stdout, status } of [jsonl, ocsf, otlp, cast]) {
    t.equal(status, 0)
    t.notMatch(stdout, 'SELECT other')
  }
})

t.test('options belong to formats, and CSV needs a recording', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const status = async (...argv: string[]) =>
    (await told(run, ['export', 'aa-1', '--record', directory, ...argv])).status
  t.equal(await status('--format', 'csv'), 2)
  t.equal(await status('--command', '1'), 2)
  t.equal(await status('--format', 'ocsf', '--under', 'x'), 2)
  t.equal(await status('--format', 'pdf'), 2)
  t.equal(await status('--format', 'csv', '--command', '9'), 1)
  const none = await told(run, [
    'export',
    'aa-1',
    '--format',
    'csv',
    '--command',
    '1',
    '--record',
    directory,
  ])
  t.equal(none.status, 1)
  t.match(none.stderr, 'results are in recordings')
})

t.test('from an export of the record: what needs no more than that', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const file = join(directory, 'record.jsonl')
  writeFileSync(file, (await told(audit, ['export', directory])).stdout)
  const one = await told(run, ['export', 'aa-1', '--record', directory])
  const other = await told(run, ['export', 'aa-1', '--record', file])
  t.equal(other.stdout, one.stdout)
  const ocsf = await told(run, ['export', 'aa-1', '--format', 'ocsf', '--record', file])
  t.equal(ocsf.status, 2)
  t.match(ocsf.stderr, 'made from a record')
})

t.test('audit export --format ocsf tells the whole record', async (t) => {
  const directory = emptyDirectory(t)
  await sampleFilm(directory)
  const { lines, status } = await told(audit, ['export', directory, '--format', 'ocsf'])
  t.equal(status, 0)
  const classes = new Set(lines.map((line): number => JSON.parse(line).class_uid))
  t.same([...classes].sort(), [2004, 3002, 6002, 6003, 6005])
})
