// Films on a terminal: what was recorded is shown, and cannot steer the terminal that shows it.
import t from 'tap'
import type { FilmEntry, FilmSession, Frame } from '../../../proxy/replay/film.js'
import { cut, harmless, widthOf } from '../../../proxy/replay/terminal-text.js'
import { entryView, sessionView } from '../../../proxy/replay/terminal-view.js'

const plain = (_: string, text: string): string => text
const bounds = { rows: 3, width: 80, field: 20 }
const session: FilmSession = {
  id: 's1',
  subject: 'u',
  issuer: 'i',
  name: 'alice',
  kind: 'agent',
  target: 'shop',
  database: 'shop',
  client_address: '',
  application: '',
  opened: 0,
  state: 'closed',
  commands: 1,
  notes: [],
}

const EVIL =
  '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202eabc\u2066\u200b<script>alert(1)</script>\r\nnext\u0000\u{e0041}\ud800'

function entry(changes: Partial<FilmEntry> = {}): FilmEntry {
  return {
    at: 61_000,
    time: 0,
    command: 7,
    text: 'SELECT 1',
    redacted: false,
    action: 'allow',
    rules: [],
    go: true,
    frames: [],
    ...changes,
  }
}

function lines(changes: Partial<FilmEntry> = {}): string {
  const { sent, decided, answer } = entryView(entry(changes), { paint: plain, bounds, session })
  return [...sent, ...decided, ...answer].join('\n')
}

t.test('no text of anybody steers the terminal', async (t) => {
  const evil = { id: EVIL, message: EVIL, hint: EVIL }
  const frames: Frame[] = [
    { at: 0, kind: 'notice', command: 7, severity: EVIL, message: EVIL, hint: EVIL },
    { at: 0, kind: 'columns', command: 7, columns: [{ name: EVIL, type: 25 }] },
    { at: 0, kind: 'rows', command: 7, rows: [[EVIL], [null]] },
    { at: 0, kind: 'cut', command: 7, why: EVIL },
    { at: 0, kind: 'error', command: 7, sqlstate: EVIL, message: EVIL, detail: EVIL, hint: EVIL },
    { at: 0, kind: 'done', command: 7, tag: EVIL },
  ]
  const text =
    lines({
      text: EVIL,
      rewritten: EVIL,
      refusal: EVIL,
      go: false,
      rules: [evil],
      approval: { id: EVIL, events: [{ at: 0, event: EVIL, by: EVIL, reason: EVIL }] },
      incidents: [{ at: 0, event: EVIL, detail: EVIL }],
      outcome: { result: 'failed', tag: EVIL, sqlstate: EVIL },
      under: {
        action: 'deny',
        rules: [evil],
        parted: true,
        parting: 'denied',
        after: false,
        notes: [EVIL],
      },
      frames,
    }) +
    sessionView(
      {
        ...session,
        id: EVIL,
        name: EVIL,
        kind: EVIL,
        target: EVIL,
        client_address: EVIL,
        notes: [EVIL],
      },
      { paint: plain },
    )
  t.notMatch(
    text,
    /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]|\u{e0041}/u,
  )
  t.match(text, '<script>', 'what is no danger here is shown as it is')
})

t.test('every character of Unicode is harmless, and as wide as it is said to be', async (t) => {
  let broken = 0
  for (let code = 0; code < 0x11_0000; code += code < 0x3000 ? 1 : 37) {
    const text = harmless(`a${String.fromCodePoint(code)}b`)
    if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)) broken += 1
  }
  t.equal(broken, 0)
  t.equal(widthOf('日本'), 4)
  t.equal(widthOf('e\u0301'), 1)
  t.equal(widthOf(cut('日本語日本語', 7)), 7)
})

t.test('a result is a table as psql draws it, cut to the screen', async (t) => {
  const columns = [
    { name: 'id', type: 23 },
    { name: 'name', type: 25 },
  ]
  const rows = [
    ['1', 'Ann'],
    ['22', null],
    ['3', '日本'],
    ['4', 'x'],
    ['5', 'y'],
  ]
  const text = lines({
    frames: [
      { at: 0, kind: 'columns', command: 7, columns },
      { at: 0, kind: 'rows', command: 7, rows },
      { at: 0, kind: 'done', command: 7, tag: 'SELECT 5' },
    ],
    outcome: { result: 'done', tag: 'SELECT 5', rows: 5, masked: 2, duration_us: 1500 },
  })
  t.match(
    text,
    ' id | name\n----+------\n  1 | Ann\n 22 | ∅\n  3 | 日本\n … 2 more row(s)\nSELECT 5',
  )
  t.match(text, '→ done, SELECT 5, 5 row(s), 2 masked, 1.5 ms')
  t.match(text, '#7  1:01')
})

t.test('a denial says the rule and what would pass; a wait says how long and who', async (t) => {
  const denied = lines({
    action: 'deny',
    go: false,
    rules: [{ id: 'a/b', message: 'no', hint: 'so' }],
  })
  t.match(denied, /✗ deny {2}a\/b\n {2}no\n {2}hint: so\n→ did not run/)
  const held = lines({
    action: 'require-approval',
    approval: {
      id: 'ap-1',
      events: [
        { at: 19_000, event: 'requested' },
        { at: 60_000, event: 'approved', by: 'bob', reason: 'ticket 7' },
      ],
    },
  })
  t.match(held, /⏸ waited for 42\.0 s: ap-1\n {2}approved by bob \(ticket 7\)/)
})

t.test('several lines stay several lines, and a huge statement is cut', async (t) => {
  t.match(lines({ text: 'SELECT 1,\n\t2' }), 'shop=> SELECT 1,\nshop->     2')
  t.match(lines({ text: 'x\n'.repeat(5_000) }), /… 4961 more line\(s\)/)
})

t.test('the end of a branch is said, and what comes behind it is marked', async (t) => {
  const under = { action: 'deny', rules: [], parted: true, parting: 'denied', notes: [] } as const
  t.match(
    lines({ under: { ...under, after: false } }),
    '⑂ under: ✗ deny  it would have been denied: the branch ends here',
  )
  t.match(lines({ under: { ...under, after: true } }), 'after the parting: ')
})
