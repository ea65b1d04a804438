// What a value is: published test numbers pass, their neighbours do not, and nothing that anybody stores makes
// the patterns fail or slow.
import t from 'tap'
import { isIban } from '../../../proxy/labels/iban.js'
import {
  isCard,
  isEmail,
  isPhone,
  isSsn,
  kindOfValue,
  mayBeCard,
  mayBePhone,
  mayBeSsn,
} from '../../../proxy/labels/value-patterns.js'
import { isSecret } from '../../../proxy/labels/secret-patterns.js'
import { isProse, kindsWithin } from '../../../proxy/labels/values-within.js'

t.test('card numbers have an issuer’s prefix, its length and a check digit', async (t) => {
  for (const card of [
    ...['4111111111111111', '4111 1111 1111 1111', '4111-1111-1111-1111', '5555555555554444'],
    ...['2223003122003222', '378282246310005', '6011111111111117', '3530111333300000'],
    ...['30569309025904', '6200000000000005', '4222222222222'],
  ]) {
    t.ok(isCard(card), card)
  }
  for (const other of [
    ...['4111111111111112', '1234567812345670', '0000000000000000', '41111111 11111112'],
    ...['4111  1111 1111 1111', '411111111111111a', '1700000000000', '20240131123045', ''],
  ]) {
    t.notOk(isCard(other), other)
  }
})

t.test(
  'social security numbers have an area, a group and a serial that are given out',
  async (t) => {
    for (const ssn of ['078-05-1120', '219-09-9999', '899-99-9999']) t.ok(isSsn(ssn), ssn)
    for (const other of [
      ...['000-12-3456', '666-12-3456', '900-12-3456', '987-65-4320', '123-00-4567', '123-45-0000'],
      ...['123456789', '123-456-789', ' 123-45-6789', '2024-01-15'],
    ]) {
      t.notOk(isSsn(other), other)
    }
  },
)

t.test('IBANs have the length of their country and the right checksum', async (t) => {
  for (const iban of [
    ...['GB82 WEST 1234 5698 7654 32', 'DE89370400440532013000', 'FR1420041010050500013M02606'],
    ...['NO9386011117947', 'MT84MALT011000012345MTLCAST001S', 'de89 3704 0044 0532 0130 00'],
  ]) {
    t.ok(isIban(iban), iban)
  }
  for (const other of [
    ...['DE89370400440532013001', 'DE8937040044053201300', 'ZZ89370400440532013000', 'DE89'],
    ...['GB82WEST12345698765433', '', 'DE'],
  ]) {
    t.notOk(isIban(other), other)
  }
})

t.test('e-mail addresses have a domain with a top level', async (t) => {
  for (const email of [
    ...['a@b.de', 'ada.lovelace+x@mail.example.co.uk', 'jörg@müller.de', "o'neil@example.com"],
    'x@xn--bcher-kva.example',
  ]) {
    t.ok(isEmail(email), email)
  }
  for (const other of [
    ...['@anna', 'anna@home', 'a@b@c.de', 'a b@c.de', 'a@-b.de', 'a@b.1', '.a@b.de', 'a..b@c.de'],
    ...['left-pad@1.3.0', 'git@host:path', `${'a'.repeat(65)}@b.de`],
  ]) {
    t.notOk(isEmail(other), other)
  }
})

t.test('phone numbers have a plus or are grouped as in North America', async (t) => {
  for (const phone of [
    ...['+49 30 1234567', '+14155552671', '(415) 555-2671', '415-555-2671', '+1 415 555 2671'],
    ...['+44 (0)20 7946 0958', '415.555.2671 x12'],
  ]) {
    t.ok(isPhone(phone), phone)
  }
  for (const other of [
    '4155552671',
    '030 1234567',
    '+0123456789',
    '+123',
    '115-555-2671',
    '1.2.3',
  ]) {
    t.notOk(isPhone(other), other)
  }
  t.ok(mayBePhone('030 1234567'))
  t.ok(mayBeSsn('123456789'))
  t.ok(mayBeCard('1234567812345678'))
})

t.test('secrets have the form that their maker gave them', async (t) => {
  // Put together here, so that nobody’s scanner takes them for real ones.
  const join = (...parts: readonly string[]): string => parts.join('')
  for (const secret of [
    join('-----BEGIN RSA ', 'PRIVATE', ' KEY-----\nMII'),
    join('AKIA', 'IOSFODNN7EXAMPLE'),
    join('eyJhbGciOiJub25lIn0', '.eyJzdWIiOiJ4eHgifQ.', 'c2lnbmF0dXJlLXNpZ25hdHVyZQ'),
    join('gh', 'p_', 'a1'.repeat(18)),
    join('sk', '_live_', 'a1'.repeat(12)),
    join('xox', 'b-', '1234567890-abcdefghij'),
    join('$2', 'b$12$', 'a'.repeat(53)),
    join('$argon2id', '$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA'),
    join('SCRAM-SHA-256$4096:', 'c2FsdA==$stored:server'),
    join('postgres://app:', 'hunter2', '@db.example/shop'),
  ]) {
    t.ok(isSecret(secret), secret.slice(0, 12))
  }
  for (const other of [
    ...['d41d8cd98f00b204e9800998ecf8427e', '3f2504e0-4f89-11d3-9a0c-0305e82c3301'],
    ...['-----BEGIN CERTIFICATE-----', 'https://example.com/a:b@c', 'skeleton-of-something-long'],
  ]) {
    t.notOk(isSecret(other), other)
  }
})

t.test('longer texts are searched for what stands in them', async (t) => {
  const text =
    'Call +49 30 1234567 or write to ada@example.com. Card 4111 1111 1111 1111, account DE89 3704 0044 0532 0130 00; ssn 078-05-1120!'
  t.same([...kindsWithin(text)].sort(), ['card', 'email', 'iban', 'phone', 'ssn'])
  t.same([...kindsWithin('the order 4111111111111112 left on 2024-01-15')], [])
  t.ok(isProse('the parcel was left'))
  t.notOk(isProse('open'))
})

// Mulberry32, so that a failure can be repeated.
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

t.test(
  '100,000 arbitrary texts: no failure, and what is found is of the stated form',
  async (t) => {
    const next = chance(20261124)
    const pick = (from: readonly string[]): string => from[Math.floor(next() * from.length)] ?? ''
    const pieces = [
      ...[
        '4',
        '5',
        '37',
        '0',
        '9',
        ' ',
        '-',
        '+',
        '(',
        ')',
        '.',
        '@',
        'DE',
        'GB',
        'a',
        'Z',
        'é',
        '\u0000',
      ],
      ...[
        '😀',
        '\ud800',
        '\n',
        '"',
        '$2b$',
        'eyJ',
        'AKIA',
        '-----BEGIN ',
        'PRIVATE KEY-----',
        '://',
        ':',
      ],
      ...['example.com', '4111111111111111', '078-05-1120', 'DE89370400440532013000', '\u202e'],
    ]
    let found = 0
    for (let at = 0; at < 100_000; at += 1) {
      const length = Math.floor(next() * 24)
      const text = Array.from({ length }, () => pick(pieces)).join('')
      const kind = kindOfValue(text)
      kindsWithin(text)
      if (kind === undefined) continue
      found += 1
      if (kind === 'card' && !/^\s*[\d -]+\s*$/.test(text)) t.fail(JSON.stringify(text))
      if (kind === 'email' && !text.includes('@')) t.fail(JSON.stringify(text))
    }
    t.ok(found > 100, `${found} were something`)
  },
)

t.test('time grows with the text, not faster, and long texts are looked at in part', async (t) => {
  const texts = [
    ...[
      '4',
      '4 ',
      '4-',
      'a',
      'a@',
      '@',
      'a.',
      '-',
      'DE12 ',
      '+1 ',
      '(',
      ' ',
      'A1 ',
      '$',
      'eyJ.',
      'ey',
    ],
    ...['-----BEGIN ', 'a:', '://', 'x: ', '\n', 'é', 'PRIVATE '],
  ]
  for (const piece of texts) {
    const long = piece.repeat(Math.ceil(1_000_000 / piece.length))
    const begin = performance.now()
    kindOfValue(long)
    kindOfValue(long.slice(0, 320))
    kindsWithin(long)
    isProse(long)
    const tookMs = performance.now() - begin
    // Of a million characters, with room for a busy machine; what grew faster would take minutes.
    t.ok(tookMs < 5_000, `${JSON.stringify(piece)} takes ${tookMs.toFixed(1)} ms`)
  }
})
