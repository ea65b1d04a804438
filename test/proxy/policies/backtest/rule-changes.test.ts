// Which rules and data differ, told from the texts in two bundles.
import t from 'tap'
import { changesBetween } from '../../../../proxy/policies/backtest/rule-changes.js'
import { focusVocabularies } from '../../../../proxy/policies/backtest/focus.js'
import { ruleChunks } from '../../../../proxy/policies/backtest/rule-chunks.js'
import { wordsOf } from '../../../../proxy/policies/backtest/vocabulary.js'

const DROP = `package sallyport.policies

import data.sallyport.facts

_kinds := {"table", "view"}

# METADATA
# title: DROP
# custom:
#   id: local/drop
deny.drop contains {
	"id": "local/drop",
	"message": "no", # a remark
} if {
	some effect in input.command.effects
	effect.kind in _kinds
	input.target.labels.env in data.environments.protected
}
`

function files(rego: string, data: object): ReadonlyMap<string, Buffer> {
  return new Map([
    ['policies/drop.rego', Buffer.from(rego)],
    ['data.json', Buffer.from(JSON.stringify(data))],
  ])
}

const DATA = { environments: { protected: ['prod'] }, teams: { a: ['b'] } }
const BEFORE = files(DROP, DATA)

t.test('texts of rules are cut where rules begin, each with its id', async (t) => {
  t.match(ruleChunks(BEFORE), [
    { name: '_kinds', id: undefined, line: 5 },
    { name: 'deny.drop', id: 'local/drop', line: 11 },
  ])
})

t.test('white space, remarks and files make no difference', async (t) => {
  const moved = DROP.replace(' # a remark', '').replaceAll('\t', '  ')
  const after = new Map([...files(moved, DATA)].map(([name, text]) => [`x/${name}`, text]))
  after.set('data.json', after.get('x/data.json') ?? Buffer.from(''))
  t.same(changesBetween(BEFORE, after).listed, [])
})

t.test('rules added, removed and changed are named, and data by its path', async (t) => {
  const after = files(DROP.replace('"view"}', '"index"}').replaceAll('local/drop', 'local/other'), {
    ...DATA,
    teams: { a: ['b', 'c'] },
  })
  t.same(
    changesBetween(BEFORE, after).listed.map(({ id, what }) => `${what} ${id}`),
    ['changed _kinds', 'removed local/drop', 'added local/other', 'changed data.teams.a'],
  )
})

t.test(
  'a helper or data that differs leads to the rules that use it, and to their words',
  async (t) => {
    for (const after of [
      files(DROP.replace('"view"}', '"index"}'), DATA),
      files(DROP, { ...DATA, environments: { protected: ['prod', 'stage'] } }),
    ]) {
      const changes = changesBetween(BEFORE, after)
      const side = (of: ReadonlyMap<string, Buffer>) => ({
        all: ruleChunks(of),
        data: JSON.parse(of.get('data.json')?.toString() ?? '') as unknown,
      })
      const words = focusVocabularies(changes, side(BEFORE), side(after))
      t.equal(words.length, 2, 'one for each side')
      for (const vocabulary of words) {
        t.same(wordsOf(vocabulary, 'op'), ['drop'])
        t.ok(wordsOf(vocabulary, 'kind').includes('table'))
        t.ok(wordsOf(vocabulary, 'env').includes('prod'))
      }
    }
  },
)
