// Of several masks of one column the one that shows least counts, in whatever order they come; and one strict
// mask is enough for values not to be compared.
import t from 'tap'
import { isMatched } from '../../../../engine/facts/postgres/mask-match.js'
import { strictest, wholly } from '../../../../engine/facts/postgres/mask-strictness.js'
import type { Mask } from '../../../../engine/schemas/decision.js'

const mask = (of: Omit<Mask, 'match'>): Mask => ({ match: 'label:pii', ...of })

// Each shows no more than the next.
const ORDER: readonly Mask[] = [
  mask({ method: 'null' }),
  mask({ method: 'constant', value: 'a' }),
  mask({ method: 'constant', value: 'b' }),
  mask({ method: 'redact' }),
  mask({ method: 'hash' }),
  mask({ method: 'token' }),
  mask({ method: 'partial' }),
  mask({ method: 'partial', keep: 2 }),
  mask({ method: 'partial', keep: 4 }),
  mask({ method: 'generalise' }),
  mask({ method: 'generalise', width: 100 }),
  mask({ method: 'generalise', width: 10 }),
  mask({ method: 'generalise', width: 10, period: 'year' }),
  mask({ method: 'generalise', width: 10, period: 'quarter' }),
  mask({ method: 'generalise', width: 10, period: 'month' }),
  mask({ method: 'generalise', width: 10, period: 'month', network: 24 }),
]

t.test('the one that shows least counts', async (t) => {
  t.equal(strictest([]), undefined)
  for (const [at, one] of ORDER.entries())
    for (const other of ORDER.slice(at)) {
      t.strictSame(strictest([one, other]), one)
      t.strictSame(strictest([other, one]), one)
    }
})

t.test('values are compared as stored where every mask lets them be', async (t) => {
  const open = mask({ method: 'redact', tier: 'output' })
  t.strictSame(strictest([open, { ...open, match: 'column:a.b.c' }])?.tier, 'output')
  for (const strict of [mask({ method: 'partial' }), mask({ method: 'partial', tier: 'strict' })]) {
    t.strictSame(strictest([open, strict]), mask({ method: 'redact' }))
    t.strictSame(strictest([strict, open]), mask({ method: 'redact' }))
  }
  t.strictSame(strictest([open, mask({ method: 'null' })]), mask({ method: 'null' }))
})

t.test('of a computed value nothing stays', async (t) => {
  t.strictSame(wholly(mask({ method: 'partial', keep: 4 })), mask({ method: 'redact' }))
  t.strictSame(
    wholly(mask({ method: 'generalise', width: 4, tier: 'output' })),
    mask({ method: 'redact', tier: 'output' }),
  )
  t.strictSame(wholly(mask({ method: 'null' })), mask({ method: 'null' }))
  t.strictSame(
    wholly(mask({ method: 'constant', value: 'x' })),
    mask({ method: 'constant', value: 'x' }),
  )
})

t.test('an exception spares a column whose labels are all excepted', async (t) => {
  const spared = { ...mask({ method: 'redact' }), except: ['pii.email', 'pii.card'] }
  const matched = (...labels: readonly string[]): boolean => isMatched(spared, 'a.b.c', labels)
  t.ok(matched('pii'))
  t.ok(matched('pii.ssn'))
  t.ok(matched('pii', 'pii.ssn'))
  t.notOk(matched('pii.email'))
  t.notOk(matched('pii', 'pii.email'), 'said more precisely')
  t.notOk(matched('pii', 'pii.email', 'pii.email.box', 'pii.card'))
  t.ok(matched('pii', 'pii.email', 'pii.ssn'), 'it is something else as well')
  t.ok(matched('pii.emails'))
  t.notOk(matched('other', 'pii.email'))
  t.notOk(isMatched({ ...spared, match: 'column:a.b.c' }, 'a.b.d', ['pii']))
  t.ok(isMatched({ ...spared, match: 'column:a.b.c' }, 'a.b.c', ['pii.email']))
})
