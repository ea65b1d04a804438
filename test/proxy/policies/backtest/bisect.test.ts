// The search itself, on commits whose decisions are known.
import t from 'tap'
import type { Decision } from '../../../../engine/schemas/decision.js'
import { bisect } from '../../../../proxy/policies/backtest/bisect.js'
import type { FolderCommit } from '../../../../proxy/policies/backtest/folder-history.js'

// One letter a commit: a allows, d denies, x does not build, . has no such folder.
function history(letters: string): readonly FolderCommit[] {
  return [...letters].map((letter, at) => ({
    commit: `c${at}`,
    author: 'ada',
    date: '',
    subject: letter,
    tree: letter === '.' ? undefined : `${letter}${at}`,
  }))
}

const DECISIONS: Readonly<Record<string, Decision>> = {
  a: { action: 'allow', rules: [], masks: [], limits: {} },
  d: { action: 'deny', rules: [{ id: 'x/y', message: 'no' }], masks: [], limits: {} },
}

async function found(letters: string, every = false) {
  const asked: string[] = []
  const { turns, ...rest } = await bisect({
    commits: history(letters),
    every,
    ask: (tree) => {
      asked.push(tree)
      const decision = DECISIONS[tree[0] ?? '']
      return Promise.resolve(decision === undefined ? { why: 'it does not build' } : { decision })
    },
  })
  return {
    ...rest,
    asked,
    turns: turns.map(({ commits, last }) => [last.commit, commits.map(({ commit }) => commit)]),
  }
}

t.test('the one commit that changed the decision is found, wherever it is', async (t) => {
  for (let before = 1; before < 16; before += 1) {
    const { turns, asked } = await found('a'.repeat(before) + 'd'.repeat(16 - before))
    t.same(turns, [[`c${before - 1}`, [`c${before}`]]])
    t.ok(asked.length <= 6, `${asked.length} of 16 asked`)
  }
})

t.test(
  'commits that cannot be asked are passed over, and named where they hide the change',
  async (t) => {
    t.same((await found('aaxaaddxdd')).turns, [['c4', ['c5']]])
    const hidden = await found('aaaxx.dddd')
    t.same(hidden.turns, [['c2', ['c3', 'c4', 'c5', 'c6']]])
    t.same(
      hidden.skipped.map(({ commit }) => commit.commit),
      ['c3', 'c4', 'c5'],
    )
    t.same((await found('xxaddx')).turns, [['c2', ['c3']]])
  },
)

t.test('nothing is found where nothing changed, or nobody can be asked', async (t) => {
  t.match(await found('aaaa'), { turns: [], now: { action: 'allow' } })
  t.match(await found('xx.'), { turns: [], now: undefined })
})

t.test('a change that was taken back is found when every commit is asked', async (t) => {
  t.same((await found('aaddaa')).turns, [])
  t.same((await found('aaddxaa', true)).turns, [
    ['c1', ['c2']],
    ['c3', ['c4', 'c5']],
  ])
})

t.test('equal states of the folder are built once', async (t) => {
  const commits = history('aaaaaadddddd').map((one) => ({ ...one, tree: one.tree?.[0] }))
  let built = 0
  await bisect({
    commits,
    every: true,
    ask: (tree) => {
      built += 1
      return Promise.resolve({ decision: DECISIONS[tree] ?? DECISIONS['a'] ?? fail() })
    },
  })
  t.equal(built, 2)
})

function fail(): never {
  throw new Error('there is a decision')
}
