// Hostile text is shown as what it is.
import t from 'tap'
import { onOneLine, printable } from '../../../../proxy/console/reading/printable.js'

t.test('terminal escapes, direction marks and invisible characters are shown', async (t) => {
  t.equal(printable('a\u001b[2Jb'), 'a⟨U+001B⟩[2Jb')
  t.equal(printable('\u202edrop\u202c'), '⟨U+202E⟩drop⟨U+202C⟩')
  t.equal(printable('a\u200bb\ufeffc\u00add'), 'a⟨U+200B⟩b⟨U+FEFF⟩c⟨U+00AD⟩d')
  t.equal(printable('\u{e0041}'), '⟨U+E0041⟩', 'tag characters')
  t.equal(printable('\ud800x'), '⟨U+D800⟩x', 'half a character')
  t.equal(printable('\r'), '⟨U+000D⟩', 'what would overwrite the line')
})

t.test('what people write stays as it is', async (t) => {
  const text = "SELECT 'Zoë – 日本語 😀'\n\tFROM t"
  t.equal(printable(text), text)
  t.equal(printable('a\r\nb'), 'a\nb')
})

t.test('a line is one line and has an end', async (t) => {
  t.equal(onOneLine(' a\n  b\t c '), 'a b c')
  t.equal(onOneLine('x'.repeat(1000), 10), `${'x'.repeat(9)}…`)
})
