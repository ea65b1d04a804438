// What may be personal can be erased from a record, and every hash, proof and checkpoint stays good; readers
// say that it was, decisions are not pretended to be executable, and a legal hold prevents it.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { backtest } from '../../../../proxy/policies/backtest/backtest.js'
import { ERASED } from '../../../../proxy/recording/erasure/sealed.js'
import { readSubjectKeys } from '../../../../proxy/recording/erasure/subject-keys.js'
import { recordLines } from '../../../../proxy/recording/read-record.js'
import { recheckRecord } from '../../../../proxy/recording/recheck.js'
import { createRecorder } from '../../../../proxy/recording/segment-writer.js'
import { segmentNames } from '../../../../proxy/recording/segment.js'
import { verifyRecord } from '../../../../proxy/recording/verify.js'
import { audit } from '../../commands/audit-lab.js'
import { shippedPolicy } from '../receipt-lab.js'
import { BASE, COMMAND, commandRecord, emptyDirectory, parsed, recorded } from '../sample-record.js'

type T = Parameters<typeof emptyDirectory>[0]
const SECRET = 'jane-doe'
const person = (subject: string) => ({
  ...BASE,
  identity: {
    ...BASE.identity,
    subject,
    name: `name of ${subject}`,
    claims: { mail: `${subject}@x` },
  },
  session: {
    ...BASE.session,
    id: `s-${subject.length}`,
    client_address: `10.0.0.${subject.length}`,
  },
})

async function erasableRecord(t: T, options: { held?: boolean } = {}): Promise<string> {
  const directory = emptyDirectory(t)
  const { policy } = await shippedPolicy()
  const recorder = await createRecorder({ directory, erasable: true, segmentBytes: 9_000 })
  const { digest: bundle, wasmDigest: wasm, revision } = policy
  recorder.bundle({ event: 'activated', bundle, wasm, revision, fuel: 5_000_000 })
  for (const subject of [SECRET, 'other']) {
    const base = person(subject)
    recorder.session({
      session: base.session.id,
      event: 'opened',
      identity: base.identity,
      target: 'shop',
      clientAddress: base.session.client_address,
      application: `psql of ${subject}`,
    })
    for (let n = 1; n <= 12; n += 1) {
      const overrides = { 'command.digest': `sha256:${subject} ${n}` }
      const command = { ...COMMAND, digest: '' }
      const facts = { base, command, overrides }
      const decision = policy.decide(
        { ...base, command: { ...COMMAND, digest: `sha256:${subject} ${n}` } },
        'decision',
      )
      const text = `SELECT ${n} -- ${subject}`
      const more = { session: base.session.id, text, bundle, decision, facts }
      await recorded(recorder, commandRecord(n, more), n % 4 === 0 ? 'disk' : 'os')
      recorder.outcome({ session: base.session.id, command: n, result: 'done' })
    }
    recorder.approval(
      {
        approval: 'a',
        event: 'approved',
        by: `https://id.example ${subject}`,
        reason: `as ${subject} said`,
      },
      () => undefined,
    )
  }
  if (options.held === true) {
    const hold = {
      hold: 'h',
      scope: 'person',
      of: `https://id.example ${SECRET}`,
      reason: 'court',
      by: 'law',
    } as const
    await new Promise<void>((done) => recorder.recording({ event: 'held', ...hold }, () => done()))
  }
  await recorder.close()
  return directory
}

const bytesOf = (directory: string): string =>
  segmentNames(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('')
const told = async (directory: string): Promise<string> => {
  let text = ''
  for await (const { line } of recordLines(directory)) text += JSON.stringify(line)
  return text
}
const policies = async (digest: string) => {
  const { policy } = await shippedPolicy()
  return digest === policy.digest ? policy : 'no bundle'
}
const erased = (directory: string, subject: string, ...more: string[]) =>
  audit('/', 'erase', directory, '--subject', subject, '--reason', 'asked for it', ...more)

t.test('with its keys an erasable record is read, checked and executed as any other', async (t) => {
  const directory = await erasableRecord(t)
  const raw = bytesOf(directory)
  t.notMatch(raw, SECRET, 'nothing personal stands in the lines')
  t.notMatch(raw, /10\.0\.0\./)
  const shown = await told(directory)
  for (const word of [
    SECRET,
    `SELECT 3 -- ${SECRET}`,
    `psql of ${SECRET}`,
    `as ${SECRET} said`,
    'jane-doe@x',
  ]) {
    t.ok(shown.includes(word), word)
  }
  t.notOk(shown.includes(ERASED) || shown.includes('"sealed"'))
  t.match(await verifyRecord({ directory }), { ok: true, problem: undefined })
  t.match(await recheckRecord(directory, policies), { ok: true, decisions: 24, same: 24 })
  t.equal(readSubjectKeys(directory).length, 2)
  const { policy } = await shippedPolicy()
  const { comparison } = await backtest({ records: directory, policy })
  t.match(comparison, { compared: 24, same: 24, flips: 0, unchecked: 0 })
  const receipt = await audit('/', 'receipt', 's-8/3', directory)
  t.match(receipt, { status: 1, stderr: /record\.erasable/ })
  const again = await createRecorder({ directory, erasable: true })
  await recorded(
    again,
    commandRecord(1, { facts: { base: person(SECRET), command: COMMAND, overrides: {} } }),
  )
  await again.close()
  t.equal(readSubjectKeys(directory).length, 2, 'the same key serves the same person that month')
})

t.test('erasing takes the person away, and nothing else; every hash stays', async (t) => {
  const directory = await erasableRecord(t)
  const kept = readFileSync(join(directory, 'checkpoints', 'checkpoints.txt'), 'utf8')
  const before = bytesOf(directory)
  const found = await erased(directory, SECRET)
  t.match(found, { status: 0, stdout: /1 key/ })
  t.ok(bytesOf(directory).startsWith(before.slice(0, 2_000)))
  t.notMatch(readFileSync(join(directory, 'subject-keys.jsonl'), 'utf8'), SECRET)
  const shown = await told(directory)
  t.notMatch(shown, SECRET)
  t.ok(shown.includes('SELECT 3 -- other') && shown.includes('name of other'))
  t.match(shown, /"text":"\[erased\]"/)
  const line = (await told(directory)).match(/\{[^{}]*"event":"erased"[^{}]*\}/)?.[0] ?? ''
  t.match(JSON.parse(line), { reason: 'asked for it', by: /command line/, keys: [String] })
  t.match(await verifyRecord({ directory, checkpoint: kept }), { ok: true, problem: undefined })
  const checked = await recheckRecord(directory, policies)
  t.match(checked, { ok: false, decisions: 24, same: 12, different: 0, unchecked: 12 })
  const { policy } = await shippedPolicy()
  const { comparison } = await backtest({ records: directory, policy })
  t.match(comparison, { same: 12, flips: 0, unchecked: 12 })
  t.match(checked.listed[0]?.what, /erased: it cannot be executed again/)
  t.match(await audit('/', 'prove', '9', directory), { status: 0 })
  t.match(await audit('/', 'export', directory), { status: 0, stdout: /\[erased\]/ })
  t.match(await erased(directory, SECRET), { status: 1, stderr: /no key of|nothing/ })
  t.match(await erased(directory, 'nobody'), { status: 1 })
})

t.test('a legal hold prevents it, and so does a gateway that is running', async (t) => {
  const directory = await erasableRecord(t, { held: true })
  const found = await erased(directory, SECRET)
  t.match(found, { status: 1, stderr: /hold h/ })
  t.ok((await told(directory)).includes(SECRET))
  t.match(await erased(directory, 'other'), { status: 0 })
  const running = await createRecorder({ directory, erasable: true })
  t.match(await erased(directory, 'other'), { status: 1, stderr: /running|in use/ })
  await running.close()
})

t.test('a record that is not erasable says so; an old one is read as before', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory })
  await recorded(recorder, commandRecord(1))
  await recorder.close()
  t.match(await erased(directory, 'u-1'), { status: 1, stderr: /erasable/ })
  t.notOk(existsSync(join(directory, 'subject-keys.jsonl')))
  t.match(await audit('/', 'erase', directory, '--subject', 'x'), { status: 2 })
  const elsewhere = join(emptyDirectory(t), 'copy')
  cpSync(directory, elsewhere, { recursive: true })
  rmSync(join(elsewhere, 'signing-key.pem'))
  t.match(await erased(elsewhere, 'u-1'), { status: 2, stderr: /--config/ })
  // A record that becomes erasable, and stops being so.
  await erasableAgain(directory)
  t.match(await verifyRecord({ directory }), { ok: true })
  const shown = await told(directory)
  t.ok(shown.includes('SELECT 1') && shown.includes('SELECT 2') && shown.includes('SELECT 3'))
})

async function erasableAgain(directory: string): Promise<void> {
  for (const [n, erasable] of [
    [2, true],
    [3, false],
  ] as const) {
    const recorder = await createRecorder({ directory, erasable })
    await recorded(recorder, commandRecord(n))
    await recorder.close()
  }
}

t.test('a box, a commitment or a key that was changed is damage, not an erasure', async (t) => {
  const original = await erasableRecord(t)
  const changes: readonly ((directory: string) => void)[] = [
    (directory) => {
      const path = join(directory, 'subject-keys.jsonl')
      const [first = '', ...rest] = readFileSync(path, 'utf8').split('\n')
      const key = JSON.parse(first)
      const other = Buffer.alloc(32, 7).toString('base64')
      writeFileSync(path, [JSON.stringify({ ...key, key: other }), ...rest].join('\n'))
    },
    (directory) => writeFileSync(join(directory, 'subject-keys.jsonl'), 'rubbish\n'),
  ]
  for (const change of changes) {
    const directory = join(emptyDirectory(t), 'copy')
    cpSync(original, directory, { recursive: true })
    change(directory)
    await t.rejects(told(directory), { code: 'record_damaged' })
    t.match(await verifyRecord({ directory }), { ok: true }, 'its lines are as they were written')
  }
  const directory = join(emptyDirectory(t), 'copy')
  cpSync(original, directory, { recursive: true })
  const [first = ''] = segmentNames(directory)
  const lines = readFileSync(join(directory, first), 'utf8').split('\n')
  const at = lines.findIndex((line) => parsed(line).kind === 'command')
  lines[at] = (lines[at] ?? '').replace(/"box":"../, '"box":"AA')
  writeFileSync(join(directory, first), lines.join('\n'))
  t.match(await verifyRecord({ directory }), { ok: false })
})

t.test('where no key can be kept, nothing about the person runs, and others go on', async (t) => {
  const directory = emptyDirectory(t)
  const recorder = await createRecorder({ directory, erasable: true })
  await recorded(recorder, commandRecord(1))
  rmSync(join(directory, 'subject-keys.jsonl'))
  mkdirSync(join(directory, 'subject-keys.jsonl'))
  const facts = { base: person('late'), command: COMMAND, overrides: {} }
  await t.rejects(recorded(recorder, commandRecord(1, { session: 's2', facts })), {
    code: 'record_failed',
  })
  const { identity } = person('later')
  const failure = await new Promise<Error | undefined>((done) => {
    recorder.session({ session: 's3', event: 'opened', identity, target: 'shop' }, done)
  })
  t.match(failure, { code: 'record_failed' })
  await recorded(recorder, commandRecord(2))
  rmSync(join(directory, 'subject-keys.jsonl'), { recursive: true })
  await recorded(recorder, commandRecord(1, { session: 's2', facts }))
  await recorder.close()
  t.match(await verifyRecord({ directory }), { ok: true })
})
