// Checksums of IBANs: a digit changed or two swapped is noticed.
import t from 'tap'
import { isIban } from '../../../proxy/labels/iban.js'

t.test('each changed digit and each swap of neighbours is noticed', async (t) => {
  const iban = 'DE89370400440532013000'
  t.ok(isIban(iban))
  for (let at = 2; at < iban.length; at += 1) {
    const digit = Number(iban[at])
    for (let other = 0; other < 10; other += 1) {
      if (other === digit) continue
      t.notOk(isIban(`${iban.slice(0, at)}${other}${iban.slice(at + 1)}`), `${at} ${other}`)
    }
    const [one = '', two = ''] = iban.slice(at, at + 2)
    if (one === two || two === '') continue
    t.notOk(isIban(`${iban.slice(0, at)}${two}${one}${iban.slice(at + 2)}`), `swap at ${at}`)
  }
})
