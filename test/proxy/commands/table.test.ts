// Tables that stay straight, and texts that cannot steer the terminal.
import t from 'tap'
import { instantOf, paintFor, plainText, tableOf } from '../../../proxy/commands/table.js'

const io = (isTTY: boolean, env = {}) => ({
  stdout: { write: () => true, isTTY },
  stderr: { write: () => true },
  env,
  cwd: '/',
})

t.test('columns are as wide as their widest cell, in characters', async (t) => {
  const plain = paintFor(io(false))
  t.equal(
    tableOf(
      ['A', 'B'],
      [
        ['ü😀', 'x'],
        ['long', { text: '', colour: 'red' }],
      ],
      plain,
    ),
    'A     B\nü😀    x\nlong\n',
  )
})

t.test('colours only on a terminal that wants them', async (t) => {
  t.equal(paintFor(io(false))('red', 'x'), 'x')
  t.equal(paintFor(io(true, { NO_COLOR: '1' }))('red', 'x'), 'x')
  t.equal(paintFor(io(true))('red', 'x'), '\u001b[31mx\u001b[0m')
})

t.test('control characters and changes of direction are shown, not obeyed', async (t) => {
  for (const bad of ['\u001b[2J', '\u009b2J', '\u202e', '\u2066', '\u0000', '\u0007', '\ufeff']) {
    t.notMatch(
      plainText(`a${bad}b`),
      new RegExp(`[${'\\u0000-\\u001f\\u007f-\\u009f\\u202e\\u2066\\ufeff'}]`),
    )
  }
  t.equal(plainText(' a\n\t b\r\n'), 'a b')
  t.equal(plainText('abcdef', 4), 'abc…')
  t.equal(plainText('😀😀😀', 3), '😀😀😀')
})

t.test('an instant that is none is not a crash', async (t) => {
  t.equal(instantOf(0), '1970-01-01 00:00:00.000Z')
  t.equal(instantOf(1e300), '?')
})
