// Contradictions are certain: whatever could still be is no finding.
import t from 'tap'
import type { Condition, Demand } from '../../../../proxy/policies/check/conditions.js'
import { contradiction, demandsOf } from '../../../../proxy/policies/check/demands.js'
import type { Field, Schema } from '../../../../proxy/policies/check/field-schema.js'

function why(
  schema: Schema,
  demands: readonly Demand[],
  how: Partial<Condition & Field> = {},
): string {
  const field = { path: 'x', schema, optional: how.optional ?? false }
  const conditions = demands.map((demand) => ({
    subject: how.subject ?? 'input.x',
    field,
    needsValue: how.needsValue ?? true,
    demand,
    file: 'a.rego',
    at: { line: 1, column: 1 },
  }))
  const [one] = demandsOf(conditions)
  return (one === undefined ? undefined : contradiction(one)) ?? ''
}

const WORDS: Schema = { enum: ['a', 'b', 'c'] }
const HOUR: Schema = { type: 'integer', minimum: 0, maximum: 23 }
const within = (...values: (string | number | boolean)[]): Demand => ({ kind: 'in', values })
const without = (...values: string[]): Demand => ({ kind: 'not-in', values })
const least = (value: number, strict = false): Demand => ({ kind: 'least', value, strict })
const most = (value: number, strict = false): Demand => ({ kind: 'most', value, strict })

t.test('words that exclude each other are found', async (t) => {
  t.match(why(WORDS, [within('a'), within('b')]), 'would have to be "a", and "b"')
  t.match(why(WORDS, [within('a', 'b'), without('a'), without('b')]), 'not "a"')
  t.equal(why(WORDS, [within('a', 'b'), within('b', 'c')]), '')
  t.equal(why(WORDS, [without('a'), without('b')]), '')
})

t.test('a guard against words that a later version brings is none', async (t) => {
  t.equal(why(WORDS, [without('a', 'b', 'c')]), '')
})

t.test('words that facts never hold are another check’s', async (t) => {
  t.equal(why(WORDS, [within('z')]), '')
})

t.test('a missing value may fail what it does not need', async (t) => {
  t.equal(why(WORDS, [without('a', 'b', 'c')], { optional: true, needsValue: false }), '')
  t.match(why({}, [{ kind: 'holds' }, { kind: 'fails' }]), 'true and not true')
  t.equal(why({}, [{ kind: 'fails' }, { kind: 'fails' }]), '')
})

t.test('numbers have their range, also that of the schema', async (t) => {
  t.match(why(HOUR, [least(24)]), 'at least 24 and at most 23')
  t.match(why(HOUR, [least(8, true), most(9, true)]), 'at least 9 and at most 8')
  t.match(why(HOUR, [within(3), least(8)]), 'out of its range')
  t.equal(why(HOUR, [least(8), most(8)]), '')
  t.equal(why(HOUR, [least(23)]), '')
  t.equal(why({ type: 'number' }, [least(8, true), most(9, true)]), '')
  t.match(why({ type: 'number' }, [least(8, true), most(8)]), 'would have to be')
})

t.test('a list is never longer than nothing at all, and never shorter', async (t) => {
  t.match(why({}, [most(0, true)], { subject: 'count(input.x)' }), 'at least 0 and at most -1')
  t.equal(why({}, [most(0)], { subject: 'count(input.x)' }), '')
})

t.test('values of another kind are never equal', async (t) => {
  t.match(why({ type: 'integer' }, [within('3')]), 'is a number, and "3" is a text')
  t.match(why({ type: 'string' }, [least(3)]), 'is a text, and is compared with the number 3')
  t.equal(why({ type: 'string' }, [within('3')]), '')
})
