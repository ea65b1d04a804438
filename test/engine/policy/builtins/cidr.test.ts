// Networks: contained, expanded and merged as in OPA, and never more than can be held.
import t from 'tap'
import { BUILTINS } from '../../../../engine/policy/builtins/table.js'
import { disagreements } from './agreement.js'

const NETWORKS = [
  '10.0.0.0/8',
  '10.1.2.3/30',
  '192.0.2.128/25',
  '0.0.0.0/0',
  '1.2.3.4/32',
  '::/0',
  '2001:db8::/126',
  '2001:DB8:0:0:1::1/128',
  '::ffff:1.2.3.4/126',
  '::ffff:1.2.3.0/120',
  '1::2:0:0:3/127',
]
const WRONG = [
  '',
  '10.0.0.0',
  '10.0.0.0/33',
  '10.0.0/8',
  '10.0.0.01/8',
  '1.2.3.256/8',
  '::/129',
  '::1%eth0/64',
]
const WRONGER = [
  '10.0.0.0/08',
  '10.0.0.0/+8',
  '1:2:3:4:5:6:7::/64',
  '1:2:3:4:5:6:7:8::/64',
  'g::/1',
  ':::/1',
  '1.2.3.4.5/8',
  '::1.2.3/8',
]

t.test('networks are read, expanded and compared as in OPA', async (t) => {
  const texts = [...NETWORKS, ...WRONG, ...WRONGER].map((text) => JSON.stringify(text))
  const small = NETWORKS.filter((text) => /\/(?:30|25|32|12[0678])$/.test(text))
  const calls = [
    ...texts.map((text) => `net.cidr_is_valid(${text})`),
    ...small.map((text) => `net.cidr_expand("${text}")`),
    `net.cidr_contains_matches([${texts.slice(0, 11)}], [${texts.slice(0, 11)}])`,
    `net.cidr_contains_matches({"a": "10.0.0.0/8", "b": ["1.2.3.0/24", 7]}, {"10.1.1.1", ["1.2.3.4", "x"]})`,
    'net.cidr_contains_matches("10.0.0.0/8", ["10.1.1.1", "11.0.0.0/8"])',
    'net.cidr_contains_matches("10.0.0.0/8", [[]])',
    'net.cidr_contains_matches("nonsense", "10.0.0.0/8")',
    'net.cidr_contains_matches("1.2.3.0/24", "::ffff:1.2.3.4")',
  ]
  t.same(await disagreements(calls), [])
})

t.test('networks are merged as in OPA', async (t) => {
  const lists = [
    [],
    ['10.0.0.0/9', '10.128.0.0/9'],
    ['10.0.0.0/24', '10.0.1.0/24', '10.0.3.0/24'],
    ['10.0.0.5/32', '10.0.0.6/32', '10.0.0.7/32'],
    ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.0/24'],
    ['192.0.2.1', '192.0.3.1', '10.1.1.1', '172.16.0.1'],
    ['0.0.0.0/1', '128.0.0.0/1'],
    ['2001:db8::/33', '2001:db8:8000::/33', '10.0.0.0/8'],
    ['::/1', '8000::/1'],
    ['::1', '10.0.0.0/8'],
    ['nonsense'],
    ['1.0.0.0/8', '1.0.0.0/8'],
    ['192.168.0.1/24', '192.168.1.1/24'],
  ]
  const calls = lists.flatMap((list) => {
    const text = JSON.stringify(list)
    return [`net.cidr_merge(${text})`, `net.cidr_merge({x | some x in ${text}})`]
  })
  t.same(await disagreements(calls), [])
})

t.test('a network of all addresses is not written out', async (t) => {
  const expand = BUILTINS.get('net.cidr_expand')
  t.throws(() => expand?.apply('10.0.0.0/8'), RangeError)
  t.throws(() => expand?.apply('::/0'), RangeError)
  t.ok((expand?.cost?.(['"::/0"']) ?? 0) > 5_000_000)
})
