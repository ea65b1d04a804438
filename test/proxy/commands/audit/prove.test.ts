// A line is proven by its number or its command, and the file is checked by whoever has the public key.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { segmentNames } from '../../../../proxy/recording/segment.js'
import { newSigningKey, signerOf } from '../../../../proxy/recording/signed-note.js'
import { emptyDirectory, sampleRecord } from '../../recording/sample-record.js'
import { audit } from '../audit-lab.js'

async function material(t: Parameters<typeof emptyDirectory>[0]) {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 25 })
  const away = emptyDirectory(t)
  const key = join(away, 'key.pub')
  writeFileSync(key, readFileSync(join(directory, 'signing-key.pub')))
  const kept = join(away, 'kept.txt')
  writeFileSync(kept, readFileSync(join(directory, 'checkpoints', 'checkpoints.txt')))
  await sampleRecord(directory, { commands: 5 })
  return { directory, away, key, kept }
}

t.test('a proof, in each form, is made here and checked elsewhere', async (t) => {
  const { directory, away, key, kept } = await material(t)
  const pretty = await audit('/', 'prove', '4', directory)
  t.match(pretty, { status: 0, stdout: /✓ proven .*line 4 of the \d+.*path/s })
  for (const format of ['json', 'tlog']) {
    const file = join(away, format)
    const argv = ['prove', '7', directory, '--format', format]
    const printed = await audit('/', ...argv)
    t.equal((await audit('/', ...argv, '--output', file)).status, 0)
    t.equal(readFileSync(file, 'utf8'), printed.stdout)
    const check = ['prove', '--verify', file, '--key', key]
    t.match(await audit('/', ...check), { status: 0, stdout: /✓ proven .*line 7 of/s })
    const json = await audit('/', ...check, '--format', 'json')
    t.match(JSON.parse(json.stdout), { ok: true, seq: 7 })
    const other = await audit('/', ...check, '--checkpoint', kept)
    t.match(other, { status: 1, stdout: /✗ not proven .*not the one given/s })
    const older = ['prove', '7', '--record', directory, '--format', format, '--output', file]
    t.equal((await audit('/', ...older, '--checkpoint', kept)).status, 0)
    t.equal((await audit('/', ...check, '--checkpoint', kept)).status, 0)
    writeFileSync(file, readFileSync(file, 'utf8').replace('7', '8'))
    t.match(await audit('/', ...check), { status: 1, stdout: /✗ not proven/ })
    const words = await audit('/', ...check, '--format', 'json')
    t.match(JSON.parse(words.stdout), { ok: false, what: /./ })
  }
})

t.test('a proof needs a line that is covered, a key that is trusted, a whole record', async (t) => {
  const { directory, away, key, kept } = await material(t)
  // Both runs have a command 3 of session s1.
  const twice = await audit('/', 'prove', 's1/3', directory)
  t.match(twice, { status: 1, stderr: /on the lines \d+, \d+: name one/ })
  const first = await audit('/', 'prove', 's1/3', directory, '--checkpoint', kept)
  t.match(first, { status: 0, stdout: /SELECT 3/ })
  t.match(await audit('/', 'prove', '9999', directory), { status: 1, stderr: /9999 is not among/ })
  t.match(await audit('/', 'prove', 's2/1', directory), { status: 1, stderr: /session s2 is not/ })
  const stranger = join(away, 'stranger.pub')
  writeFileSync(stranger, signerOf(newSigningKey()).verifierKey)
  const unsigned = await audit('/', 'prove', '1', directory, '--key', stranger)
  t.match(unsigned, { status: 1, stderr: /no checkpoint that is signed by a key that is trusted/ })
  const segment = join(directory, segmentNames(directory)[0] ?? '')
  t.match(await audit('/', 'prove', '1', segment), { status: 2, stderr: /one segment/ })
  for (const argv of [
    ['prove'],
    ['prove', 'x', directory],
    ['prove', '1', directory, 'more'],
    ['prove', '1', directory, '--format', 'xml'],
    ['prove', '--verify', kept],
    ['prove', '1', '--verify', kept, '--key', key],
  ]) {
    t.match(await audit('/', ...argv), { status: 2, stderr: /./ })
  }
  writeFileSync(join(away, 'empty'), '')
  const empty = ['prove', '--verify', kept, '--key', join(away, 'empty')]
  t.match(await audit('/', ...empty), { status: 1, stderr: /no public key/ })
})
