// Results as CSV: read back exactly, NULL told from an empty text, and no formula where that is asked for.
import t from 'tap'
import { csvField, csvLine, csvOf } from '../../../proxy/replay/csv.js'
import type { Frame } from '../../../proxy/replay/film.js'
import { all } from './film-lab.js'
import { chance } from '../../fuzz/chance.js'

// RFC 4180 by hand: what a careful reader makes of it.
function readBack(text: string): (string | null)[][] {
  const rows: (string | null)[][] = []
  let row: (string | null)[] = []
  let at = 0
  while (at < text.length) {
    let field: string | null = null
    if (text[at] === '"') {
      field = ''
      for (at += 1; ; at++) {
        if (text[at] === '"' && text[at + 1] === '"') at += 1
        else if (text[at] === '"') break
        field += text[at] ?? ''
      }
      at += 1
    } else {
      const end = /[,\r]/.exec(text.slice(at))?.index ?? text.length - at
      field = end === 0 ? null : text.slice(at, at + end)
      at += end
    }
    row.push(field)
    if (text[at] === ',') at += 1
    else {
      at += 2
      rows.push(row)
      row = []
    }
  }
  return rows
}

t.test('whatever a field holds is read back as it was', async (t) => {
  const random = chance(11)
  const pieces = [',', '"', '\r', '\n', ' ', 'a', '=', '日', '\t', '', "'"]
  for (let n = 0; n < 3_000; n++) {
    const rows = Array.from({ length: 1 + random.below(3) }, () =>
      Array.from({ length: 2 }, () =>
        random.below(5) === 0
          ? null
          : Array.from(
              { length: random.below(5) },
              () => pieces[random.below(pieces.length)] ?? '',
            ).join(''),
      ),
    )
    const text = rows.map((row) => csvLine(row, { spreadsheet: false })).join('')
    if (JSON.stringify(readBack(text)) !== JSON.stringify(rows)) {
      t.same(readBack(text), rows)
      return
    }
  }
  t.pass('3,000 tables')
})

t.test('NULL is an empty field, an empty text a quoted one', async (t) => {
  t.equal(csvLine([null, '', 'x'], { spreadsheet: false }), ',"",x\r\n')
})

t.test('for spreadsheets nothing begins as a formula does', async (t) => {
  const formulas = [
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    '＝1',
    '＋1',
    '－1',
    '＠x',
  ]
  for (const formula of formulas) {
    t.match(csvField(formula, true), /^"'/, JSON.stringify(formula))
    t.notMatch(csvField(formula, false), /^"?'/)
  }
  t.equal(csvField('=HYPERLINK("http://x","y")', true), `"'=HYPERLINK(""http://x"",""y"")"`)
  t.equal(csvField('a=1', true), 'a=1')
})

t.test('one command’s result, and what is missing of it', async (t) => {
  const frames: Frame[] = [
    { at: 0, kind: 'columns', command: 1, columns: [{ name: 'other', type: 25 }] },
    {
      at: 0,
      kind: 'columns',
      command: 2,
      columns: [
        { name: 'id', type: 23 },
        { name: '=x', type: 25 },
      ],
    },
    { at: 0, kind: 'rows', command: 1, rows: [['not this']] },
    { at: 0, kind: 'rows', command: 2, rows: [['1', '****']] },
    { at: 0, kind: 'rows', command: 2, rows: [['2', null]] },
    { at: 0, kind: 'cut', command: 2, why: 'beyond the bound' },
    { at: 0, kind: 'done', command: 2, tag: 'SELECT 9' },
    { at: 0, kind: 'rows', command: 2, rows: [['after the end', '']] },
  ]
  const source = async function* () {
    yield* frames
  }
  const told = { rows: 0, results: 0, cut: undefined as string | undefined }
  const text = (await all(csvOf(source(), 2, { spreadsheet: true }, told))).join('')
  t.equal(text, `id,"'=x"\r\n1,****\r\n2,\r\n`)
  t.same(told, { rows: 2, results: 1, cut: 'beyond the bound' })
})
