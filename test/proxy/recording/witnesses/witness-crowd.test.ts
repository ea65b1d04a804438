// Witnesses sign what grew, and only that; nothing waits for them, and what they saw otherwise is told.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { systemClock } from '../../../../proxy/clock.js'
import { silentLog } from '../../../../proxy/log.js'
import { cosignersIn } from '../../../../proxy/recording/cosignature.js'
import { createRecorder } from '../../../../proxy/recording/segment-writer.js'
import { verifyRecord } from '../../../../proxy/recording/verify.js'
import { createWitnessCrowd } from '../../../../proxy/recording/witnesses/witness-crowd.js'
import { missingLitewitness, startLitewitness, startWitness } from '../../../peers/witness.js'
import { audit } from '../../commands/audit-lab.js'
import { commandRecord, emptyDirectory, recorded, sampleRecord } from '../sample-record.js'

type T = Parameters<typeof emptyDirectory>[0]
type Named = { readonly key: string; readonly url: string }

const until = async (what: () => boolean): Promise<void> => {
  for (let i = 0; i < 1_500 && !what(); i += 1) await new Promise((done) => setTimeout(done, 20))
  if (!what()) throw new Error('waited in vain')
}
const keyIn = (directory: string) => readFileSync(join(directory, 'signing-key.pub'), 'utf8').trim()

async function run(
  directory: string,
  witnesses: readonly Named[],
  changes: { quorum?: number; requiredMs?: number; commands?: number } = {},
) {
  const told: string[] = []
  const crowd = createWitnessCrowd(
    directory,
    { witnesses, quorum: changes.quorum ?? witnesses.length, requiredMs: changes.requiredMs },
    {
      clock: systemClock,
      log: silentLog,
      onConflict: (name, what) => told.push(`${name}: ${what}`),
      onAnswer: () => undefined,
    },
  )
  const recorder = await createRecorder({
    directory,
    segmentBytes: 6000,
    checkpointMs: 20,
    onCheckpoint: crowd.show,
  })
  for (let n = 1; n <= (changes.commands ?? 40); n += 1) {
    await recorded(recorder, commandRecord(n), n % 5 === 0 ? 'disk' : 'os')
    if (n % 10 === 0) await new Promise((done) => setTimeout(done, 40))
  }
  return {
    told,
    crowd,
    recorder,
    async close() {
      await recorder.close()
      await crowd.close()
    },
  }
}

const keyFile = (t: T, ...keys: readonly string[]): string => {
  const path = join(emptyDirectory(t), 'witnesses.txt')
  writeFileSync(path, keys.map((key) => `${key}\n`).join(''))
  return path
}

t.test('checkpoints that a quorum signed are kept, and verify says by whom', async (t) => {
  const directory = emptyDirectory(t)
  const [one, two, three] = [
    await startWitness(t, () => keyIn(directory), 'w.example/1'),
    await startWitness(t, () => keyIn(directory), 'w.example/2'),
    await startWitness(t, () => keyIn(directory), 'w.example/3'),
  ]
  three.answer = () => ({ status: 500, body: 'no' })
  const gateway = await run(directory, [one, two, three], { quorum: 2 })
  await gateway.close()
  t.same(gateway.told, [])
  t.equal(one.seen(), two.seen())
  const keys = keyFile(t, one.key, two.key, three.key)
  const good = await audit('/', 'verify', directory, '--witness-key', keys, '--witnesses', '2')
  t.match(good, { status: 0, stdout: /lines witnessed by w\.example\/1 .*w\.example\/2/ })
  const json = await audit(
    '/',
    ...['verify', directory, '--witness-key', keys, '--witnesses', '2', '--format', 'json'],
  )
  const found = JSON.parse(json.stdout)
  t.equal(found.witnessed.lines, found.lines)
  t.ok(Math.abs(found.witnessed.by[0].time - Date.now() / 1000) < 600)
  const all = await audit('/', 'verify', directory, '--witness-key', keys)
  t.match(all, { status: 1, stdout: /no checkpoint is signed by 3 of the 3 witnesses named/ })
  const none = await audit('/', 'verify', directory, '--witness-key', keyFile(t, three.key))
  t.match(none, { status: 1 })
  for (const wrong of ['0', '4', 'x']) {
    const usage = await audit(
      '/',
      ...['verify', directory, '--witness-key', keys, '--witnesses', wrong],
    )
    t.match(usage, { status: 2 })
  }
  t.match(await audit('/', 'verify', directory, '--witnesses', '1'), { status: 2 })
})

t.test('a witness goes on from what it saw, across restarts of the gateway', async (t) => {
  const directory = emptyDirectory(t)
  const witness = await startWitness(t, () => keyIn(directory), 'w.example/1')
  await (await run(directory, [witness])).close()
  const before = witness.seen()
  t.ok(before > 40)
  const again = await run(directory, [witness], { commands: 15 })
  await again.close()
  t.same(again.told, [])
  t.ok(witness.seen() > before)
  const cosigners = cosignersIn(witness.key)
  const { ok, witnessed, lines } = await verifyRecord({
    directory,
    witnesses: { cosigners, quorum: 1 },
  })
  t.match({ ok, lines: witnessed?.lines }, { ok: true, lines })
})

t.test('a witness that is down stops nothing, is asked again, and the lag is told', async (t) => {
  const directory = emptyDirectory(t)
  const witness = await startWitness(t, () => keyIn(directory), 'w.example/1')
  witness.answer = () => ({ status: 503, body: 'later' })
  const gateway = await run(directory, [witness])
  await until(() => gateway.crowd.lag().lines > 0 && witness.questions() > 0)
  t.equal(gateway.crowd.mayGoOn(), true)
  await recorded(gateway.recorder, commandRecord(99))
  witness.answer = undefined
  await until(() => gateway.crowd.lag().lines === 0)
  await gateway.close()
  t.ok(witness.seen() > 40)
})

t.test('where witnesses are required, their silence stops what comes after a time', async (t) => {
  const directory = emptyDirectory(t)
  const witness = await startWitness(t, () => keyIn(directory), 'w.example/1')
  witness.answer = () => ({ status: 503, body: 'later' })
  const gateway = await run(directory, [witness], { requiredMs: 100 })
  await until(() => !gateway.crowd.mayGoOn())
  witness.answer = undefined
  await until(() => gateway.crowd.mayGoOn())
  await gateway.close()
})

t.test('a record that was rolled back meets a witness that saw more', async (t) => {
  const directory = emptyDirectory(t)
  const copy = join(emptyDirectory(t), 'copy')
  const witness = await startWitness(t, () => keyIn(directory), 'w.example/1')
  await (await run(directory, [witness], { commands: 20 })).close()
  cpSync(directory, copy, { recursive: true })
  await (await run(directory, [witness], { commands: 60 })).close()
  const fork = await run(copy, [witness], { commands: 5 })
  await fork.close()
  t.match(fork.told, [/w\.example\/1: it saw \d+ lines, but there are \d+/])
})

t.test('two records under one name: the witness signs one, and the other is told', async (t) => {
  const directory = emptyDirectory(t)
  const copy = join(emptyDirectory(t), 'copy')
  const witness = await startWitness(t, () => keyIn(directory), 'w.example/1')
  await (await run(directory, [witness], { commands: 20 })).close()
  cpSync(directory, copy, { recursive: true })
  await (await run(directory, [witness], { commands: 20 })).close()
  const fork = await run(copy, [witness], { commands: 60 })
  await fork.close()
  t.match(fork.told.at(-1), /no extension|another record/)
  t.ok(fork.told.length <= 2, 'told once, not at every checkpoint')
  const keys = keyFile(t, witness.key)
  const seen = join(directory, 'checkpoints', 'witnessed.txt')
  const split = await audit('/', 'verify', copy, '--witness-key', keys, '--against', seen)
  t.match(split, { status: 1, stdout: /was signed over other lines/ })
})

t.test('an answer that is not signed by the witness counts for nothing', async (t) => {
  const directory = emptyDirectory(t)
  const witness = await startWitness(t, () => keyIn(directory), 'w.example/1')
  const stranger = await startWitness(t, () => keyIn(directory), 'w.example/1')
  const bodies = [
    '',
    '\n',
    '— w.example/1 AAAA\n',
    '— w.example/1 %%%\n',
    `${'x'.repeat(100_000)}\n`,
  ]
  let asked = 0
  witness.answer = () => ({ status: 200, body: bodies[(asked += 1) % bodies.length] ?? '' })
  const gateway = await run(directory, [{ key: witness.key, url: stranger.url }])
  await until(() => stranger.questions() > 1)
  t.ok(gateway.crowd.lag().lines > 0)
  await gateway.close()
  const other = await run(directory, [witness], { commands: 5 })
  await until(() => asked > 0)
  await other.close()
  t.notOk(existsSync(join(directory, 'checkpoints', 'witnessed.txt')))
})

t.test('half a witnessed checkpoint that a crash left is no damage, and goes', async (t) => {
  const directory = emptyDirectory(t)
  const witness = await startWitness(t, () => keyIn(directory), 'w.example/1')
  await (await run(directory, [witness])).close()
  const path = join(directory, 'checkpoints', 'witnessed.txt')
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, text.slice(0, -40))
  const trust = { cosigners: cosignersIn(witness.key), quorum: 1 }
  await (await run(directory, [witness], { commands: 3 })).close()
  const { ok, lines, witnessed } = await verifyRecord({ directory, witnesses: trust })
  t.match({ ok, lines: witnessed?.lines }, { ok: true, lines })
  rmSync(path)
  t.equal((await verifyRecord({ directory })).ok, true, 'losing it loses no line')
})

const missing = missingLitewitness()
t.test(
  'litewitness, which is not ours, signs what grew and refuses what did not',
  { skip: missing },
  async (t) => {
    const directory = emptyDirectory(t)
    await sampleRecord(directory, { commands: 5 })
    const key = keyIn(directory)
    const witness = await startLitewitness(t, { origin: key.split('+')[0] ?? '', key })
    const first = await run(directory, [witness], { commands: 40 })
    await first.close()
    const copy = join(emptyDirectory(t), 'copy')
    cpSync(directory, copy, { recursive: true })
    const second = await run(directory, [witness], { commands: 25 })
    await second.close()
    t.same([...first.told, ...second.told], [])
    const keys = keyFile(t, witness.key)
    const good = await audit('/', 'verify', directory, '--witness-key', keys)
    t.match(good, { status: 0, stdout: /lines witnessed by witness\.example\/w1/ })
    const fork = await run(copy, [witness], { commands: 60 })
    await fork.close()
    t.match(fork.told, [/witness\.example\/w1/])
  },
)
