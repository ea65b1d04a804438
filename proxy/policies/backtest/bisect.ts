// Which commit first changed the decision of a command: a binary search over the commits of a folder of
// policies. A state of the folder is built once, however many commits have it; one that cannot be built is
// passed over, and where that leaves several commits they are all named.
import { canonicalJson } from '../../../engine/canonical.js'
import type { Decision } from '../../../engine/schemas/decision.js'
import type { FolderCommit } from './folder-history.js'

// What a state of the folder decides, or why it cannot be asked.
export type Asked =
  | { readonly decision: Decision; readonly why?: never }
  | { readonly decision?: never; readonly why: string }

export type Turn = {
  // The commits that the change lies in: nearly always one.
  readonly commits: readonly FolderCommit[]
  // The last commit that decided as before.
  readonly last: FolderCommit
  readonly before: Decision
  readonly after: Decision
}

export type Bisection = {
  readonly commits: number
  // How many states were built and asked.
  readonly asked: number
  readonly skipped: readonly { readonly commit: FolderCommit; readonly why: string }[]
  // Oldest first: one, or with `every` all of them; none where nothing ever changed.
  readonly turns: readonly Turn[]
  // At the newest commit that can be asked.
  readonly now: Decision | undefined
}

export type BisectOptions = {
  readonly commits: readonly FolderCommit[]
  readonly ask: (tree: string, commit: FolderCommit) => Promise<Asked>
  // Every change in turn, instead of the one that led away from the oldest decision.
  readonly every?: boolean
  readonly progress?: (commit: FolderCommit, left: number) => void
}

export async function bisect(options: BisectOptions): Promise<Bisection> {
  const { commits } = options
  const answers = new Map<string, Asked>()
  const skipped = new Map<FolderCommit, string>()
  const at = async (place: number, left: number): Promise<Decision | undefined> => {
    const commit = commits[place]
    if (commit === undefined) return undefined
    let answer: Asked | undefined = { why: 'it has no such folder' }
    if (commit.tree !== undefined) {
      answer = answers.get(commit.tree)
      if (answer === undefined) {
        options.progress?.(commit, left)
        answer = await options.ask(commit.tree, commit)
        answers.set(commit.tree, answer)
      }
    }
    if (answer.decision === undefined) skipped.set(commit, answer.why)
    return answer.decision
  }
  const found = (turns: readonly Turn[], now: Decision | undefined): Bisection => ({
    commits: commits.length,
    asked: answers.size,
    skipped: commits.flatMap((commit) => {
      const why = skipped.get(commit)
      return why === undefined ? [] : [{ commit, why }]
    }),
    turns,
    now,
  })

  const oldest = await nearest(at, 0, commits.length)
  const newest = await nearest(at, commits.length - 1, -1)
  if (oldest === undefined || newest === undefined) return found([], undefined)
  if (options.every === true) return found(await everyTurn(commits, at, oldest), newest.decision)
  if (isSame(oldest.decision, newest.decision)) return found([], newest.decision)
  let [low, high] = [oldest, newest]
  for (;;) {
    const middle = await between(at, low.place, high.place)
    if (middle === undefined) break
    if (isSame(middle.decision, oldest.decision)) low = middle
    else high = middle
  }
  const turn = turnBetween(commits, low, high)
  return found(turn === undefined ? [] : [turn], newest.decision)
}

type At = (place: number, left: number) => Promise<Decision | undefined>
type Known = { readonly place: number; readonly decision: Decision }

async function everyTurn(
  commits: readonly FolderCommit[],
  at: At,
  oldest: Known,
): Promise<readonly Turn[]> {
  const turns: Turn[] = []
  let last = oldest
  for (let place = oldest.place + 1; place < commits.length; place += 1) {
    const decision = await at(place, commits.length - place)
    if (decision === undefined) continue
    const here = { place, decision }
    const turn = isSame(last.decision, decision) ? undefined : turnBetween(commits, last, here)
    if (turn !== undefined) turns.push(turn)
    last = here
  }
  return turns
}

// The first that can be asked, going towards `end`.
async function nearest(at: At, start: number, end: number): Promise<Known | undefined> {
  const step = start < end ? 1 : -1
  for (let place = start; place !== end; place += step) {
    const decision = await at(place, Math.abs(end - place))
    if (decision !== undefined) return { place, decision }
  }
  return undefined
}

// One that can be asked, as near to the middle as there is; undefined where there is none between.
async function between(at: At, low: number, high: number): Promise<Known | undefined> {
  const middle = Math.floor((low + high) / 2)
  for (let away = 0; away <= high - low; away += 1) {
    for (const place of away === 0 ? [middle] : [middle - away, middle + away]) {
      if (place <= low || place >= high) continue
      const decision = await at(place, Math.ceil(Math.log2(high - low)))
      if (decision !== undefined) return { place, decision }
    }
  }
  return undefined
}

function turnBetween(commits: readonly FolderCommit[], low: Known, high: Known): Turn | undefined {
  const last = commits[low.place]
  if (last === undefined) return undefined
  return {
    commits: commits.slice(low.place + 1, high.place + 1),
    last,
    before: low.decision,
    after: high.decision,
  }
}

// By what it lets through and by which rules; their words may change.
function isSame(one: Decision, other: Decision): boolean {
  return canonicalJson(meaning(one)) === canonicalJson(meaning(other))
}

function meaning({ action, rules, masks, approval, limits }: Decision) {
  return { action, rules: [...new Set(rules.map(({ id }) => id))].sort(), masks, approval, limits }
}
