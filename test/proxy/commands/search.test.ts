// `sallyport search`: what it answers, in which form, and what it says of questions and records that are not right.
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { run as audit } from '../../../proxy/commands/audit.js'
import { run as policy } from '../../../proxy/commands/policy.js'
import { run as sessions } from '../../../proxy/commands/sessions.js'
import { run as search } from '../../../proxy/commands/search.js'
import { segmentNames } from '../../../proxy/recording/segment.js'
import { createRecorder } from '../../../proxy/recording/segment-writer.js'
import { generatedRecord } from '../search/generated-record.js'
import {
  commandRecord,
  emptyDirectory,
  recorded,
  sampleRecord,
} from '../recording/sample-record.js'

type Run = typeof search

async function ran(run: Run, cwd: string, ...argv: readonly string[]) {
  let stdout = ''
  let stderr = ''
  const status = await run(argv, {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
    cwd,
  })
  return { status, stdout, stderr }
}

t.test('who touched a column in a quarter, and what they saw, is one line', async (t) => {
  const record = emptyDirectory(t)
  await generatedRecord({ directory: record, commands: 3_000, people: 12, each: 40 })
  const find = (...argv: readonly string[]) => ran(search, record, '--record', record, ...argv)
  const question = 'column:customers.ssn env:prod since:2026-01-01 until:2026-04-01'

  const by = await find(question, '--by', 'person')
  t.equal(by.status, 0)
  t.match(by.stdout, /^PERSON +COMMANDS +ROWS +MASKED +FIRST \(UTC\) +LAST \(UTC\) +SEE\n/)
  t.match(by.stdout, /\n(human|agent|pipeline)-\d+\S* +\d+ +\d+ +\d+ +2026-0[123].* --from \d+\n/)
  t.match(by.stdout, /command\(s\), in \d+ ms; SEE: sallyport sessions replay/)

  const hits = await find(question, '--limit', '3')
  t.match(hits.stdout, /mask-fields +pii\/masked/)
  t.match(hits.stdout, /→ done, SELECT \d+, \d+ row\(s\), .*; saw public\.customers\.ssn/)
  t.match(hits.stdout, /sallyport sessions replay \S+ --from \d+/)
  const [, cursor = ''] = /--cursor (\S+)/.exec(hits.stdout) ?? []
  const next = await find(question, '--limit', '3', '--cursor', cursor, '--format', 'json')
  t.equal(JSON.parse(next.stdout).hits.length, 3)

  const all = await find(question, '--all', '--format', 'json')
  const lines = all.stdout.trimEnd().split('\n')
  const counted = JSON.parse((await find(question, '--by', 'action', '--format', 'json')).stdout)
  t.equal(lines.length, counted.commands)
  const csv = await find(question, '--all', '--format', 'csv')
  t.equal(csv.stdout.trimEnd().split('\r\n').length, lines.length + 1, 'one head')
  t.match(csv.stdout, /^time,who,subject/)

  const leftOut = await find('-kind:human', '-env:prod', 'label:pii', '--format', 'json')
  t.equal(leftOut.status, 0)
  t.ok(JSON.parse(leftOut.stdout).hits.every((hit: { kind: string }) => hit.kind !== 'human'))
  t.equal(statSync(join(record, 'search.sqlite')).mode & 0o777, 0o600)
})

t.test('an export is searched like its record', async (t) => {
  const record = emptyDirectory(t)
  await generatedRecord({ directory: record, commands: 800, people: 12, each: 40 })
  const { stdout } = await ran(audit, record, 'export', record)
  const file = join(emptyDirectory(t), 'export.jsonl')
  writeFileSync(file, stdout)
  for (const question of [
    'env:prod',
    'label:pii "fraud"',
    'approval:denied',
    'rows:>100',
    'incident:*',
  ]) {
    const answers = []
    for (const place of [record, file]) {
      const found = await ran(search, record, question, '--record', place, '--format', 'json')
      t.equal(found.status, 0, found.stderr)
      const { hits } = JSON.parse(found.stdout)
      answers.push(hits)
    }
    t.same(answers[1], answers[0], question)
  }
})

t.test(
  'a question that is not understood is shown with its place, and nothing is read',
  async (t) => {
    const { status, stderr, stdout } = await ran(search, '/nonexistent', 'env:prod', 'persn:x')
    t.equal(status, 2)
    t.equal(stdout, '')
    t.match(
      stderr,
      /there is no field persn\. Did you mean person:\?.*\n {2}env:prod persn:x\n {11}\^{7}\n/,
    )
    const long = await ran(search, '/nonexistent', `${'a '.repeat(45)} "b\u001b[31m`)
    t.match(long.stderr, /never closed\n.*\n {2} +\^/)
    t.notMatch(long.stderr, '\u001b')
  },
)

t.test('wrong usage is said, and a record that is not there', async (t) => {
  const record = emptyDirectory(t)
  await sampleRecord(record, { commands: 5 })
  for (const argv of [
    ['--by', 'weather'],
    ['--limit', '0'],
    ['--limit', '501'],
    ['--format', 'yaml'],
    ['--surprise'],
    ['--cursor', 'x'],
    ['--record', join(record, segmentNames(record)[0] ?? '')],
  ]) {
    t.equal((await ran(search, record, '--record', record, ...argv)).status, 2, argv.join(' '))
  }
  const missing = await ran(search, record, '--record', join(record, 'nothing'))
  t.equal(missing.status, 1)
  t.match(missing.stderr, /there is no record/)
})

t.test('gaps are said, whatever the form of the answer', async (t) => {
  const record = emptyDirectory(t)
  await sampleRecord(record, { commands: 60, segmentBytes: 6_000 })
  rmSync(join(record, segmentNames(record)[1] ?? ''))
  const pretty = await ran(search, record, '--record', record)
  t.match(pretty.stdout, /• lines \d+ to \d+ are not in this record: the segments that held them/)
  for (const format of ['json', 'csv']) {
    const { stderr } = await ran(search, record, '--record', record, '--format', format)
    t.match(stderr, /are not in this record/)
  }
  const none = await ran(search, record, 'person:nobody', '--record', record)
  t.match(none.stdout, /nothing on record fits\n.*are not in this record/)
})

t.test('texts of clients neither steer the terminal nor become formulas', async (t) => {
  const record = emptyDirectory(t)
  const recorder = await createRecorder({ directory: record })
  await recorded(recorder, commandRecord(1, { text: '=cmd()\u001b]0;x\u0007\u202e <b>' }))
  await recorder.close()
  const pretty = await ran(search, record, '--record', record)
  t.notMatch(pretty.stdout, /[\u001b\u0007\u202e]/)
  const csv = await ran(search, record, '--record', record, '--format', 'csv')
  t.match(csv.stdout, /"'=cmd/)
})

t.test('where no index can be kept it is made in memory, and that is said', async (t) => {
  const record = emptyDirectory(t)
  await sampleRecord(record, { commands: 5 })
  // Something stands in its way; permissions would not stop root.
  mkdirSync(join(record, 'search.sqlite'))
  const found = await ran(search, record, '--record', record, '--format', 'json')
  t.match(found.stderr, /made in memory/)
  t.equal(JSON.parse(found.stdout).hits.length, 5)
})

t.test('policy hits: what each rule did, the same after the index was made anew', async (t) => {
  const record = emptyDirectory(t)
  await generatedRecord({ directory: record, commands: 1_000, people: 12, each: 40 })
  const first = await ran(policy, record, 'hits', '--record', record)
  t.equal(first.status, 0)
  t.match(first.stdout, /^RULE +HITS +DENIED +HELD +MASKED +SHADOW +LAST \(UTC\)/)
  t.match(first.stdout, /\ndestructive\/drop +(\d+) +0 +\1 +0 +0 +2026-/)
  t.match(first.stderr, /which rules never spoke cannot be told/, 'no bundle is on this record')
  const again = await ran(policy, record, 'hits', '--record', record, '--rebuild')
  t.equal(again.stdout, first.stdout)
  const json = await ran(policy, record, 'hits', '--record', record, '--format', 'json')
  const { rules } = JSON.parse(json.stdout)
  for (const { id, hits } of rules) {
    const { stdout } = await ran(
      search,
      record,
      `rule:${id}`,
      '--by',
      'rule',
      '--format',
      'json',
      '--record',
      record,
    )
    const { groups } = JSON.parse(stdout)
    t.equal(groups.find((group: { value: string }) => group.value === id)?.commands, hits, id)
  }
})

t.test('sessions list with filters lists those that the whole list has', async (t) => {
  const record = emptyDirectory(t)
  await generatedRecord({ directory: record, commands: 1_200, people: 12, each: 30 })
  const list = async (...argv: readonly string[]) => {
    const { stdout } = await ran(
      sessions,
      record,
      'list',
      '--record',
      record,
      '--format',
      'json',
      ...argv,
    )
    return JSON.parse(stdout) as {
      readonly session: string
      readonly kind: string
      readonly refused: number
    }[]
  }
  const all = await list()
  t.same(await list('--person', '*'), all, 'the same words of each')
  const agents = await list('--person', 'agent-*')
  t.same(
    agents,
    all.filter(({ kind }) => kind === 'agent'),
  )
  const denied = await list('--action', 'deny,require-approval')
  t.same(
    denied,
    all.filter(({ refused }) => refused > 0),
  )
  t.same(await list('--person', 'nobody'), [])
})
