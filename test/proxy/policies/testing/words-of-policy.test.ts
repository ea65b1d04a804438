// The words of a policy are found where it compares them with fields of the facts.
import t from 'tap'
import { ran } from '../../../../proxy/policies/opa.js'
import { wordsOfPolicy } from '../../../../proxy/policies/testing/words-of-policy.js'
import { opaPath } from '../../../rego/library.js'
import { folderWith } from './small-policy.js'

const RULES = `package words

_wide := {"absent", "trivial"}

a if {
	some effect in input.command.effects
	effect.detail in {"volatile", "opaque"}
	not effect.where in _wide
}

b if {
	some label in input.command.effects[_].labels
	startswith(label, "system:")
}

c if input.target.labels.env in data.environments.unprotected

d if {
	some group in input.identity.groups
	group in data.teams.readers
}
`

t.test('words are told by the field that they are compared with', async (t) => {
  const cwd = folderWith(t, { 'words.rego': RULES })
  const args = ['parse', '--format', 'json', 'words.rego']
  const tree: unknown = JSON.parse(await ran(await opaPath(), args, { timeoutMs: 20_000, cwd }))
  const data = { environments: { unprotected: ['dev'] }, teams: { readers: ['pii'] }, n: 1 }
  const { byField, others } = wordsOfPolicy([tree], data)
  t.same(byField['detail'], ['opaque', 'volatile'])
  t.same(byField['where'], ['absent', 'trivial'])
  t.same(byField['labels'], ['system:'])
  t.same(byField['labels.*'], ['env'])
  t.same(byField['env'], ['dev'])
  t.same(byField['groups'], ['pii'])
  for (const word of ['dev', 'pii', 'volatile', 'absent']) t.ok(others.includes(word), word)
})

t.test('what is no policy has no words', async (t) => {
  t.same(wordsOfPolicy([undefined, {}, { rules: [null] }], undefined), { byField: {}, others: [] })
})
