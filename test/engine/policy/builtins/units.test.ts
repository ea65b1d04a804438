// Amounts with units, exact or rounded as in OPA.
import t from 'tap'
import { BUILTINS } from '../../../../engine/policy/builtins/table.js'
import { disagreements } from './agreement.js'

const AMOUNTS = [
  ...[
    '',
    'm',
    'k',
    'K',
    'Ki',
    'ki',
    'M',
    'mi',
    'MI',
    'g',
    'Gi',
    't',
    'Ti',
    'P',
    'pi',
    'E',
    'e',
    'ei',
  ],
  ...['kb', 'KiB', 'mB', 'gib', 'x', 'bytes', 'kk'],
].flatMap((unit) =>
  ['1', '0', '10', '0.5', '1.1', '.25', '3.', '1e3', '1E-3', '-2', '+7'].map((n) => n + unit),
)

const ODD = [
  '',
  'k',
  ' 1',
  '1 k',
  '"5"',
  '1.2.3',
  '--1',
  '1e',
  '1e+',
  '1e+2Mi',
  '1e1234567',
  '0.0000000001m',
  '123456789012345678901234567890',
  '0.1234567890123456789Gi',
  '18446744073709551616.5',
  '1e400',
  '010',
  '１',
]

t.test('amounts are read as in OPA', async (t) => {
  const texts = [...AMOUNTS, ...ODD].map((text) => JSON.stringify(text))
  const calls = texts.flatMap((text) => [`units.parse(${text})`, `units.parse_bytes(${text})`])
  t.same(await disagreements(calls), [])
})

t.test('an amount of a million digits ends the evaluation', async (t) => {
  for (const name of ['units.parse', 'units.parse_bytes']) {
    t.throws(() => BUILTINS.get(name)?.apply('1e999999'), RangeError)
  }
})
