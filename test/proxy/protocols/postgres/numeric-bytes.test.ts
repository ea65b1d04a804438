// Numbers written as PostgreSQL sends them are read back as they were, whatever their size and sign.
import t from 'tap'
import { numericBytes, wholeNumeric } from '../../../../proxy/protocols/postgres/numeric-bytes.js'
import { chance } from '../../../fuzz/chance.js'

t.test('what is written is read as its whole number below', async (t) => {
  for (const [text, whole] of [
    ['0', 0n],
    ['-0.0001', -1n],
    ['0.9999', 0n],
    ['10000', 10_000n],
    ['-10000.00', -10_000n],
    ['99999999999999999999.99', 99_999_999_999_999_999_999n],
    ['-99999999999999999999.01', -100_000_000_000_000_000_000n],
    ['NaN', 'NaN'],
  ] as const) {
    t.equal(wholeNumeric(numericBytes(text), 1), whole, text)
    t.equal(wholeNumeric(Buffer.from(text), 0), whole, text)
  }
  t.equal(wholeNumeric(Buffer.from('-Infinity'), 0), 'NaN')
})

t.test('zero and the digits that PostgreSQL leaves out', async (t) => {
  t.equal(numericBytes('0.00').toString('hex'), '0000000000000002')
  t.equal(numericBytes('-0').toString('hex'), '0000000000000000')
  t.equal(numericBytes('1000000').toString('hex'), '00010001000000000064')
  t.equal(numericBytes('-0.5').toString('hex'), '0001ffff400000011388')
})

t.test('any bytes are a number, NaN or nothing', async (t) => {
  const by = chance(9)
  for (let round = 0; round < 5000; round++) {
    const bytes = Buffer.from(Array.from({ length: by.below(20) }, () => by.below(256)))
    // Weights of 32,767 groups are long numbers, and one is enough.
    if (bytes.length > 3 && round > 0) bytes[2] = by.below(2) === 0 ? 0 : 0xff
    const found = wholeNumeric(bytes, 1)
    if (typeof found === 'bigint' && wholeNumeric(numericBytes(`${found}`), 1) !== found)
      t.fail(bytes.toString('hex'))
  }
})
