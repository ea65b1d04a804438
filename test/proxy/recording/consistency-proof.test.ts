// Whoever kept a checkpoint sees whether a later one continues it: roll-backs, cuts and split views show.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { consistencyOf, contradiction } from '../../../proxy/recording/consistency-proof.js'
import { checkedConsistency } from '../../../proxy/recording/proof-file.js'
import { segmentNames } from '../../../proxy/recording/segment.js'
import { keysFor, noteText, signedNotes } from '../../../proxy/recording/trusted-keys.js'
import { emptyDirectory, linesIn, sampleRecord, writeLines } from './sample-record.js'

async function threeRuns(t: Parameters<typeof emptyDirectory>[0]) {
  const directory = emptyDirectory(t)
  for (const commands of [20, 7, 13]) await sampleRecord(directory, { commands })
  const keys = keysFor(directory, undefined)
  const notes = signedNotes(directory, keys)
  return { directory, keys, notes }
}

t.test('each checkpoint extends each earlier one, and the proof stands alone', async (t) => {
  const { directory, keys, notes } = await threeRuns(t)
  t.equal(notes.length, 3)
  for (const [at, first] of notes.entries()) {
    for (const second of notes.slice(at)) {
      const found = consistencyOf(directory, first.checkpoint, second.checkpoint)
      t.match(found, { ok: true })
      const file = {
        first: noteText(first, keys),
        second: noteText(second, keys),
        path: found.path.map((node) => node.toString('base64')),
      }
      t.match(checkedConsistency(Buffer.from(JSON.stringify(file)), keys), { ok: true })
      for (const changed of [
        { ...file, path: [...file.path, file.path[0] ?? Buffer.alloc(32).toString('base64')] },
        { ...file, path: ['x'] },
        { ...file, path: 1 },
        { ...file, first: 'x' },
        { ...file, second: 1 },
        { ...file, second: file.second.replace('\n\n', '\nmore\n\n') },
        null,
      ]) {
        t.match(checkedConsistency(Buffer.from(JSON.stringify(changed)), keys), { ok: false })
      }
    }
  }
  t.match(checkedConsistency(Buffer.from('x'), keys), { ok: false, what: /JSON/ })
})

t.test('a record rolled back and continued does not extend what was kept', async (t) => {
  const { directory, notes } = await threeRuns(t)
  const [first, second] = notes
  if (first === undefined || second === undefined) throw new Error('not signed')
  const other = emptyDirectory(t)
  // Back to what it was after the first run, then others' commands.
  cpSync(directory, other, { recursive: true })
  const names = segmentNames(other)
  for (const name of names.slice(1)) rmSync(join(other, name))
  rmSync(join(other, 'checkpoints'), { recursive: true })
  await sampleRecord(other, { commands: 60 })
  const newest = signedNotes(other, keysFor(other, undefined)).at(-1)
  if (newest === undefined) throw new Error('not signed')
  const found = consistencyOf(other, second.checkpoint, newest.checkpoint)
  t.match(found, { ok: false, what: /does not extend the first/ })
  const shown = consistencyOf(directory, first.checkpoint, {
    ...newest.checkpoint,
    size: second.checkpoint.size,
  })
  t.match(shown, { ok: false, what: /not those of the second/ })
})

t.test('the wrong order, a split view and an edited record are told apart', async (t) => {
  const { directory, notes } = await threeRuns(t)
  const [first, second] = notes.map(({ checkpoint }) => checkpoint)
  if (first === undefined || second === undefined) throw new Error('not signed')
  t.match(consistencyOf(directory, second, first), { ok: false, what: /rolled back/ })
  const split = { ...second, root: Buffer.alloc(32) }
  t.match(contradiction(second, split), /two records were shown as one/)
  t.equal(contradiction(second, second), undefined)
  const [name = ''] = segmentNames(directory)
  const path = join(directory, name)
  writeLines(
    path,
    linesIn(path).map((line, at) => (at === 2 ? line.replace('"time":1', '"time":2') : line)),
  )
  t.match(consistencyOf(directory, first, second), { ok: false, what: /neither/ })
})

t.test('a record that is shorter than the second says how much was removed', async (t) => {
  const { directory, notes } = await threeRuns(t)
  const [first] = notes
  if (first === undefined) throw new Error('not signed')
  const beyond = { size: 100_000, root: Buffer.alloc(32) }
  t.throws(() => consistencyOf(directory, first.checkpoint, beyond), { message: /were removed/ })
})
