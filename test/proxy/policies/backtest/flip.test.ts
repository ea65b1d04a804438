// Which differences between two decisions are differences in access, and in which direction.
import t from 'tap'
import type { Decision, Mask } from '../../../../engine/schemas/decision.js'
import { flipOf, kindOf } from '../../../../proxy/policies/backtest/flip.js'

const MASK: Mask = { match: 'label:pii', method: 'redact' }
const rule = (id: string) => ({ id, message: id })

function decision(changes: Partial<Decision>): Decision {
  return { action: 'allow', rules: [], masks: [], limits: {}, ...changes }
}

const held = (changes: Partial<NonNullable<Decision['approval']>> = {}): Decision =>
  decision({
    action: 'require-approval',
    approval: {
      approvers: ['approvers'],
      quorum: 1,
      expires_ms: 60_000,
      reason_required: false,
      scope: 'command',
      ...changes,
    },
  })
const denied = decision({ action: 'deny', rules: [rule('a/b')] })
const masked = decision({ action: 'mask-fields', masks: [MASK], rules: [rule('m/m')] })

t.test('more access is wider, less is stricter, whatever the actions are called', async (t) => {
  const order = [denied, held(), decision({})]
  for (const [at, one] of order.entries()) {
    for (const [to, other] of order.entries()) {
      const direction = at === to ? undefined : to > at ? 'wider' : 'stricter'
      t.equal(flipOf(one, other)?.direction, direction, `${one.action} to ${other.action}`)
    }
  }
  t.equal(flipOf(decision({}), masked)?.direction, 'stricter')
  t.equal(flipOf(masked, decision({}))?.direction, 'wider')
})

t.test('a mask taken away or weakened under the same action is wider', async (t) => {
  const two = decision({ ...masked, masks: [MASK, { match: 'pattern:ssn', method: 'redact' }] })
  t.match(flipOf(two, masked), { direction: 'wider', changes: ['masks: without pattern:ssn'] })
  t.match(flipOf(masked, two), { direction: 'stricter', changes: ['masks: with pattern:ssn'] })
  const partial = decision({ ...masked, masks: [{ ...MASK, method: 'partial', keep: 4 }] })
  t.match(flipOf(masked, partial), { direction: 'wider' })
  t.equal(flipOf(masked, decision({ ...masked, masks: [{ ...MASK, method: 'null' }] })), undefined)
})

t.test('a row filter more is stricter, one less is wider, another one is both', async (t) => {
  const filtered = (...values: readonly string[]) =>
    decision({
      action: 'mask-fields',
      filters: values.map((value) => ({
        relation: 'public.orders',
        rows: [{ column: 'region', op: 'eq' as const, value }],
      })),
    })
  t.equal(flipOf(decision({}), filtered('eu'))?.direction, 'stricter')
  t.equal(flipOf(filtered('eu', 'us'), filtered('us'))?.direction, 'wider')
  t.equal(flipOf(filtered('eu'), filtered('us'))?.direction, 'mixed')
  t.equal(flipOf(filtered('eu', 'us'), filtered('us', 'eu')), undefined)
  t.same(flipOf(filtered('eu'), decision({}))?.changes, ['filters: without one of public.orders'])
})

t.test('an approval that shows more once given is wider and stricter at once', async (t) => {
  const flip = flipOf(masked, held())
  t.equal(flip?.direction, 'mixed')
})

t.test('limits and terms of approval are access', async (t) => {
  const limited = decision({ limits: { rows_max: 10 } })
  t.match(flipOf(limited, decision({})), {
    direction: 'wider',
    changes: ['limits: rows_max 10 → none'],
  })
  t.match(
    flipOf(decision({ limits: { timeout_ms: 5 } }), decision({ limits: { timeout_ms: 4 } })),
    {
      direction: 'stricter',
    },
  )
  for (const [changes, direction] of [
    [{ quorum: 2 }, 'stricter'],
    [{ approvers: ['approvers', 'owners'] }, 'wider'],
    [{ approvers: ['owners'] }, 'mixed'],
    [{ expires_ms: 120_000 }, 'wider'],
    [{ reason_required: true }, 'stricter'],
    [{ scope: 'session' }, 'wider'],
  ] as const) {
    const after = held({
      ...changes,
      ...('approvers' in changes ? { approvers: [...changes.approvers] } : {}),
    } as never)
    t.equal(flipOf(held(), after)?.direction, direction, JSON.stringify(changes))
  }
})

t.test('what a denial would have masked or limited makes no flip', async (t) => {
  t.equal(
    flipOf(denied, decision({ ...denied, limits: { rows_max: 1 }, masks: [MASK] })),
    undefined,
  )
})

t.test('other rules or words with the same access make no flip', async (t) => {
  t.equal(flipOf(denied, decision({ ...denied, rules: [rule('c/d')] })), undefined)
})

t.test('the rule that made the difference is named', async (t) => {
  const both = decision({ action: 'deny', rules: [rule('a/stays'), rule('b/other')] })
  const before = held()
  t.equal(flipOf(denied, decision({}))?.rule, 'a/b', 'it no longer speaks')
  t.equal(flipOf({ ...before, rules: [rule('a/stays')] }, both)?.rule, 'b/other', 'it speaks now')
  t.equal(flipOf(decision({ limits: { rows_max: 1 } }), decision({}))?.rule, '(no rule)')
})

t.test('a kind is named by its actions, or by what changed under the same one', async (t) => {
  const flips = [flipOf(denied, masked), flipOf(held(), held({ quorum: 2 }))]
  t.same(
    flips.map((flip) => flip && kindOf(flip)),
    ['deny → mask-fields', 'require-approval: approval: quorum 1 → 2'],
  )
})
