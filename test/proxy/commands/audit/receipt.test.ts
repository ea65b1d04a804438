// A receipt goes to somebody without a record or a gateway, and still says whether the decision was that.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { newSigningKey, signerOf } from '../../../../proxy/recording/signed-note.js'
import { buildBundle } from '../../../../proxy/policies/build.js'
import { LIBRARY, opaPath } from '../../../rego/library.js'
import { decidedRecord, publicKey } from '../../recording/receipt-lab.js'
import { emptyDirectory } from '../../recording/sample-record.js'
import { audit } from '../audit-lab.js'

async function receipted(t: Parameters<typeof emptyDirectory>[0]) {
  const directory = emptyDirectory(t)
  await decidedRecord(directory)
  const away = emptyDirectory(t)
  const at = (name: string): string => join(away, name)
  writeFileSync(at('key.pub'), publicKey(directory))
  writeFileSync(at('bundle.tar.gz'), await buildBundle({ opa: await opaPath(), folder: LIBRARY }))
  const made = await audit(away, 'receipt', 's1/7', directory, '--output', 'receipt.json')
  return { directory, away, at, made }
}

t.test('a receipt is written, checked and executed again, by its files alone', async (t) => {
  const { directory, away, at, made } = await receipted(t)
  t.match(made, { status: 0, stdout: /✓ written  receipt.json\n.*alice on shop, session s1/ })
  const printed = await audit(away, 'receipt', 's1/7', directory)
  t.equal(printed.stdout, readFileSync(at('receipt.json'), 'utf8'))
  const good = await audit(away, 'receipt', '--verify', 'receipt.json', '--key', 'key.pub')
  t.match(good, { status: 0, stdout: /✓ as recorded/ })
  t.notMatch(good.stdout, /give --key/)
  const own = await audit(away, 'receipt', '--verify', 'receipt.json')
  t.match(own, { status: 0, stdout: /signed by the key that it names itself.*give --key/ })
  const argv = ['recheck', '--receipt', 'receipt.json', '--bundle', 'bundle.tar.gz']
  const again = await audit(away, ...argv, '--key', 'key.pub')
  t.match(again, { status: 0, stdout: /✓ the same  receipt.json/ })
  const json = await audit(away, ...argv, '--format', 'json')
  t.match(JSON.parse(json.stdout), { ok: true, session: 's1', command: 7, notes: [/give --key/] })
})

t.test('a changed receipt, another key and another bundle are named', async (t) => {
  const { away, at } = await receipted(t)
  const text = readFileSync(at('receipt.json'), 'utf8')
  writeFileSync(at('changed.json'), text.replace('"action": "mask-fields"', '"action": "deny"'))
  const argv = ['--bundle', 'bundle.tar.gz', '--key', 'key.pub']
  const changed = await audit(away, 'recheck', '--receipt', 'changed.json', ...argv)
  t.match(changed, { status: 1, stdout: /✗ not good  changed.json\n  decision: / })
  writeFileSync(at('stranger.pub'), signerOf(newSigningKey()).verifierKey)
  const stranger = ['receipt', '--verify', 'receipt.json', '--key', 'stranger.pub']
  t.match(await audit(away, ...stranger), { status: 1, stdout: /key: .*none of the keys/ })
  const json = await audit(away, ...stranger, '--format', 'json')
  t.match(JSON.parse(json.stdout), { ok: false, at: 'key', what: /none of the keys/ })
  writeFileSync(at('other.tar.gz'), 'x')
  const other = ['recheck', '--receipt', 'receipt.json', '--bundle', 'other.tar.gz']
  t.match(await audit(away, ...other), { status: 1, stderr: /other.tar.gz: / })
})

t.test('wrong usage is 2, what is not there is 1', async (t) => {
  const { directory, away } = await receipted(t)
  for (const argv of [
    ['receipt'],
    ['receipt', 'x', directory],
    ['receipt', '1', '--verify', 'receipt.json'],
    ['recheck', '--receipt', 'receipt.json'],
    ['recheck', directory, '--receipt', 'receipt.json', '--bundle', 'bundle.tar.gz'],
    ['recheck', directory, '--key', 'key.pub'],
    ['recheck', directory, '--fuel', '0'],
  ]) {
    t.match(await audit(away, ...argv), { status: 2, stderr: /./ })
  }
  t.match(await audit(away, 'receipt', '0', directory), {
    status: 1,
    stderr: /not that of a command/,
  })
  t.match(await audit(away, 'receipt', '--verify', 'nowhere'), {
    status: 1,
    stderr: /cannot be read/,
  })
})
