// A data directory for a scratch PostgreSQL: made by initdb once for each version and superuser, kept under
// `.tap/`, and copied for each server after that, which takes a tenth of the time.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { REPOSITORY } from './gateway-config.js'

export type NewData = {
  /** The folder of the programs. */
  readonly bin: string
  readonly superuser: string
  readonly passwordFile: string
  readonly password: string
  /** Of the server: an account of its own, who owns `home`. */
  readonly account: { readonly uid?: number; readonly gid?: number }
  readonly home: string
  readonly env: NodeJS.ProcessEnv
}

const KEPT = join(REPOSITORY, '.tap/postgres')

const ran = promisify(execFile)

/** Puts it at `data` in the home. */
export async function newData(wanted: NewData): Promise<void> {
  const kept = join(KEPT, digestOf(wanted))
  const data = join(wanted.home, 'data')
  if (!existsSync(kept)) {
    await initialised(wanted)
    await keep(data, kept)
    return
  }
  // Holes instead of zeros: the log's first segment is empty.
  await ran('cp', ['-a', '--sparse=always', kept, data]).catch(async () => {
    rmSync(data, { recursive: true, force: true })
    await initialised(wanted)
  })
}

// What decides what initdb makes.
function digestOf({ bin, superuser, password, account }: NewData): string {
  const program = realpathSync(join(bin, 'postgres'))
  const { size, mtimeMs } = statSync(program)
  return createHash('sha256')
    .update(JSON.stringify([program, size, mtimeMs, superuser, password, account.uid]))
    .digest('hex')
    .slice(0, 16)
}

async function initialised(wanted: NewData): Promise<void> {
  const { bin, superuser, passwordFile, account, home, env } = wanted
  const flags = ['-D', join(home, 'data'), '-U', superuser, '-A', 'scram-sha-256']
  const more = ['--pwfile', passwordFile, '--encoding=UTF8', '--locale=C', '--no-sync']
  await ran(join(bin, 'initdb'), [...flags, ...more], { ...account, cwd: home, env })
}

// Whole or not at all: several tests may make it at once. What cannot be kept is made anew each time.
async function keep(data: string, kept: string): Promise<void> {
  mkdirSync(KEPT, { recursive: true })
  const work = mkdtempSync(join(KEPT, 'making-'))
  try {
    await ran('cp', ['-a', '--sparse=always', data, join(work, 'data')])
    renameSync(join(work, 'data'), kept)
  } catch {
    // Another test was quicker, or cp knows no such flag here.
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
