// `sallyport policy init`: a policy repository to begin with.
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { GatewayError } from '../../errors.js'
import { packageFolder } from '../../policies/scaffold/package-folder.js'
import { scaffolded, type Scaffolded } from '../../policies/scaffold/scaffold.js'
import type { Io } from '../io.js'
import { argumentsOf, formatArgument } from './toolbox.js'

export const help = `sallyport policy init DIR   make a policy repository that passes its own tests

  --format FORMAT    pretty (default) or json

It holds the rules that Sallyport ships, their data and tests, a catalogue to test commands against, files
for GitHub and GitLab CI, a pre-commit hook, editor settings and a README that teaches in ten minutes.
DIR must not exist, or be empty but for .git. With Git there, all of it becomes the first commit.
Exit status: 0 made, 1 not (and why), 2 wrong usage.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, { format: { type: 'string' } })
  const format = formatArgument(values.format, ['pretty', 'json'])
  const [named, ...more] = positionals
  if (named === undefined || more.length > 0) throw new GatewayError('usage', 'init one DIR')
  const made = await scaffolded(resolve(io.cwd, named), await packageVersion())
  io.stdout.write(format === 'json' ? `${JSON.stringify(made)}\n` : prettyText(named, made))
  return 0
}

function prettyText(named: string, { files, git }: Scaffolded): string {
  const committed = git.done
    ? `committed as ${git.commit.slice(0, 12)}`
    : `not committed: ${git.why}`
  const todo = git.done ? [] : git.todo
  const below = git.done ? undefined : git.below
  const next = [
    `cd ${quoted(named)}`,
    ...todo,
    `git config core.hooksPath ${quoted(`${below ?? ''}.githooks`)}`,
    'npx sallyport policy check',
    'npx sallyport policy test',
  ]
  return (
    `${named}: ${files.length} files, ${committed}\n\nNext:\n` +
    `${next.map((line) => `  ${line}\n`).join('')}\n${below === undefined ? '' : NESTED}` +
    'README.md teaches the rest.\n'
  )
}

const NESTED =
  'Code hosts read CI files at the top of a repository alone: move .github or .gitlab-ci.yml there, and\n' +
  'have its steps begin in this folder.\n\n'

function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

async function packageVersion(): Promise<string> {
  const text = await readFile(join(packageFolder('.'), 'package.json'), 'utf8')
  const found = JSON.parse(text) as { readonly version?: unknown }
  return typeof found.version === 'string' ? found.version : 'latest'
}
