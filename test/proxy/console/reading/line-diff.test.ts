// Differences line by line tell what went and what came, and nothing else.
import t from 'tap'
import { lineDiff } from '../../../../proxy/console/reading/line-diff.js'

const short = (before: string, after: string): readonly string[] =>
  lineDiff(before, after).map(({ kind, text }) => `${kind} ${text}`.trim())

t.test('a changed line is one that went and one that came', async (t) => {
  t.same(short('a\nb\nc', 'a\nB\nc'), ['same a', 'gone b', 'new B', 'same c'])
  t.same(short('', 'a'), ['gone', 'new a'])
  t.same(short('a\nb', 'a\nb'), ['skipped'])
})

t.test('what is far from any change is left out', async (t) => {
  const lines = Array.from({ length: 40 }, (_, at) => `line ${at}`)
  const after = lines.with(20, 'other')
  const diff = lineDiff(lines.join('\n'), after.join('\n'))
  t.same(
    diff.map(({ kind }) => kind),
    ['skipped', 'same', 'same', 'same', 'gone', 'new', 'same', 'same', 'same', 'skipped'],
  )
})

t.test('either text can be made again from any difference', async (t) => {
  let seed = 11
  const next = (below: number): number => (seed = (seed * 48271) % 2147483647) % below
  for (let round = 0; round < 300; round++) {
    const [a, b] = [0, 1].map(() =>
      Array.from({ length: next(7) + 1 }, () => 'xyz'.charAt(next(3))),
    )
    const diff = lineDiff((a ?? []).join('\n'), (b ?? []).join('\n'))
    if (diff.some(({ kind }) => kind === 'skipped')) continue
    const side = (without: string): readonly string[] =>
      diff.filter(({ kind }) => kind !== without).map(({ text }) => text)
    if (side('new').join() !== a?.join() || side('gone').join() !== b?.join()) {
      t.fail(JSON.stringify([a, b]))
    }
  }
})
