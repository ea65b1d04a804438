// A receipt says what the record says, in exactly one spelling: whatever is changed in it is found and named.
import t from 'tap'
import type { Receipt } from '../../../engine/schemas/receipt.js'
import { checkedReceipt } from '../../../proxy/recording/check-receipt.js'
import { newSigningKey, readNote, signerOf } from '../../../proxy/recording/signed-note.js'
import { trustedKeys } from '../../../proxy/recording/trusted-keys.js'
import { decidedRecord, publicKey, receiptFrom } from './receipt-lab.js'
import { emptyDirectory } from './sample-record.js'

const NAME = { session: 's1', command: 7 }

async function receipted(t: Parameters<typeof emptyDirectory>[0]) {
  const directory = emptyDirectory(t)
  await decidedRecord(directory)
  const bytes = receiptFrom(directory, NAME)
  const receipt = JSON.parse(bytes.toString('utf8')) as Receipt
  const keys = trustedKeys(publicKey(directory))
  return { directory, bytes, receipt, keys }
}

const written = (receipt: object): Buffer => Buffer.from(`${JSON.stringify(receipt, null, 2)}\n`)

t.test('an untouched receipt is good, and says what was decided', async (t) => {
  const { bytes, keys, receipt } = await receipted(t)
  const check = checkedReceipt(bytes, keys)
  t.match(check, { ok: true, told: { command: NAME, bundle: { fuel: 5_000_000 } } })
  t.match(checkedReceipt(bytes), { ok: true })
  t.match(receipt, { receipt: 1, entrypoint: 'decision', facts: { identity: { name: 'alice' } } })
  t.same(written(receipt), bytes)
})

t.test('each member, changed, dropped or added, is named', async (t) => {
  const { receipt, keys } = await receipted(t)
  let changes = 0
  const walk = (value: unknown, path: readonly string[], put: (other: unknown) => object): void => {
    const others: unknown[] = [null, 'x', 1, {}, []]
    if (typeof value === 'string')
      others.push(`${value} `, value.slice(1), value.replace(/\d/, '7'))
    if (typeof value === 'number') others.push(value + 1, -value)
    if (typeof value === 'boolean') others.push(!value)
    if (typeof value === 'object' && value !== null) others.push({ ...value, more: 1 })
    if (Array.isArray(value)) others.push([...value, value[0] ?? 'x'], value.slice(1))
    for (const other of [...others, undefined]) {
      if (JSON.stringify(other) === JSON.stringify(value)) continue
      const check = checkedReceipt(written(put(other)), keys)
      changes += 1
      if (check.ok) t.fail(`${path.join('.')} became ${JSON.stringify(other)}`)
      else if (check.at === '' || check.what === '') t.fail(`${path.join('.')}: no words`)
      else {
        // What is named is what was changed, or the file as a whole where its form is broken.
        const [top = ''] = path
        const named = check.at.includes(top) || top === 'receipt' || check.at === 'the file'
        if (path.length > 0 && !named) t.fail(`${path.join('.')}: ${check.at} ${check.what}`)
      }
    }
    if (typeof value !== 'object' || value === null) return
    for (const [name, member] of Object.entries(value)) {
      walk(member, [...path, name], (other) =>
        put(
          Array.isArray(value)
            ? value.map((item: unknown, at) => (String(at) === name ? other : item))
            : { ...value, [name]: other },
        ),
      )
    }
  }
  walk(receipt, [], (other) => Object(other) as object)
  t.ok(changes > 700, `${changes} changes`)
})

t.test('every byte counts: no flip of one bit, and no other spelling, is good', async (t) => {
  const { bytes, receipt, keys } = await receipted(t)
  for (let at = 0; at < bytes.length; at += 1) {
    const copy = Buffer.from(bytes)
    copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8))
    if (checkedReceipt(copy, keys).ok) t.fail(`byte ${at}`)
  }
  const text = bytes.toString('utf8')
  for (const other of [
    JSON.stringify(receipt),
    `${text}\n`,
    text.trimEnd(),
    `\ufeff${text}`,
    text.replace('alice', '\\u0061lice'),
    text.replace('"receipt": 1', '"receipt": 2,\n  "receipt": 1'),
    text.replace('"receipt": 1', '"receipt": 1.0'),
  ]) {
    t.match(checkedReceipt(Buffer.from(other), keys), { ok: false, at: /byte \d+|the file/ })
  }
})

t.test('a receipt that somebody else signed is good only for who trusts them', async (t) => {
  const { directory, receipt, keys } = await receipted(t)
  const note = readNote(receipt.checkpoint)
  if (note === undefined) throw new Error('no note')
  const forger = signerOf(newSigningKey())
  const checkpoint = forger.signed({ ...note.checkpoint, origin: forger.name })
  const forged = written({ ...receipt, key: forger.verifierKey, checkpoint })
  t.match(checkedReceipt(forged, keys), { ok: false, at: 'key', what: /none of the keys/ })
  t.match(checkedReceipt(forged), { ok: true }, 'why --key matters')
  const asOurs = written({ ...receipt, checkpoint })
  t.match(checkedReceipt(asOurs, keys), { ok: false, at: 'checkpoint' })
  // One more signature, whoever made it, is bytes that nobody vouches for.
  const [, , more = ''] = checkpoint.split('\n\n')
  const two = written({ ...receipt, checkpoint: `${receipt.checkpoint}${more}— x AAAA\n` })
  t.match(checkedReceipt(two, keys), { ok: false, at: 'checkpoint' })
  t.ok(directory)
})

t.test('lines of another decision, or in another role, do not pass', async (t) => {
  const { directory, receipt, keys } = await receipted(t)
  const other = JSON.parse(
    receiptFrom(directory, { session: 's1', command: 8 }).toString('utf8'),
  ) as Receipt
  const { lines } = receipt
  for (const [changed, at] of [
    [{ ...lines, command: other.lines.command }, /facts|decision|byte/],
    [{ ...lines, command: lines.base }, /lines.command/],
    [{ ...lines, base: lines.facts }, /lines.base/],
    [{ ...lines, decision: lines.base }, /lines.decision/],
    [{ ...lines, bundle: lines.command }, /lines.bundle/],
    [{ ...lines, base: { ...lines.base, path: lines.facts.path } }, /lines.base/],
  ] as const) {
    t.match(checkedReceipt(written({ ...receipt, lines: changed }), keys), { ok: false, at })
  }
})

t.test('hostile documents are refused with words', async (t) => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  for (const text of ['', 'null', '[]', '{}', '{"receipt":1}', `{"facts":${deep}}`, deep]) {
    t.match(checkedReceipt(Buffer.from(text)), { ok: false, at: /./, what: /./ })
  }
  const { receipt, keys } = await receipted(t)
  const facts = `{"a":${deep}}`
  const text = JSON.stringify({ ...receipt, facts: {} }, null, 2).replace(
    '"facts": {}',
    `"facts": ${facts}`,
  )
  t.match(checkedReceipt(Buffer.from(`${text}\n`), keys), { ok: false, at: 'facts' })
})
