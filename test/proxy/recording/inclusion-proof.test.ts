// Any line of a record can be shown to somebody who has nothing but the public key, and nothing else passes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  checkedProof,
  proofJson,
  provenLines,
  readProof,
  tlogProofText,
} from '../../../proxy/recording/inclusion-proof.js'
import { segmentNames } from '../../../proxy/recording/segment.js'
import { newSigningKey, signerOf } from '../../../proxy/recording/signed-note.js'
import {
  keptNote,
  keysFor,
  noteText,
  signedNotes,
  trustedKeys,
} from '../../../proxy/recording/trusted-keys.js'
import { emptyDirectory, linesIn, sampleRecord, writeLines } from './sample-record.js'

async function signedRecord(t: Parameters<typeof emptyDirectory>[0]) {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 20 })
  await sampleRecord(directory, { commands: 10 })
  const keys = keysFor(directory, undefined)
  const notes = signedNotes(directory, keys)
  const checkpoint = (at: number) => {
    const note = notes.at(at)
    if (note === undefined) throw new Error('not signed')
    return { note, text: noteText(note, keys) }
  }
  return { directory, keys, newest: checkpoint(-1), oldest: checkpoint(0) }
}

t.test('every line is proven under the newest checkpoint, in both forms', async (t) => {
  const { directory, keys, newest } = await signedRecord(t)
  const { size } = newest.note.checkpoint
  const seqs = Array.from({ length: size }, (_, seq) => seq)
  const proofs = provenLines(directory, seqs, newest)
  t.equal(proofs.length, size)
  for (const proof of proofs) {
    for (const text of [tlogProofText(proof), `${JSON.stringify(proofJson(proof))}\n`]) {
      const read = readProof(Buffer.from(text))
      if (typeof read === 'string') throw new Error(read)
      const check = checkedProof(read, keys, newest.note)
      if (!check.ok) t.fail(`${proof.seq}: ${check.what}`)
      t.same(read.line, proof.line)
    }
  }
})

t.test('a line is proven under an older checkpoint only where that covers it', async (t) => {
  const { directory, keys, oldest, newest } = await signedRecord(t)
  const { size } = oldest.note.checkpoint
  const [proof] = provenLines(directory, [size - 1], oldest)
  if (proof === undefined) throw new Error('no proof')
  t.equal(checkedProof(proof, keys).ok, true)
  t.match(checkedProof(proof, keys, newest.note), { ok: false, what: /not the one given/ })
  t.throws(() => provenLines(directory, [size], oldest), { code: 'not_found' })
})

t.test('a changed line, place, path or signature proves nothing', async (t) => {
  const { directory, keys, newest } = await signedRecord(t)
  const [proof, other] = provenLines(directory, [7, 8], newest)
  if (proof === undefined || other === undefined) throw new Error('no proof')
  const line = Buffer.from(proof.line.toString('utf8').replace('1', '2'))
  const stranger = signerOf(newSigningKey(), newest.note.checkpoint.origin)
  for (const changed of [
    { ...proof, line },
    { ...proof, seq: 8 },
    { ...proof, path: other.path },
    { ...proof, path: proof.path.slice(1) },
    { ...proof, note: stranger.signed(newest.note.checkpoint) },
    { ...proof, note: 'x' },
  ]) {
    t.equal(checkedProof(changed, keys).ok, false)
  }
  t.equal(checkedProof(proof, trustedKeys(stranger.verifierKey)).ok, false)
})

t.test('a changed byte of a proof never proves another line', async (t) => {
  const { directory, keys, newest } = await signedRecord(t)
  const [proof] = provenLines(directory, [11], newest)
  if (proof === undefined) throw new Error('no proof')
  for (const text of [tlogProofText(proof), JSON.stringify(proofJson(proof))]) {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; at += 1) {
      const copy = Buffer.from(bytes)
      copy[at] = (copy[at] ?? 0) ^ 1
      const read = readProof(copy)
      if (typeof read === 'string') continue
      const check = checkedProof(read, keys)
      const same = read.seq === proof.seq && read.line.equals(proof.line)
      if (check.ok && !same) t.fail(`byte ${at}`)
    }
  }
  t.pass()
})

t.test('no proof is made of a record that was changed, cut, or lost a segment', async (t) => {
  const { directory, newest } = await signedRecord(t)
  const [first = '', second = ''] = segmentNames(directory)
  const path = join(directory, first)
  const lines = linesIn(path)
  writeLines(path, [lines[0] ?? '', (lines[1] ?? '').replace('"time":1', '"time":2')])
  t.throws(() => provenLines(directory, [0], newest), { code: 'record_damaged' })
  writeLines(
    path,
    lines.map((line, at) => (at === 3 ? line.replace('"time":1', '"time":2') : line)),
  )
  t.throws(() => provenLines(directory, [0], newest), {
    code: 'record_damaged',
    message: /not those that the checkpoint was signed over/,
  })
  writeLines(path, lines)
  t.equal(provenLines(directory, [0], newest).length, 1)
  writeFileSync(join(directory, second), '')
  t.throws(() => provenLines(directory, [0], newest), { code: 'record_damaged' })
})

t.test('bytes that are no proof are refused with words', async (t) => {
  for (const text of [
    '',
    'x',
    'null',
    '{}',
    '{"seq":1}',
    '{"seq":-1,"line":""}',
    '{"seq":1,"line":"x","path":[1],"checkpoint":""}',
    '{"seq":1,"line":"x","path":[],"checkpoint":""}',
    'c2sp.org/tlog-proof@v1\n',
    'c2sp.org/tlog-proof@v1\nindex 1\n\nx',
    'c2sp.org/tlog-proof@v1\nextra AA\nindex 1\n\nx',
    'c2sp.org/tlog-proof@v1\nextra AAAA\nindex 01\n\nx',
    'c2sp.org/tlog-proof@v1\nextra AAAA\nindex 1\nAAAA\n\nx',
  ]) {
    const read = readProof(Buffer.from(text))
    t.equal(
      typeof read === 'string' ? 'words' : checkedProof(read, []).ok,
      typeof read === 'string' ? 'words' : false,
    )
  }
  t.type(readProof(Buffer.of(0xff, 0xfe)), 'string')
  t.equal(keptNote('x'), undefined)
})
