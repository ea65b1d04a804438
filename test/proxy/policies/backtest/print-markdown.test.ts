// A comment on a pull request: short enough for any host, and whatever clients sent stays text in it.
import t from 'tap'
import { githubOf } from '../../../../proxy/policies/backtest/print-github.js'
import {
  MARKDOWN_CHARACTERS_MAX,
  markdownOf,
} from '../../../../proxy/policies/backtest/print-markdown.js'
import { prettyOf } from '../../../../proxy/policies/backtest/print-pretty.js'
import type { FlipGroup, Report } from '../../../../proxy/policies/backtest/report.js'
import { plainText } from '../../../../proxy/commands/table.js'

const NASTY =
  '`|` </details><img src=x onerror=alert(1)> @everyone [a](http://x) \u202e\u001b[31m ```\n| x | y |'

function group(at: number, text: string): FlipGroup {
  const names = { top: [{ name: text, count: 3 }], more: 2 }
  return {
    direction: at % 2 === 0 ? 'wider' : 'stricter',
    from: 'deny',
    to: 'allow',
    kind: 'deny → allow',
    changes: [],
    rule: `local/rule-${at}`,
    count: 1000 - at,
    people: names,
    targets: names,
    objects: names,
    examples: [1, 2, 3].map((n) => ({
      person: text,
      target: text,
      text: `${text} ${n}`.repeat(at < 3 ? 1 : 40),
      seq: n,
      session: text,
      time: 0,
      before: { action: 'deny', rules: [text], message: text },
      after: { action: 'allow', rules: [] },
    })),
  }
}

function report(groups: number, text: string): Report {
  return {
    title: 'policy backtest',
    before: undefined,
    after: { name: text, revision: '', digest: `sha256:${'a'.repeat(64)}` },
    comparisons: [
      {
        source: 'recorded',
        compared: 10,
        same: 1,
        otherRules: 0,
        flips: 9,
        unchecked: 1,
        uncheckedWhy: [{ name: text, count: 1 }],
        evaluated: 3,
        relabelled: { commands: 1, columns: { top: [{ name: text, count: 1 }], more: 0 } },
        groups: Array.from({ length: groups }, (_, at) => group(at, text)),
        groupsLeftOut: 0,
      },
    ],
    expectations: [{ place: 'delta.yaml:2', why: text, found: 0 }],
  }
}

t.test('it stays under the size of a comment, with what widens first', async (t) => {
  for (const groups of [1, 20, 400]) {
    const text = markdownOf(report(groups, 'SELECT 1'), 'wider')
    t.ok(text.length < MARKDOWN_CHARACTERS_MAX, `${groups}: ${text.length}`)
    t.match(text, /^## ❌/)
  }
  t.match(markdownOf(report(400, 'SELECT 1'), 'wider'), /examples of \d+ more kinds/)
  t.ok(markdownOf(report(5, 'x'.repeat(100_000)), 'any').length < MARKDOWN_CHARACTERS_MAX)
})

t.test(
  'what a client sent makes no markup, no mention, no row and no end of a block',
  async (t) => {
    const text = markdownOf(report(3, NASTY), 'wider')
    const [table = ''] = text.split('<details>')
    const rows = table.split('\n').filter((line) => line.startsWith('|'))
    // Five rows in all, each with eight cells.
    t.equal(rows.length, 5)
    for (const row of rows) t.equal(row.replaceAll('\\|', '').split('|').length, 10, row)
    const outside = text
      .replace(/^ {2}(`{3,})sql\n[\s\S]*?\n {2}\1$/gm, '')
      .replace(/`[^`\n]*`/g, '')
    t.notMatch(outside, /<img|@everyone|\]\(http|\u202e|\u001b/)
    t.equal(text.split('<details>').length, text.split('\n</details>').length)
    t.notMatch(text, /[\u202e\u001b]/)
  },
)

t.test('a terminal is not steered, and a runner gets one command a line', async (t) => {
  const pretty = prettyOf(report(3, NASTY), 'wider', (_, text) => text, plainText)
  t.notMatch(pretty, /[\u202e\u001b]/)
  const lines = githubOf(report(3, `${NASTY}\n::set-env name=X::y`), 'wider')
    .split('\n')
    .filter((line) => line !== '')
  t.ok(lines.every((line) => /^::(error|warning|notice) title=[^:,]*::/.test(line)))
})

t.test('flips that may be are told without an alarm', async (t) => {
  const { comparisons, ...rest } = report(1, 'SELECT 1')
  const calm: Report = {
    ...rest,
    expectations: [],
    comparisons: comparisons.map((one) => ({ ...one, unchecked: 0, groups: [group(1, 'x')] })),
  }
  t.match(markdownOf(calm, 'wider'), /^## ✅/)
  t.match(markdownOf(calm, 'any'), /^## ❌/)
  t.match(githubOf(calm, 'wider'), /^::warning /)
})
