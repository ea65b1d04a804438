// Which commit a bundle is built from: Git’s word for the folder of policies, marked where what is built
// is not what was committed.
import { ran } from './opa.js'

const GIT_MS = 30_000

// The commit, `-dirty` after it where the folder differs from it or a file that is built in is not known
// to it (an ignored one, or one behind a link); empty outside of Git. `built` are names below `root`.
export async function revisionOf(root: string, built: readonly string[]): Promise<string> {
  const git = (args: readonly string[]): Promise<string> =>
    ran('git', ['-C', root, ...args], { timeoutMs: GIT_MS })
  try {
    const commit = (await git(['rev-parse', 'HEAD'])).trim()
    const changed = await git(['status', '--porcelain', '--', '.'])
    const known = new Set((await git(['ls-files', '-z'])).split('\0'))
    const isClean = changed === '' && built.every((name) => known.has(name))
    return isClean ? commit : `${commit}-dirty`
  } catch {
    return ''
  }
}
