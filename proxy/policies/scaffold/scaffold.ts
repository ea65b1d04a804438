// A new policy repository: the shipped policies and their tests, and around them what a team needs to
// change them safely. Everything in it works from the first minute, and a test runs its README.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { GatewayError } from '../../errors.js'
import { schemaFiles } from '../schema-files.js'
import { firstCommit, type FirstCommit } from './first-commit.js'
import { libraryFiles } from './library-files.js'
import { packageFolder } from './package-folder.js'

export type Scaffolded = {
  readonly files: readonly string[]
  readonly git: FirstCommit
}

const TEMPLATES = 'proxy/policies/scaffold/files'
const PROGRAMS = ['.githooks/pre-commit']
// A gitignore of our own sources would be one for us.
const RENAMED: Readonly<Record<string, string>> = { gitignore: '.gitignore' }

// `version`: of the package that CI is to use. Rejects with GatewayError('conflict') where the folder holds
// anything but an empty Git repository.
export async function scaffolded(folder: string, version: string): Promise<Scaffolded> {
  await refuseUsed(folder)
  const files = new Map([
    ...(await libraryFiles()),
    ...(await templates(version)),
    ...[...schemaFiles()].map(([name, text]) => [`schemas/${name}`, Buffer.from(text)] as const),
  ])
  for (const [name, bytes] of files) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, bytes, { mode: PROGRAMS.includes(name) ? 0o755 : 0o644 })
  }
  return { files: [...files.keys()].sort(), git: await firstCommit(folder) }
}

async function refuseUsed(folder: string): Promise<void> {
  const found = await readdir(folder).catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return []
    throw new GatewayError('conflict', `${folder} cannot be used as a folder`, { cause })
  })
  const others = found.filter((name) => name !== '.git')
  if (others.length === 0) return
  const some = others.slice(0, 3).join(', ')
  throw new GatewayError(
    'conflict',
    `${folder} is not empty (${some}${others.length > 3 ? ', …' : ''}): name a new folder`,
  )
}

async function templates(version: string): Promise<ReadonlyMap<string, Buffer>> {
  const root = packageFolder(TEMPLATES)
  const files = new Map<string, Buffer>()
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const name = relative(root, path).replaceAll('\\', '/')
    const text = await readFile(path, 'utf8')
    files.set(RENAMED[name] ?? name, Buffer.from(text.replaceAll('{{version}}', version)))
  }
  return files
}
