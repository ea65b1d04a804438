// Folders as Git has them: found by revision, and laid out in a folder of their own that is gone afterwards.
// Everything by `git rev-parse` and `git archive`, which leave work tree and index alone.
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, normalize, sep } from 'node:path'
import { extract } from 'tar-stream'
import { GatewayError } from '../../errors.js'
import { ran } from '../opa.js'

const GIT_MS = 60_000
const FILE_BYTES_MAX = 64 << 20

export async function git(cwd: string, args: readonly string[]): Promise<string> {
  try {
    return (await ran('git', ['-C', cwd, ...args], { timeoutMs: GIT_MS })).trimEnd()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('not_found', `Git: ${why.trim()}`, { cause })
  }
}

// `folder` as Git takes it: from the top of the repository, or from here where it begins with `./`; ''
// or `.` for where we are.
export async function resolvedFolder(
  cwd: string,
  revision: string,
  folder: string,
): Promise<{ readonly commit: string; readonly tree: string }> {
  // A name that begins with a dash would be an option.
  if (revision.startsWith('-')) throw new GatewayError('usage', `${revision} is no revision`)
  const commit = await git(cwd, ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`]).catch(
    (cause: unknown) => {
      throw new GatewayError('not_found', `there is no Git revision ${revision} here`, { cause })
    },
  )
  const path = ['', '.', './'].includes(folder) ? './' : folder.replace(/\/+$/, '')
  const tree = await git(cwd, ['rev-parse', '--verify', '--quiet', `${commit}:${path}`]).catch(
    (cause: unknown) => {
      throw new GatewayError('not_found', `${revision} has no folder ${folder}`, { cause })
    },
  )
  return { commit, tree }
}

// Laid out in a temporary folder for as long as `use` takes.
export async function folderAt<T>(
  cwd: string,
  tree: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const work = await mkdtemp(join(tmpdir(), 'sallyport-revision-'))
  try {
    const archive = join(work, 'tree.tar')
    const folder = join(work, 'tree')
    await mkdir(folder)
    await git(cwd, ['archive', '--format=tar', '-o', archive, tree])
    await unpack(archive, folder)
    return await use(folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

// Files alone: a link could lead out of the folder.
async function unpack(archive: string, folder: string): Promise<void> {
  const reading = createReadStream(archive).pipe(extract())
  for await (const entry of reading) {
    const { name, type, size = 0 } = entry.header
    const path = normalize(join(folder, name))
    const wanted = type === 'file' && path.startsWith(folder + sep) && size <= FILE_BYTES_MAX
    const parts: Buffer[] = []
    for await (const part of entry) parts.push(part as Buffer)
    if (!wanted) continue
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, Buffer.concat(parts))
  }
}
