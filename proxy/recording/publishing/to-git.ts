// Checkpoints committed to a clone of a Git repository, and pushed where it has a remote: whoever pulls keeps
// them, and a history that was rewritten is seen by all who had it before.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readNote } from '../signed-note.js'
import type { Destination } from './destination.js'
import { appendNote } from './to-file.js'

export type GitSettings = {
  // The work tree of a clone that nothing else works in.
  readonly directory: string
  readonly file: string
  readonly remote: string | undefined
  readonly branch: string | undefined
  readonly everyMs: number
}

const run = promisify(execFile)
// Nothing of the repository's own runs, and nobody is asked for a password.
const QUIET = ['-c', 'core.hooksPath=/dev/null', '-c', 'commit.gpgsign=false', '-c', 'gc.auto=0']
const WHO = ['-c', 'user.name=Sallyport', '-c', 'user.email=sallyport@localhost']

export function toGit(settings: GitSettings): Destination {
  const { directory, file, remote, everyMs } = settings
  return {
    name: `git ${directory}`,
    everyMs,
    async send(note, signal) {
      const git = async (...args: readonly string[]): Promise<string> => {
        const { stdout } = await run('git', [...QUIET, ...WHO, '-C', directory, ...args], {
          signal,
        })
        return stdout.trim()
      }
      appendNote(join(directory, file), note)
      await git('add', '--', file)
      const changed = await git('status', '--porcelain', '--', file)
      const size = readNote(note)?.checkpoint.size ?? 0
      if (changed !== '') await git('commit', '-q', '-m', `Checkpoint of ${size} lines`, '--', file)
      if (remote === undefined) return
      const branch = settings.branch ?? (await git('symbolic-ref', '--short', 'HEAD'))
      const push = (): Promise<string> => git('push', '-q', remote, `HEAD:refs/heads/${branch}`)
      try {
        await push()
      } catch {
        // Somebody else pushed. What is there stays; ours goes on top, or the next attempt fails too.
        await git('pull', '-q', '--rebase', remote, branch)
        await push()
      }
    },
  }
}
