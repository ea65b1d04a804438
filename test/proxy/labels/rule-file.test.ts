// Rules are added to a file that people wrote, and nothing of theirs changes.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { withRules, type NewRule } from '../../../proxy/labels/rule-file.js'
import { unifiedDiff } from '../../../proxy/labels/unified-diff.js'

const rule = (column: string, table = 'people'): NewRule => ({
  rule: { schema: 'public', table, column, labels: ['pii', 'pii.email'] },
  because: 'high: 98 % of 200 sampled values are e-mail addresses; the name says “email”',
})

const written = (text: string | undefined, ...added: readonly NewRule[]): string =>
  withRules(text, added, 'data.yaml')

const columnsIn = (text: string): readonly unknown[] =>
  (parse(text) as { readonly columns: readonly unknown[] }).columns

const OURS = `# Ours.
columns:
    # First.
    - column: ssn   # of people
      labels: [pii, pii.ssn]

    - { column: card, labels: [pii] }  # last
    # Behind it.

other: 1
`

t.test('new rules stand below the last, with their reasons, indented as the others', async (t) => {
  const after = written(OURS, rule('email'))
  t.same(columnsIn(after).length, 3)
  t.match(after, /\{ column: card, labels: \[pii\] \} {2}# last\n {4}# high: 98 % of 200/)
  t.match(
    after,
    /\n {4}- schema: public\n {6}table: people\n {6}column: email\n {6}labels: \[pii, pii\.email\]\n {4}# Behind it\./,
  )
  const lines = after.split('\n')
  let at = 0
  for (const line of OURS.split('\n')) at = lines.indexOf(line, at) + 1 || Infinity
  t.ok(at < Infinity, 'every line that was there is there, in order')
})

t.test('a file that is missing, empty or has no rules yet is begun', async (t) => {
  for (const before of [
    ...[
      undefined,
      '',
      '# nothing\n',
      'columns:\n',
      'columns: []\n',
      'columns: [] # none\nother: 1\n',
    ],
    ...[
      'other: 1',
      'columns:',
      'columns:\n  - column: a\n    labels: [b]',
      'columns:\n- column: a\n  labels: [b]\n',
    ],
    'columns:\n  # to come\nother: 1\n',
  ]) {
    const after = written(before, rule('email'), rule('mail'))
    t.match(columnsIn(after).slice(-2), [{ column: 'email' }, { column: 'mail' }], String(before))
    if (before?.includes('other') === true) t.match(parse(after), { other: 1 })
  }
})

t.test('names can be anything', async (t) => {
  for (const name of [
    ...[
      'a b',
      'a: b',
      '"q"',
      "it's",
      '# x',
      '- y',
      '*',
      'null',
      'yes',
      '1e3',
      '0x1',
      '',
      ' lead',
      '\n',
    ],
    ...[
      'a\nb: c',
      'größe',
      '💳',
      '\u0007',
      '\u0085',
      '\u2028',
      '\u202e',
      '\u{e0041}',
      '\ufeff',
      '{x}',
      '&a',
      '!tag',
      '%',
      '~',
    ],
    ...['columns', '=', '<<', '\\', "'", '`', '@', '\ud800', 'a'.repeat(63), '.', '...', '---'],
  ]) {
    const after = written(OURS, rule(name, name))
    t.match(
      columnsIn(after).at(-1),
      { column: name, table: name },
      Buffer.from(name).toString('hex'),
    )
  }
})

t.test('what cannot be added to safely is refused', async (t) => {
  for (const before of [
    'columns: {a: 1}\n',
    'columns: [{column: a, labels: [b]}]\n',
    '- a\n',
    'a: b: c\n',
  ]) {
    t.throws(() => written(before, rule('email')), { code: 'bundle_invalid' }, before)
  }
  t.equal(written(OURS), OURS, 'nothing to add changes nothing')
})

t.test('the diff is one that git applies', async (t) => {
  for (const before of [
    OURS,
    'columns:\n  - column: a\n    labels: [b]',
    'columns: []\n',
    undefined,
  ]) {
    const home = t.testdir({})
    const file = 'data/labels/data.yaml'
    const path = join(home, file)
    mkdirSync(dirname(path), { recursive: true })
    if (before !== undefined) writeFileSync(path, before)
    const after = written(before, rule('email'), rule('x\ny'))
    const patch = join(home, 'patch')
    writeFileSync(patch, unifiedDiff(file, before, after))
    const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(home) }
    execFileSync('git', ['apply', patch], { cwd: home, env })
    t.equal(readFileSync(path, 'utf8'), after)
  }
  t.equal(unifiedDiff('x', OURS, OURS), '')
})
