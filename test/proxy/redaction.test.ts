// What the record keeps of a command's text.
import t from 'tap'
import { recordedText, withoutLiterals } from '../../proxy/redaction.js'

t.test('a text that touches nothing protected is kept as it is', async (t) => {
  const text = "select * from orders where status = 'open' and id = 4711"
  t.same(recordedText(text, false), { text, redacted: false })
})

t.test('every literal of a statement on labelled columns gives way', async (t) => {
  const hidden: readonly (readonly [string, string])[] = [
    ["select 'a', 'it''s'", "select '…', '…'"],
    [String.raw`select E'a\'b' || 'c'`, "select '…' || '…'"],
    ['select $$a b$$, $t$ $$ $t$', "select '…', '…'"],
    ["select U&'d\\0061t' , B'101', x'ff', N'a'", "select '…' , '…', '…', '…'"],
    ['select 12345678, 1234, $1', "select '…', 1234, $1"],
    ['select "a b", t1.c2', 'select "a b", t1.c2'],
    ['select 1 -- 123-45-6789', 'select 1 --…'],
    ['select 1 /* a /* b */ c */ + 2', 'select 1 /*…*/ + 2'],
    ["select date'2020-01-01'", "select date'…'"],
  ]
  for (const [text, shown] of hidden) {
    t.same(recordedText(text, true), { text: shown, redacted: true }, text)
  }
})

t.test('a text that looks protected is hidden whatever the reading says', async (t) => {
  for (const secret of ['123-45-6789', '4111 1111 1111 1111', 'ann@example.org']) {
    const { text, redacted } = recordedText(`insert into log values ('${secret}')`, false)
    t.ok(redacted)
    t.notMatch(text, secret)
  }
})

t.test('a text that cannot be scanned is recorded by its length alone', async (t) => {
  for (const text of ["select 'open", 'select $$open', 'select /* open', 'select "open']) {
    t.equal(withoutLiterals(text), undefined)
    t.same(recordedText(text, true), {
      text: `(${text.length} characters, not shown)`,
      redacted: true,
    })
  }
  t.equal(withoutLiterals(String.raw`select E'a\' `), undefined)
})

t.test('no literal survives, wherever it stands', async (t) => {
  const secret = 'S3CRETVALUE'
  const places = [
    `select '${secret}'`,
    `select E'\\'${secret}'`,
    `select $x$${secret}$x$`,
    `select 1 /* ' */ , '${secret}'`,
    `select "'" , '${secret}'`,
    `select 'a' '${secret}'`,
    `select 'a'\n'${secret}'`,
    `select 'a''${secret}'`,
    `copy t from '${secret}'`,
    `select $$'$$ , '${secret}'`,
    `select a$b$c , '${secret}', d$b$e`,
  ]
  for (const text of places) t.notMatch(recordedText(text, true).text, secret, text)
})

t.test('a very long text is cut', async (t) => {
  const { text } = recordedText(`select ${'a, '.repeat(50_000)} b`, false)
  t.ok(text.length < 66_000)
  t.match(text, /150\d{3} characters in all/)
})
