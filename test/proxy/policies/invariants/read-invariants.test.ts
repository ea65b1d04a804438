// What invariants.yaml may say, and how it is told what it may not.
import t from 'tap'
import { invariantsIn } from '../../../../proxy/policies/invariants/read-invariants.js'

const HEAD =
  'invariants:\n  - id: some-name\n    title: words\n    never:\n      decision: [allow]\n'

t.test('the forms that the documents show are read', async (t) => {
  const [one, ...rest] = invariantsIn(
    `invariants:
  - id: prod-drop-needs-approval
    title: nothing is dropped on production without another person
    never:
      effects: [drop, {op: [alter], kind: [table], object: 'public.*'}]
      target: {env: prod, name: [shop, 'ledger-*']}
      decision: [allow, mask-fields]
      unless: {grants: other_person}
  - id: nights
    title: nobody writes at night
    never:
      effects: [insert, update, delete]
      identity: {kind: [human], acted_for: false, group: {not: [operators]}}
      time: {weekday: [sunday], from: 22, to: 6}
      session: {purpose: '', rows: 100}
      decision: [allow]
`.replace("purpose: '', ", ''),
    'invariants.yaml',
  )
  t.match(one, { id: 'prod-drop-needs-approval', place: 'invariants.yaml:2' })
  t.equal(rest.length, 1)
})

t.test('every mistake is named with its place and what is allowed', async (t) => {
  const bad: readonly (readonly [string, RegExp])[] = [
    [`${HEAD}      efects: [drop]\n`, /invariants\.yaml:6:7: .*did you mean “effects”/],
    [`${HEAD}      effects: [dropp]\n`, /6:17: .*“dropp”.*one of read, insert.*or a mapping/],
    [`${HEAD}      effects: [{op: [drop], wher: [absent]}]\n`, /unknown key “wher”/],
    [`${HEAD}      target: {env: 3}\n`, /target\.env .*the number 3.*a text.*or a list/],
    [`${HEAD}      without_mask: [pii]\n`, /“pii”/],
    [`${HEAD}      grants: somebody\n`, /one of none, any, other_person/],
    [HEAD.replace('some-name', 'Some Name'), /“Some Name”/],
    [HEAD.replace('    title: words\n', ''), /title.*required/],
    [HEAD.replace('      decision: [allow]\n', '      effects: [drop]\n'), /decision.*required/],
    [`${HEAD}${HEAD.replace('invariants:\n', '')}`, /invariants\[1\]\.id .*“some-name” again/],
    ['invariants: {', /invariants\.yaml:1/],
  ]
  for (const [text, message] of bad) {
    t.throws(() => invariantsIn(text, 'invariants.yaml'), { code: 'bundle_invalid', message }, text)
  }
})
