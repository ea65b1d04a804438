// Two checkpoints are compared by file or by size; one that does not extend the other is status 1.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { keysFor, signedNotes } from '../../../../proxy/recording/trusted-keys.js'
import { emptyDirectory, sampleRecord } from '../../recording/sample-record.js'
import { audit } from '../audit-lab.js'

t.test('a later checkpoint extends an earlier one, by size and by file', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 25 })
  const kept = join(emptyDirectory(t), 'kept.txt')
  const checkpoints = join(directory, 'checkpoints', 'checkpoints.txt')
  writeFileSync(kept, readFileSync(checkpoints))
  await sampleRecord(directory, { commands: 5 })
  const [first = '', second = ''] = signedNotes(directory, keysFor(directory, undefined)).map(
    ({ checkpoint }) => String(checkpoint.size),
  )
  const proof = join(directory, 'proof.json')
  for (const [a, b] of [
    [first, second],
    [kept, checkpoints],
    [kept, second],
    [second, second],
  ] as const) {
    const found = await audit('/', 'consistency', a, b, directory, '--output', proof)
    t.match(found, { status: 0, stdout: /✓ extended/ })
    const key = join(directory, 'signing-key.pub')
    const check = ['consistency', '--verify', proof, '--key', key]
    t.match(await audit('/', ...check), { status: 0, stdout: /✓ extended/ })
    const json = await audit('/', ...check, '--format', 'json')
    t.match(JSON.parse(json.stdout), { ok: true, second: Number(second) })
  }
  const back = await audit('/', 'consistency', second, first, directory)
  t.match(back, { status: 1, stdout: /✗ not extended .*rolled back/ })
  const json = await audit('/', 'consistency', second, first, directory, '--format', 'json')
  t.match(JSON.parse(json.stdout), { ok: false, what: /rolled back/ })
  const none = await audit('/', 'consistency', '1', first, directory)
  t.match(none, { status: 1, stderr: new RegExp(`for 1 lines; there are those for ${first}`) })
})

t.test('another record does not extend a checkpoint that was kept', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 9 })
  const other = emptyDirectory(t)
  writeFileSync(join(other, 'signing-key.pem'), readFileSync(join(directory, 'signing-key.pem')), {
    mode: 0o600,
  })
  await sampleRecord(other, { commands: 30 })
  const [mine, theirs] = [directory, other].map((of) => join(of, 'checkpoints', 'checkpoints.txt'))
  const found = await audit('/', 'consistency', mine ?? '', theirs ?? '', other)
  t.match(found, { status: 1, stdout: /✗ not extended .*does not extend the first/ })
  const foreign = emptyDirectory(t)
  await sampleRecord(foreign, { commands: 3 })
  const stranger = join(foreign, 'checkpoints', 'checkpoints.txt')
  const unsigned = await audit('/', 'consistency', stranger, theirs ?? '', other)
  t.match(unsigned, { status: 1, stderr: /not signed by a key that is trusted/ })
})

t.test('wrong usage is 2, and what is no proof is 1', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 3 })
  const key = join(directory, 'signing-key.pub')
  for (const argv of [
    ['consistency'],
    ['consistency', '1'],
    ['consistency', '--verify', key],
    ['consistency', '1', '--verify', key, '--key', key],
    ['consistency', '1', '2', directory, '--format', 'xml'],
  ]) {
    t.match(await audit('/', ...argv), { status: 2, stderr: /./ })
  }
  const rubbish = await audit('/', 'consistency', '--verify', key, '--key', key)
  t.match(rubbish, { status: 1, stdout: /✗ not proven .*JSON/s })
  t.match(await audit('/', 'consistency', key, key, directory), {
    status: 1,
    stderr: /is not a checkpoint/,
  })
})
