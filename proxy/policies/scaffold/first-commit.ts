// Git for a new policy repository: the revision of a bundle is a commit, so there should be one from the
// start. Where Git or an author is missing, the answer says what to type.
import { ran } from '../opa.js'

// `todo`: what is left to be typed, in the new folder. `below`: where it is in a larger repository, whose
// top is the only place that Git and code hosts look at for hooks and CI.
export type FirstCommit =
  | { readonly done: true; readonly commit: string }
  | {
      readonly done: false
      readonly why: string
      readonly todo: readonly string[]
      readonly below?: string
    }

const GIT_MS = 60_000
const MESSAGE = 'Start from the policies that Sallyport ships'

export async function firstCommit(folder: string): Promise<FirstCommit> {
  const git = (...args: readonly string[]): Promise<string> =>
    ran('git', ['-C', folder, ...args], { timeoutMs: GIT_MS }).then((said) => said.trim())
  const commit = [`git commit --message "${MESSAGE}"`]
  const top = await git('rev-parse', '--show-toplevel').catch(() => '')
  const prefix = await git('rev-parse', '--show-prefix').catch(() => '')
  if (top !== '' && prefix !== '') {
    const why = `the folder is part of the Git repository ${top}`
    return { done: false, why, todo: ['git add .', ...commit], below: prefix }
  }
  try {
    if (top === '') await git('init', '--quiet', '--initial-branch', 'main')
    await git('add', '.')
  } catch {
    const why = 'Git is not there, or cannot be used'
    return { done: false, why, todo: ['git init', 'git add .', ...commit] }
  }
  try {
    // Hooks and signatures of the author's are for the author's own commits.
    await git('commit', '--quiet', '--no-verify', '--message', MESSAGE)
    return { done: true, commit: await git('rev-parse', 'HEAD') }
  } catch {
    const author = ['git config user.name "Your Name"', 'git config user.email you@example.org']
    return { done: false, why: 'Git knows no author', todo: [...author, ...commit] }
  }
}
