// Cutting SQL for the eye: no character is lost, whatever the text.
import t from 'tap'
import { sqlTokens } from '../../../../proxy/console/reading/sql-tokens.js'

const kinds = (text: string): readonly string[] =>
  sqlTokens(text)
    .filter(({ kind }) => kind !== 'space')
    .map(({ kind, text: own }) => `${kind} ${own}`)

t.test('strings, comments and names are told apart', async (t) => {
  t.same(kinds(`SELECT "a""b", E'it\\'s' /* x /* y */ z */ -- end`), [
    'keyword SELECT',
    'quoted "a""b"',
    'other ,',
    `string E'it\\'s'`,
    'comment /* x /* y */ z */',
    'comment -- end',
  ])
  t.same(kinds('do $f$ drop table x $g$ $f$'), ['keyword do', 'string $f$ drop table x $g$ $f$'])
  t.same(kinds("'it''s' $1 1.5e3"), ["string 'it''s'", 'number $1', 'number 1.5e3'])
})

t.test('what has no end goes to the end', async (t) => {
  t.same(kinds(`'open`), [`string 'open`])
  t.same(kinds('/* open'), ['comment /* open'])
  t.same(kinds('$$ open'), ['string $$ open'])
})

t.test('every character is in exactly one token, for any text', async (t) => {
  const alphabet = [...'ab\'"$/*-\\ \n\u00e9😀;.,1E', '$$', '/*', '*/', '--', "''", 'select ']
  let seed = 7
  const next = (below: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % below
  }
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: next(30) }, () => alphabet[next(alphabet.length)]).join('')
    const tokens = sqlTokens(text)
    if (tokens.map((token) => token.text).join('') !== text) t.fail(JSON.stringify(text))
    let at = 0
    for (const token of tokens) {
      if (token.from !== at || token.text === '') t.fail(`places of ${JSON.stringify(text)}`)
      at += token.text.length
    }
  }
})

t.test('a text of a million characters is cut in a moment', async (t) => {
  const started = performance.now()
  sqlTokens('/*'.repeat(500_000))
  sqlTokens('$a'.repeat(100_000))
  t.ok(performance.now() - started < 30_000)
})
