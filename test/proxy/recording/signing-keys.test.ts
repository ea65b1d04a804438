// A record may be signed by another key than before; who trusts the old one sees whether it agreed.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { checkedReceipt } from '../../../proxy/recording/check-receipt.js'
import { consistencyOf } from '../../../proxy/recording/consistency-proof.js'
import { recordLines } from '../../../proxy/recording/read-record.js'
import { checkpointText, newSigningKey, notesOf } from '../../../proxy/recording/signed-note.js'
import { signerOf } from '../../../proxy/recording/signed-note.js'
import { announcedKey, signingKeys } from '../../../proxy/recording/signing-keys.js'
import {
  keysFor,
  noteText,
  signedNotes,
  trustedKeys,
} from '../../../proxy/recording/trusted-keys.js'
import { verifyRecord } from '../../../proxy/recording/verify.js'
import { decidedRecord, publicKey, receiptFrom } from './receipt-lab.js'
import { emptyDirectory, sampleRecord } from './sample-record.js'

const [FIRST, SECOND, THIRD] = [newSigningKey(), newSigningKey(), newSigningKey()]

const notesIn = (directory: string) => [
  ...notesOf(readFileSync(join(directory, 'checkpoints', 'checkpoints.txt'), 'utf8')),
]

async function rotations(directory: string) {
  const found: object[] = []
  for await (const { line } of recordLines(directory)) {
    if (line.kind === 'gateway' && line.event === 'key_rotated') found.push(line)
  }
  return found
}

t.test('who trusts the first key alone follows it from key to key', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 5, signingKey: FIRST })
  const publicKey = readFileSync(join(directory, 'signing-key.pub'), 'utf8')
  await sampleRecord(directory, { commands: 5, signingKey: `${SECOND}${FIRST}` })
  await sampleRecord(directory, { commands: 5, signingKey: SECOND })
  await sampleRecord(directory, { commands: 5, signingKey: `${THIRD}${SECOND}` })
  await sampleRecord(directory, { commands: 5, signingKey: `${THIRD}${SECOND}` })
  const lines = await rotations(directory)
  const [one, two, three] = trustedKeys(readFileSync(join(directory, 'signing-key.pub'), 'utf8'))
  t.match(lines, [
    { from: one?.text, to: two?.text, detail: undefined },
    { from: two?.text, to: three?.text },
  ])
  t.equal(lines.length, 2)
  const found = await verifyRecord({ directory, publicKey })
  t.match(found, { ok: true, checkpoints: 5, notes: [/key_rotated: signed by/, /key_rotated/] })
  t.equal(found.signed, found.lines)
  const notes = notesIn(directory).map(({ note }) => note)
  t.same(
    notes.map((note) => note?.signatures.length),
    [1, 2, 1, 2, 1],
  )
  t.equal(new Set(notes.map((note) => note?.checkpoint.origin)).size, 1, 'one name throughout')
  // Proofs and receipts rest on the same chain of keys.
  const keys = keysFor(directory, publicKey)
  t.equal(keys.length, 3)
  const [early, , , , late] = signedNotes(directory, trustedKeys(publicKey))
  if (early === undefined || late === undefined) throw new Error('not signed')
  t.equal(consistencyOf(directory, early.checkpoint, late.checkpoint).ok, true)
})

t.test('a receipt under a checkpoint of two signatures carries the one it names', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 2 })
  const old = publicKey(directory)
  await sampleRecord(directory, { commands: 2, signingKey: SECOND })
  t.match(notesIn(directory).at(-1)?.note?.signatures, { length: 2 }, 'its own key vouched')
  await decidedRecord(directory)
  const name = { session: 's1', command: 3 }
  const back = receiptFrom(directory, name)
  t.match(checkedReceipt(back, keysFor(directory, old)), { ok: true })
  t.match(checkedReceipt(back, trustedKeys(publicKey(directory))), { ok: true })
})

t.test(
  'a key that the old one does not vouch for is said to be one, and not followed',
  async (t) => {
    const directory = emptyDirectory(t)
    await sampleRecord(directory, { commands: 5, signingKey: FIRST })
    const publicKey = readFileSync(join(directory, 'signing-key.pub'), 'utf8')
    await sampleRecord(directory, { commands: 5, signingKey: SECOND })
    t.match(await rotations(directory), [{ detail: /not at hand/ }])
    t.match(await verifyRecord({ directory }), { ok: true, notes: [/not at hand/] })
    const found = await verifyRecord({ directory, publicKey })
    t.match(found, { ok: false, problem: { what: /checkpoint 2 is not signed by a key/ } })
  },
)

t.test('no stranger puts a key into the chain', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 5, signingKey: FIRST })
  const path = join(directory, 'signing-key.pub')
  const publicKey = readFileSync(path, 'utf8')
  const [{ note } = { note: undefined }] = notesIn(directory)
  if (note === undefined) throw new Error('not signed')
  const stranger = signerOf(THIRD, note.checkpoint.origin)
  const file = join(directory, 'checkpoints', 'checkpoints.txt')
  const whole = readFileSync(file, 'utf8')
  appendFileSync(path, `${stranger.verifierKey}\n`)
  const extensions = [`next-key ${stranger.verifierKey}`]
  const text = checkpointText({ ...note.checkpoint, extensions })
  const theirs = noteText(note, trustedKeys(publicKey)).split('\n\n')[1] ?? ''
  const forgeries = [
    // Signed by the stranger alone; with the old key's signature of another text; a line more.
    `${text}\n${stranger.signatureLine(text)}\n`,
    `${text}\n${theirs}${stranger.signatureLine(text)}\n`,
    `${note.text}\n${stranger.signatureLine(note.text)}\n`,
  ]
  for (const forged of forgeries) {
    writeFileSync(file, `${whole}${forged}`)
    t.match(await verifyRecord({ directory, publicKey }), { ok: false })
    t.equal(keysFor(directory, publicKey).length, 1)
  }
  // A stranger's signature beside a good one does not make the stranger's key a good one.
  writeFileSync(file, whole.replace(/\n\n$/, `\n${stranger.signatureLine(note.text)}\n`))
  t.match(await verifyRecord({ directory, publicKey }), { ok: true })
  t.equal(keysFor(directory, publicKey).length, 1)
  t.equal(announcedKey(note), undefined)
})

t.test('the announcement is repeated until it is on the disk', async (t) => {
  const directory = emptyDirectory(t)
  await sampleRecord(directory, { commands: 2, signingKey: FIRST })
  const last = notesIn(directory).at(-1)?.note
  const { signer, kept, rotation } = signingKeys(directory, `${SECOND}${FIRST}`, last)
  t.match(rotation, { proven: true })
  const head = { origin: signer.name, size: 9, root: Buffer.alloc(32) }
  for (const note of [signer.signed(head), signer.signed(head)]) {
    t.match(note, /\nnext-key sallyport-record-[^\n]+\n\n— .*\n— .*\n$/)
  }
  kept('')
  t.notMatch(signer.signed(head), /next-key/)
})
