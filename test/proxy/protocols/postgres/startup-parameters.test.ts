// What a client may set before it is known. Each startup message is bytes, as a client would send it.
import t from 'tap'
import {
  isRefusal,
  startupParameters,
} from '../../../../proxy/protocols/postgres/startup-parameters.js'

const FUZZ = 100_000 * Number(process.env['SALLYPORT_FUZZ'] ?? '1')

function body(...pairs: readonly (readonly [string, string])[]): Buffer {
  return Buffer.from(`${pairs.map(([name, value]) => `${name}\0${value}\0`).join('')}\0`)
}

function read(...pairs: readonly (readonly [string, string])[]) {
  return startupParameters(body(['user', 'agent'], ...pairs))
}

t.test('a plain startup message is taken as it is', async (t) => {
  const found = read(
    ['database', 'shop'],
    ['application_name', 'psql'],
    ['client_encoding', 'UTF8'],
    ['DateStyle', 'ISO'],
    ['extra_float_digits', '2'],
    ['replication', 'false'],
  )
  if (isRefusal(found)) throw new Error(found.message)
  t.equal(found.user, 'agent')
  t.equal(found.database, 'shop')
  t.equal(found.application, 'psql')
  t.same(
    [...found.settings],
    [
      ['datestyle', 'ISO'],
      ['extra_float_digits', '2'],
    ],
  )
})

t.test('the database is the user’s name where none is given', async (t) => {
  t.match(read(), { database: 'agent' })
})

t.test('settings in `options` are held against the same list', async (t) => {
  t.match(read(['options', '-c statement_timeout=5000 --timezone=UTC']), {
    settings: new Map([
      ['statement_timeout', '5000'],
      ['timezone', 'UTC'],
    ]),
  })
  t.match(read(['options', '-c DateStyle=ISO,\\ DMY']), {
    settings: new Map([['datestyle', 'ISO, DMY']]),
  })
  for (const options of [
    '-c role=postgres',
    '-crole=postgres',
    '--role=postgres',
    '--search_path=evil,\\ public',
    '-c search-path=evil',
    '-d 5',
    '-c',
    '-c x',
    'anything',
    '-c session_replication_role=replica',
  ]) {
    t.ok(isRefusal(read(['options', options])), options)
  }
})

t.test('a setting that policies decide on cannot be slipped in at the start', async (t) => {
  for (const name of [
    'role',
    'search_path',
    'standard_conforming_strings',
    'session_authorization',
    'ROLE',
    'row_security',
    'log_statement',
    'my.custom',
  ]) {
    t.match(read([name, 'x']), { sqlstate: '42501' }, name)
  }
})

t.test('a name given twice is refused, whoever would win', async (t) => {
  t.match(startupParameters(body(['user', 'a'], ['database', 'shop'], ['user', 'b'])), {
    sqlstate: '08P01',
  })
  t.match(read(['timezone', 'UTC'], ['TimeZone', 'CET']), { sqlstate: '08P01' })
  t.match(read(['timezone', 'UTC'], ['options', '-c timezone=CET']), { sqlstate: '08P01' })
  t.match(read(['_pq_.one', 'on'], ['_pq_.one', 'off']), { sqlstate: '08P01' })
})

t.test('replication is refused in every spelling of true', async (t) => {
  for (const value of ['true', 'on', 'yes', '1', 'database', 'TRUE', 't', 'y']) {
    t.match(read(['replication', value]), { sqlstate: '0A000' }, value)
  }
  for (const value of ['false', 'off', 'no', '0'])
    t.notOk(isRefusal(read(['replication', value])), value)
})

t.test('only UTF8 is read', async (t) => {
  for (const value of ['UTF8', 'utf-8', "'utf8'", 'UNICODE', 'auto'])
    t.notOk(isRefusal(read(['client_encoding', value])), value)
  for (const value of ['SJIS', 'BIG5', 'GBK', 'LATIN1', 'SQL_ASCII', ''])
    t.match(read(['client_encoding', value]), { sqlstate: '22023' }, value)
})

t.test('protocol extensions are noted, not obeyed', async (t) => {
  t.match(read(['_pq_.something', 'on']), { extensions: ['_pq_.something'] })
})

t.test('a malformed body is refused', async (t) => {
  for (const bytes of [
    '',
    'user',
    'user\0',
    'user\0agent',
    'user\0agent\0',
    'user\0agent\0\0x',
    '\0\0',
  ]) {
    t.ok(isRefusal(startupParameters(Buffer.from(bytes))), JSON.stringify(bytes))
  }
  t.ok(isRefusal(startupParameters(Buffer.from([0x75, 0xff, 0, 0x61, 0, 0]))), 'no UTF-8')
  t.match(startupParameters(body(['database', 'shop'])), { sqlstate: '28000' })
})

t.test(`${FUZZ} startup messages: each is read or refused`, async (t) => {
  const words = [
    'user',
    'agent',
    'options',
    '-c ',
    '--',
    'timezone=',
    '\0',
    '\0\0',
    'database',
    '_pq_.',
    'é',
    '\\ ',
    ' ',
    'replication',
    '1',
    '=',
  ]
  let x = 7
  const chance = (below: number): number => {
    x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fffffff
    return (x >>> 8) % below
  }
  let [read, refused] = [0, 0]
  for (let n = 0; n < FUZZ; n++) {
    let text = n % 2 === 0 ? 'user\0agent\0' : ''
    for (let left = chance(12); left > 0; left--) text += words[chance(words.length)]
    const bytes = Buffer.from(`${text}\0`)
    if (n % 5 === 0 && bytes.length > 0) bytes[chance(bytes.length)] = chance(256)
    if (isRefusal(startupParameters(bytes))) refused++
    else read++
  }
  t.ok(read > 100 && refused > 100, `${read} read, ${refused} refused`)
})
