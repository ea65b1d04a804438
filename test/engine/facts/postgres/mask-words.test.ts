// Masks in words: what stays readable is said, what the policy puts in a value's place is not.
import t from 'tap'
import { maskWords, showSame } from '../../../../engine/facts/postgres/mask-words.js'
import type { Mask } from '../../../../engine/schemas/decision.js'

const mask = (of: Omit<Mask, 'match'>): Mask => ({ match: 'label:pii', ...of })

t.test('a mask says what it keeps', async (t) => {
  for (const [of, words] of [
    [{ method: 'redact' }, 'redact'],
    [{ method: 'partial' }, 'partial'],
    [{ method: 'partial', keep: 4 }, 'partial (last 4)'],
    [{ method: 'constant', value: 'secret word' }, 'constant'],
    [{ method: 'generalise' }, 'generalise'],
    [
      { method: 'generalise', period: 'year', width: 10, keep: 3, network: 24 },
      'generalise (year, steps of 10, first 3, /24)',
    ],
    [{ method: 'hash', tier: 'output' }, 'hash, compared as stored'],
    [{ method: 'hash', tier: 'strict', keep: 3 }, 'hash'],
  ] as const)
    t.equal(maskWords(mask(of)), words)
})

t.test('masks that show the same are the same to who reads a film', async (t) => {
  const same = (one: Omit<Mask, 'match'>, other: Omit<Mask, 'match'>): boolean =>
    showSame(mask(one), { ...mask(other), match: 'label:other' })
  t.ok(same({ method: 'partial' }, { method: 'partial', keep: 0 }))
  t.ok(same({ method: 'redact', tier: 'output' }, { method: 'redact', except: ['pii.x'] }))
  t.ok(same({ method: 'constant' }, { method: 'constant', value: '' }))
  t.notOk(same({ method: 'partial', keep: 1 }, { method: 'partial', keep: 2 }))
  t.notOk(same({ method: 'constant', value: 'a' }, { method: 'constant', value: 'b' }))
  t.notOk(same({ method: 'generalise', period: 'year' }, { method: 'generalise', period: 'month' }))
  t.notOk(same({ method: 'generalise', width: 1 }, { method: 'generalise', width: 2 }))
  t.notOk(same({ method: 'generalise', network: 8 }, { method: 'generalise', network: 24 }))
  t.notOk(same({ method: 'generalise', keep: 1 }, { method: 'generalise' }))
  t.notOk(same({ method: 'hash' }, { method: 'token' }))
})
