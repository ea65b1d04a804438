// Checkpoints are signed notes that other tools can verify, and only whole ones count.
import t from 'tap'
import {
  newSigningKey,
  notesOf,
  readNote,
  signerOf,
  verifierOf,
} from '../../../proxy/recording/signed-note.js'

const checkpoint = { origin: 'x', size: 12, root: Buffer.alloc(32, 7) }

t.test('the example of the signed note specification verifies', async (t) => {
  const verifier = verifierOf('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
  const signature =
    'x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM='
  const note = (text: string) => ({
    checkpoint,
    text,
    signatures: [{ name: 'PeterNeumann', bytes: Buffer.from(signature, 'base64') }],
  })
  const text =
    'If you think cryptography is the answer to your problem,\n' +
    "then you don't know what your problem is.\n"
  t.equal(verifier.verifies(note(text)), true)
  t.equal(verifier.verifies(note(text.replace('is the', 'is no'))), false)
})

t.test('a key whose id does not fit, or of another kind, is refused', async (t) => {
  t.throws(() => verifierOf('PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'))
  t.throws(() => verifierOf('PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'))
  t.throws(() => verifierOf(''))
  t.throws(() => signerOf('no key'))
})

t.test('what was signed is read back, and nothing else verifies', async (t) => {
  const signer = signerOf(newSigningKey())
  const text = signer.signed({ ...checkpoint, origin: signer.name })
  const note = readNote(text)
  if (note === undefined) throw new Error('not read')
  t.same(note.checkpoint, { ...checkpoint, origin: signer.name })
  const verifier = verifierOf(signer.verifierKey)
  t.equal(verifier.verifies(note), true)
  t.equal(verifierOf(signerOf(newSigningKey(), signer.name).verifierKey).verifies(note), false)
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '\n') continue
    const changed = readNote(
      `${text.slice(0, i)}${text[i] === 'A' ? 'B' : 'A'}${text.slice(i + 1)}`,
    )
    if (changed !== undefined && verifier.verifies(changed)) t.fail(`changed at ${i}`)
  }
})

t.test('notes that are not checkpoints are none', async (t) => {
  const root = Buffer.alloc(32).toString('base64')
  const tail = '\n— x AAAA\n'
  for (const body of [
    `x\n1\n${root}\n`,
    `x\n01\n${root}\n`,
    `x\n-1\n${root}\n`,
    `x\n1e3\n${root}\n`,
    `\n1\n${root}\n`,
    `x\n1\nAAAA\n`,
    'x\n',
    '',
  ]) {
    t.equal(
      readNote(body + tail) !== undefined,
      body.startsWith(`x\n1\n${root}`),
      JSON.stringify(body),
    )
  }
  t.equal(readNote(`x\n1\n${root}\n${tail}`.slice(0, -1)), undefined)
})

t.test('a file of notes is read up to a last one that is cut short', async (t) => {
  const signer = signerOf(newSigningKey())
  const note = `${signer.signed(checkpoint)}\n`
  const file = note + note + note
  t.equal([...notesOf(file)].filter((found) => found.note !== undefined).length, 3)
  for (let cut = 1; cut < note.length; cut += 7) {
    const found = [...notesOf(file.slice(0, -cut))]
    t.equal(found.filter(({ note }) => note !== undefined).length, 2)
    t.equal(found.length, 3)
  }
  t.equal([...notesOf('')].length, 0)
  t.equal([...notesOf('\n\n\n')].length, 1)
})
