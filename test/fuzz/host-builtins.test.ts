// The host's builtins on values of every kind, in every place: each answers, has no answer, or ends the
// evaluation with a reason; none breaks.
import t from 'tap'
import { NoAnswer } from '../../engine/policy/builtins/builtin.js'
import { BUILTINS } from '../../engine/policy/builtins/table.js'
import { numberOf, type RegoValue } from '../../engine/policy/rego-value.js'
import { repeatableChance } from '../../proxy/policies/testing/repeatable-chance.js'

const ROUNDS = 400
const ARGUMENTS_MAX = 4

const TEXTS = [
  ...[
    '',
    'a',
    'é😀',
    '\n',
    '"',
    '\\',
    '%',
    '{{',
    '{',
    '[',
    '(',
    '*',
    '/',
    '#',
    '1',
    '-1.5e3Ki',
    '%d %s',
  ],
  ...[
    '1.2.3',
    '10.0.0.0/30',
    '::1/127',
    'https://a:b@c:1/d?e#f',
    'a=1&b',
    'YQ==',
    'a.b.c',
    'e30.e30.',
  ],
  ...[
    'a: [1, {b: c}]',
    '{"a": 1}',
    '{ a }',
    'type Query { a: Int }',
    '2006-01-02',
    'RFC3339',
    '1h',
  ],
  ...['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n', '{"keys":[{"kty":"oct"}]}'],
  'x'.repeat(3000),
]
const NUMBERS = [
  '0',
  '1',
  '-1',
  '1.5',
  '1e300',
  '-0.0',
  '9223372036854775808',
  '1763979630123456789',
]

type Chance = ReturnType<typeof repeatableChance>

function value(chance: Chance, depth: number): RegoValue {
  const kind = chance.pick([
    'text',
    'text',
    'text',
    'number',
    'word',
    'list',
    'object',
    'set',
  ] as const)
  const some = (): readonly RegoValue[] =>
    depth > 2
      ? []
      : chance
          .pick([0, 1, 1, 2, 3].map((count) => Array.from({ length: count })))
          .map(() => value(chance, depth + 1))
  switch (kind) {
    case 'text':
      return chance.pick(TEXTS)
    case 'number':
      return { number: chance.pick(NUMBERS) }
    case 'word':
      return chance.pick([null, true, false] as const)
    case 'list':
      return some()
    case 'set':
      return { set: some() }
    case 'object':
      return { object: some().map((inner, at) => [chance.pick(KEYS) ?? numberOf(at), inner]) }
  }
}

const KEYS: readonly RegoValue[] = [
  ...[
    'a',
    'op',
    'path',
    'value',
    'type',
    'properties',
    'items',
    'pretty',
    'alg',
    'kty',
    'k',
    'secret',
  ],
  ...['cert', 'time', 'method', 'url', 'Operations', 'Definitions', 'Kind', 'Name', 'aws_service'],
  numberOf(1),
]

t.test('no builtin of the host breaks, whatever it is given', async (t) => {
  const broken: string[] = []
  for (const [name, { apply, cost }] of BUILTINS) {
    for (let round = 0; round < ROUNDS; round++) {
      const chance = repeatableChance(round, name.length)
      const args = Array.from({ length: round % (ARGUMENTS_MAX + 1) }, () => value(chance, 0))
      try {
        cost?.(args.map((one) => JSON.stringify(one)))
        apply(...args)
      } catch (thrown) {
        const told = thrown instanceof NoAnswer || thrown instanceof RangeError
        if (!told && !/no clock/.test(String(thrown)))
          broken.push(`${name} of ${JSON.stringify(args).slice(0, 200)}: ${String(thrown)}`)
      }
    }
  }
  t.same(broken.slice(0, 10), [], `${broken.length} broke`)
})
