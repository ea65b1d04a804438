// Data is changed where rules read it, and still is YAML afterwards.
import t from 'tap'
import { parse } from 'yaml'
import { closedWords } from '../../../../proxy/policies/mutation/closed-words.js'
import { dataMutants, dataPath } from '../../../../proxy/policies/mutation/data-mutants.js'
import { mutated } from '../../../../proxy/policies/mutation/mutant.js'
import { sourceOf } from '../../../../proxy/policies/mutation/syntax.js'

const part = (value: string, at: number): object => ({ type: at === 0 ? 'var' : 'string', value })

// A file that reads these paths and nothing else.
function reading(...paths: readonly string[]): ReturnType<typeof sourceOf> {
  const refs = paths.map((path) => ({ type: 'ref', value: path.split('.').map(part) }))
  return sourceOf('x.rego', '', JSON.stringify({ rules: [{ body: refs }] }))
}

function afterwards(text: string, ...paths: readonly string[]): readonly unknown[] {
  const file = { file: 'data/x/data.yaml', path: ['x'], text }
  return dataMutants([file], [reading(...paths)], closedWords()).map((one) => ({
    [one.rule]: parse(mutated(text, one)) as unknown,
  }))
}

t.test('lists lose each entry in turn, however they are written', async (t) => {
  t.same(afterwards('a: [p, q]\n', 'data.x.a'), [
    { 'data.x.a': { a: ['q'] } },
    { 'data.x.a': { a: ['p'] } },
  ])
  t.same(afterwards('a:\n  - p # one\n  - q\nb: 1\n', 'data.x.a'), [
    { 'data.x.a': { a: ['q'], b: 1 } },
    { 'data.x.a': { a: ['p'], b: 1 } },
  ])
  t.same(afterwards('a:\n  - p\n', 'data.x.a'), [{ 'data.x.a': { a: [] } }])
})

t.test(
  'numbers become one more and one less, truth its opposite, closed words others',
  async (t) => {
    const text = 'terms:\n  quorum: 1\n  reason_required: false\n  scope: command\n  note: free\n'
    const terms = { quorum: 1, reason_required: false, scope: 'command', note: 'free' }
    t.same(afterwards(text, 'data.x.terms'), [
      { 'data.x.terms.quorum': { terms: { ...terms, quorum: 2 } } },
      { 'data.x.terms.quorum': { terms: { ...terms, quorum: 0 } } },
      { 'data.x.terms.reason_required': { terms: { ...terms, reason_required: true } } },
      { 'data.x.terms.scope': { terms: { ...terms, scope: 'session' } } },
    ])
  },
)

t.test('what no rule names is left alone', async (t) => {
  t.same(afterwards('a: [p]\nb: [q]\n', 'data.y', 'data.x.b.c'), [
    { 'data.x.b': { a: ['p'], b: [] } },
  ])
})

t.test('a file is under the folders that it stands in', async (t) => {
  t.same(dataPath('data/x/y/data.yaml', 'data'), ['x', 'y'])
  t.same(dataPath('data/data.yaml', 'data'), [])
  t.same(dataPath('x/data.yaml', '.'), ['x'])
})
