// The last net: values that look protected are overwritten in place, and what only resembles them stays.
import t from 'tap'
import type { Pattern } from '../../../../engine/facts/postgres/exit-masks.js'
import type { Mask } from '../../../../engine/schemas/decision.js'
import { caught } from '../../../../proxy/protocols/postgres/net.js'

function net(text: string, pattern: Pattern, mask: Partial<Mask> = {}): string {
  const bytes = Buffer.from(text)
  const patterns = [
    { pattern, mask: { match: `pattern:${pattern}`, method: 'redact', ...mask } as const },
  ]
  caught(bytes, 0, bytes.length, patterns)
  return bytes.toString()
}

t.test('social security numbers', async (t) => {
  t.equal(net('ssn 123-45-6789, ok', 'ssn'), 'ssn ***********, ok')
  t.equal(net('1123-45-6789', 'ssn'), '1123-45-6789')
  t.equal(net('123-45-6789', 'ssn', { method: 'partial', keep: 4 }), '*******6789')
})

t.test('card numbers that pass their check digit', async (t) => {
  t.equal(net('pay 4111 1111 1111 1111 now', 'card'), `pay ${'*'.repeat(19)} now`)
  t.equal(net('4111-1111-1111-1111', 'card'), '*'.repeat(19))
  t.equal(net('4111111111111112', 'card'), '4111111111111112')
  t.equal(net('0.0000000000000000', 'card'), '0.0000000000000000')
})

t.test('addresses', async (t) => {
  t.equal(net('to ann@example.org.', 'email'), 'to ***************.')
  t.equal(net('a @ b', 'email'), 'a @ b')
})

t.test('account numbers that pass their check digits', async (t) => {
  t.equal(net('DE89 3704 0044 0532 0130 00', 'iban'), '*'.repeat(27))
  t.equal(net('DE88370400440532013000', 'iban'), 'DE88370400440532013000')
})

t.test('bytes outside the range stay untouched', async (t) => {
  const bytes = Buffer.from('123-45-6789 123-45-6789')
  const patterns = [{ pattern: 'ssn', mask: { match: 'pattern:ssn', method: 'redact' } }] as const
  t.equal(caught(bytes, 0, 11, patterns), 1)
  t.equal(bytes.toString(), '*********** 123-45-6789')
})

t.test('any bytes are looked at without harm', async (t) => {
  let seed = 3
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(
      Array.from({ length: 40 }, () => {
        seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
        return '0123456789- @.AZ\xff'.charCodeAt((seed >>> 8) % 17)
      }),
    )
    const before = bytes.length
    for (const pattern of ['ssn', 'card', 'email', 'iban'] as const) {
      caught(bytes, 0, bytes.length, [{ pattern, mask: { match: 'x', method: 'redact' } }])
    }
    if (bytes.length !== before) t.fail('the length changed')
  }
})

t.test('values are found wherever they stand in a text, of whatever length', async (t) => {
  const found = {
    ssn: '123-45-6789',
    card: '4111 1111 1111 1111',
    email: 'ann@example.org',
    iban: 'DE89370400440532013000',
  } as const
  let seed = 11
  const filler = (length: number): string =>
    Array.from({ length }, () => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return 'abxyz -–_.,;/AZ'.charAt((seed >>> 8) % 15)
    }).join('')
  for (const pattern of ['ssn', 'card', 'email', 'iban'] as const) {
    for (let before = 0; before < 40; before++) {
      for (const after of [0, 1, 7, 150]) {
        const text = `${filler(before)}|${found[pattern]}|${filler(after)}`
        if (net(text, pattern).includes(found[pattern])) t.fail(`${pattern} in ${text}`)
      }
    }
  }
})

t.test('a date is not taken for the beginning of a social security number', async (t) => {
  t.equal(net('2026-01-31', 'ssn'), '2026-01-31')
  t.equal(net('2026-01-31 123-45-6789', 'ssn'), '2026-01-31 ***********')
})
