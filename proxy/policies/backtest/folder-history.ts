// The commits of a folder of policies, oldest first, along the first parents: what the main branch was, one
// change after another, with the state of the folder at each.
import { realpath } from 'node:fs/promises'
import { relative } from 'node:path'
import { GatewayError } from '../../errors.js'
import { git } from './git-folder.js'

export type FolderCommit = {
  readonly commit: string
  readonly author: string
  readonly date: string
  readonly subject: string
  // The same for the same contents; undefined where the commit has no such folder.
  readonly tree: string | undefined
}

export type FolderHistory = {
  readonly root: string
  // From the top of the repository; '' for the top itself.
  readonly folder: string
  readonly commits: readonly FolderCommit[]
}

// `from` and everything after it, up to `to`.
export async function folderHistory(
  folder: string,
  from: string | undefined,
  to: string,
): Promise<FolderHistory> {
  for (const revision of [from, to]) {
    if (revision?.startsWith('-') === true) {
      throw new GatewayError('usage', `${revision} is no revision`)
    }
  }
  const root = await git(folder, ['rev-parse', '--show-toplevel'])
  const within = relative(await realpath(root), await realpath(folder))
  const range = from === undefined ? to : `${from}..${to}`
  const path = within === '' ? '.' : within
  const lines = await logged(root, [range, '--', path])
  const first = from === undefined ? [] : await logged(root, ['-1', from, '--', path])
  const commits: FolderCommit[] = []
  for (const line of [...first, ...lines]) {
    const [commit = '', author = '', date = '', ...subject] = line.split('\t')
    const tree = await git(root, ['rev-parse', '--verify', '--quiet', `${commit}:${within}`]).catch(
      () => undefined,
    )
    commits.push({ commit, author, date, subject: subject.join('\t'), tree })
  }
  if (commits.length === 0) {
    throw new GatewayError('not_found', `no commit of ${range} touches ${path}`)
  }
  return { root, folder: within, commits }
}

async function logged(root: string, args: readonly string[]): Promise<readonly string[]> {
  const format = ['--format=%H%x09%an%x09%ad%x09%s', '--date=iso-strict', '--reverse']
  const said = await git(root, ['log', '--first-parent', ...format, ...args])
  return said === '' ? [] : said.split('\n')
}

// What one commit changed in the folder since another, as `git diff` shows it.
export function folderDiff(
  { root, folder }: FolderHistory,
  before: string,
  after: string,
): Promise<string> {
  const path = folder === '' ? '.' : folder
  const plain = ['--no-color', '--no-ext-diff', '--no-textconv']
  return git(root, ['diff', ...plain, before, after, '--', path])
}
