// A Git repository of policies with a history, for tests of what reads histories. Holds no test.
import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Io } from '../../../../proxy/commands/io.js'
import { LIBRARY } from '../../../rego/library.js'

export type ScratchRepository = {
  readonly root: string
  // The policies, below the top of the repository.
  readonly folder: string
  readonly edit: (file: string, change: (text: string) => string) => void
  readonly commit: (subject: string) => string
  readonly git: (...args: readonly string[]) => string
}

export function scratchRepository(root: string): ScratchRepository {
  const folder = join(root, 'policies-of-ours')
  cpSync(LIBRARY, folder, { recursive: true })
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-C', root, ...args], {
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        HOME: root,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'Ada Example',
        GIT_AUTHOR_EMAIL: 'ada@example.com',
        GIT_COMMITTER_NAME: 'Ada Example',
        GIT_COMMITTER_EMAIL: 'ada@example.com',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim()
  git('init', '-q', '-b', 'main')
  return {
    root,
    folder,
    git,
    edit(file, change) {
      const path = join(folder, file)
      writeFileSync(path, change(readFileSync(path, 'utf8')))
    },
    commit(subject) {
      git('add', '-A')
      git('commit', '-q', '-m', subject)
      return git('rev-parse', 'HEAD')
    },
  }
}

export type Ran = { readonly status: number; readonly stdout: string; readonly stderr: string }

export async function ranIn(
  cwd: string,
  run: (argv: readonly string[], io: Io) => Promise<number>,
  ...argv: readonly string[]
): Promise<Ran> {
  let [stdout, stderr] = ['', '']
  const status = await run(argv, {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: process.env,
    cwd,
  })
  return { status, stdout, stderr }
}
