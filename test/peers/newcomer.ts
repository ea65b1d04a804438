// A machine of somebody who has just installed Sallyport: npx finds it, opa is on the PATH, Git knows the
// author; gh and curl write down what
// they are asked.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { packageFolder } from '../../proxy/policies/scaffold/package-folder.js'
import { opaPath } from '../rego/library.js'

export type Ran = { readonly status: number | null; readonly text: string }

export type Newcomer = {
  readonly home: string
  readonly env: Readonly<Record<string, string | undefined>>
  // A script of the shell, in a folder, ended by the first command that fails.
  readonly ran: (script: string, folder: string, env?: Readonly<Record<string, string>>) => Ran
}

export async function newcomer(test: Test): Promise<Newcomer> {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-newcomer-'))
  test.teardown(() => rmSync(home, { recursive: true, force: true }))
  const programs = join(home, 'bin')
  mkdirSync(programs)
  const main = join(packageFolder('build'), 'proxy', 'main.js')
  const program = (name: string, text: string): void =>
    writeFileSync(join(programs, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  program(
    'npx',
    'while [ "$1" = --yes ]; do shift; done\n' +
      'case "$1" in sallyport|sallyport@*) shift ;; *) exit 9 ;; esac\n' +
      `exec '${process.execPath}' '${main}' "$@"`,
  )
  program('gh', `echo "gh $*" >> '${join(home, 'gh.txt')}'`)
  program('curl', `echo "curl $*" >> '${join(home, 'curl.txt')}'`)
  const opa = await opaPath()
  symlinkSync(opa, join(programs, 'opa'))
  writeFileSync(join(home, 'gitconfig'), '[user]\n\tname = New Comer\n\temail = new@example.org\n')
  const env = {
    PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    HOME: home,
    XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '/', '.cache'),
    GIT_CONFIG_GLOBAL: join(home, 'gitconfig'),
    GIT_CONFIG_NOSYSTEM: '1',
    SALLYPORT_OPA: opa,
  }
  return {
    home,
    env,
    ran: (script, folder, more = {}) => {
      const found = spawnSync('bash', ['-e', '-c', script], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...env, ...more },
      })
      return { status: found.status, text: `${found.stdout}${found.stderr}` }
    },
  }
}
