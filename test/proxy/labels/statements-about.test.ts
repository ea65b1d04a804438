// What people wrote about columns is heard and not repeated.
import t from 'tap'
import { commentEvidence, securityLabelEvidence } from '../../../proxy/labels/statements-about.js'

t.test('a comment names labels, or says what the column is', async (t) => {
  t.match(commentEvidence('sallyport: pii, pii.email'), [
    { strength: 'stated', labels: ['pii', 'pii.email'] },
  ])
  t.match(commentEvidence('Contains PII of Ada Lovelace'), [
    { kind: 'personal', strength: 'medium' },
  ])
  t.match(commentEvidence('personenbezogen'), [{ kind: 'personal' }])
  t.match(commentEvidence('PCI scope'), [{ kind: 'card' }])
  t.same(commentEvidence('not PII'), [])
  t.same(commentEvidence('the number of the order'), [])
  t.notMatch(JSON.stringify(commentEvidence('Contains PII of Ada Lovelace')), /Lovelace/)
})

t.test('a security label of the anonymizer says that it masks, and with what', async (t) => {
  const kinds: readonly (readonly [string, string])[] = [
    ['MASKED WITH FUNCTION anon.fake_email()', 'email'],
    ['MASKED WITH FUNCTION anon.partial(phone, 2, $$***$$, 2)', 'personal'],
    ['masked  with function anon.random_phone()', 'phone'],
    ['MASKED WITH FUNCTION anon.fake_first_name()', 'name'],
    ['MASKED WITH FUNCTION anon.fake_iban()', 'iban'],
    ['MASKED WITH FUNCTION anon.dummy_last_name()', 'name'],
    ['MASKED WITH VALUE $$Ada Lovelace$$', 'personal'],
    ['MASKED WITH FUNCTION ours.lovelace(x)', 'personal'],
  ]
  for (const [label, kind] of kinds) {
    t.match(securityLabelEvidence(label), [{ kind, strength: 'stated' }], label)
    t.notMatch(JSON.stringify(securityLabelEvidence(label)), /lovelace/i)
  }
  t.same(securityLabelEvidence('NOT MASKED'), [])
  t.same(securityLabelEvidence('TABLESAMPLE BERNOULLI(10)'), [])
})
