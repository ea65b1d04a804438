// The strict reading of JSON that tokens and key sets go through.
import t from 'tap'
import { strictObject } from '../../../proxy/identity/strict-json.js'

const read = (text: string | Buffer) => strictObject(Buffer.from(text), 'it')

void t.test('what JSON.parse takes and names nothing twice is taken', (t) => {
  t.same(read('{"a":[{"a":1},{"a":1}],"b":"\\"a\\":1,\\"a\\":2"}'), {
    a: [{ a: 1 }, { a: 1 }],
    b: '"a":1,"a":2',
  })
  t.same(read('{}'), {})
  t.end()
})

void t.test('what stands twice, nests deeply, is huge or no object is refused', (t) => {
  const bad = {
    twice: '{"a":1,"b":2,"a":3}',
    'twice by escape': '{"a":1,"\\u0061":3}',
    'twice within': '{"x":[[{"a":1,"a":1}]]}',
    'twice as prototype': '{"__proto__":1,"__proto__":2}',
    deep: `${'{"a":'.repeat(20)}1${'}'.repeat(20)}`,
    huge: `{"a":[${'1,'.repeat(10_000)}1]}`,
    'an array': '[]',
    null: 'null',
    nothing: '',
    'a byte order mark': '\ufeff{}',
    'two documents': '{}{}',
  }
  for (const [name, text] of Object.entries(bad)) {
    t.throws(() => read(text), { code: 'token_invalid' }, name)
  }
  t.throws(() => read(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 'not UTF-8')
  t.throws(() => read(Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])), 'overlong')
  t.end()
})
