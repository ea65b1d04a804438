// Generalising at the exit takes any bytes: what is no value of its type becomes NULL, and whatever comes out is a
// value of the type that generalises to itself. That the target makes the same is tried in
// `mask-expression.test.ts`, with values from all ends of each type.
import t from 'tap'
import type { Mask } from '../../../../engine/schemas/decision.js'
import { generalised } from '../../../../proxy/protocols/postgres/mask-generalise.js'
import { chance } from '../../../fuzz/chance.js'

const TYPES = [20, 21, 23, 700, 701, 1700, 1082, 1114, 1184, 869, 650, 16, 3802]
const MASKS: readonly Omit<Mask, 'match' | 'method'>[] = [
  { period: 'year', width: 7, network: 13 },
  { period: 'quarter', width: 1_000_000_000_000, network: 0 },
  { period: 'month', width: 1, network: 32 },
]

function made(
  of: Omit<Mask, 'match' | 'method'>,
  type: number,
  format: number,
  value: Buffer,
  typmod = -1,
): Buffer | undefined {
  const column = { table: 0, attnum: 0, type, typmod, format }
  return generalised({ match: 'label:x', method: 'generalise', ...of }, column, value)
}

const text = (of: Omit<Mask, 'match' | 'method'>, type: number, value: string, typmod = -1) =>
  made(of, type, 0, Buffer.from(value), typmod)?.toString()

t.test('a value becomes the begin of where it is', async (t) => {
  t.equal(text({ period: 'year' }, 1082, '1984-05-17'), '1984-01-01')
  t.equal(text({ period: 'quarter' }, 1082, '0044-06-15 BC'), '0044-04-01 BC')
  t.equal(text({ period: 'month' }, 1114, '2026-02-28 23:59:59.999'), '2026-02-01 00:00:00')
  t.equal(text({ period: 'month' }, 1184, '2026-03-01 00:30:00+01'), '2026-02-01 00:00:00+00')
  t.equal(text({ width: 10 }, 23, '-1'), '-10')
  t.equal(text({ width: 10 }, 21, '-32768'), '-32768', 'within the type')
  t.equal(text({ width: 1000 }, 1700, '-0.5', ((10 << 16) | 2) + 4), '-1000.00')
  t.equal(text({ width: 1000 }, 701, '1999.5'), '1000')
  t.equal(text({ network: 24 }, 869, '10.1.2.3'), '10.1.2.0/24')
  t.equal(text({ network: 8 }, 650, '10.1.2.3/32'), '10.0.0.0/8')
})

t.test('what cannot be read, or has no such parameter, is NULL', async (t) => {
  for (const type of TYPES) t.equal(text({}, type, '1'), undefined)
  for (const [type, value] of [
    [1082, '17.05.1984'],
    [1082, '05/17/1984'],
    [1114, '2026-02-28 23:59:59+00'],
    [1184, '2026-02-28 23:59:59 CEST'],
    [23, '1e5'],
    [23, ''],
    [1700, '1e5'],
    [869, '::1'],
    [869, 'host'],
    [16, 't'],
  ] as const)
    t.equal(text({ period: 'year', width: 10, network: 24 }, type, value), undefined, value)
})

t.test('any bytes end in NULL or in a value that stays as it is', async (t) => {
  const by = chance(5)
  const seeds = [
    '2026-02-28 23:59:59.999+05:30',
    '-123456.789',
    'NaN',
    'infinity',
    '10.20.30.40/25',
  ]
  let values = 0
  for (let round = 0; round < 20_000; round++) {
    const type = by.pick(TYPES)
    const mask = by.pick(MASKS)
    const format = by.below(2)
    const bytes =
      format === 0
        ? Buffer.from(by.pick(seeds))
        : Buffer.from(Array.from({ length: by.below(24) }, () => by.below(256)))
    if (bytes.length > 0 && by.below(2) === 0) bytes[by.below(bytes.length)] = by.below(256)
    const once = made(mask, type, format, bytes)
    if (once === undefined) continue
    values++
    const again = made(mask, type, format, once)
    if (again?.equals(once) !== true)
      t.fail(`${type} ${format} ${JSON.stringify(mask)} ${bytes.toString('hex')}`)
  }
  t.ok(values > 1000, `${values} values`)
})
