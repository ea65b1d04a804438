// How sure a proposal is: what is said outright and what values prove is sure, a name alone is likely, a hint is
// a hint, and values that speak against a name are heard.
import t from 'tap'
import { nameEvidence } from '../../../proxy/labels/name-evidence.js'
import { tallyOf } from '../../../proxy/labels/tally.js'
import { weighed, type Heard } from '../../../proxy/labels/weigh.js'

const heard = (name: string, values: readonly (string | null)[], more: Partial<Heard> = {}) =>
  weighed({
    name: nameEvidence(name, 'text', ''),
    statements: [],
    tally: tallyOf(values),
    json: undefined,
    ...more,
  })

const emails = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `p${at}@example.com`)
const words = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `w${at}`)

t.test('values that pass a check are sure, few of them less so', async (t) => {
  t.match(heard('x', emails(50)), { confidence: 'high', labels: ['pii', 'pii.email'] })
  t.match(heard('x', emails(3)), { confidence: 'medium' })
  t.match(heard('x', [...emails(40), ...words(60)]), { confidence: 'medium' })
  t.match(heard('x', [...emails(3), ...words(97)]), { confidence: 'low' })
  t.equal(heard('x', [...emails(1), ...words(99)]), undefined)
  t.equal(heard('x', words(50)), undefined)
  t.equal(heard('x', [null, '', ' ']), undefined)
})

t.test('a name alone is likely, and with values sure', async (t) => {
  t.match(heard('email', []), { confidence: 'medium' })
  t.match(heard('email', [...emails(20), ...words(30)]), { confidence: 'high' })
  t.match(heard('token', []), { confidence: 'low' })
})

t.test('values can speak against a name', async (t) => {
  const found = heard('email', words(50))
  t.match(found, { confidence: 'low', reasons: [/but none of 50 sampled values look like that/] })
  t.match(heard('email', words(10)), { confidence: 'medium' }, 'ten say little')
  t.match(heard('passport', words(50)), { confidence: 'medium' }, 'no check exists')
})

t.test('digits that pass by chance are no card numbers', async (t) => {
  const cards = Array(10).fill('4111111111111111')
  const orders = Array.from({ length: 90 }, (_, at) => `41111111111111${10 + (at % 90)}`)
  const mixed = heard('x', [...cards, ...orders.filter((one) => !one.endsWith('11'))])
  t.equal(mixed, undefined)
  t.match(heard('x', cards), { confidence: 'high' })
  t.match(heard('x', cards.slice(0, 2)), { confidence: 'low' })
})

t.test('what somebody stated gives its own labels', async (t) => {
  const labels = ['pii', 'pii.health']
  const statements: Heard['statements'] = [
    { kind: 'personal', strength: 'stated', from: 'dbt', reason: 'dbt says so', labels },
  ]
  t.match(heard('x', words(50), { statements }), { confidence: 'high', labels })
})

t.test('one private key among other settings is one too many', async (t) => {
  const pem = ['-----BEGIN ', 'PRIVATE', ' KEY-----'].join('')
  t.match(heard('x', [pem, ...words(99)]), { confidence: 'medium', labels: ['secret'] })
})
