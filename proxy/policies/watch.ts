// Notices that a folder or file has changed: at once where the system tells, and within seconds where it
// does not (network and shared file systems, or no watches left).
import { watch, type FSWatcher } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

// Editors save in several steps.
const SETTLE_MS = 200
const LOOK_MS = 3000
// Looked at by hand; a folder of policies is far smaller.
const FILES_MAX = 4096

export type Watch = { readonly close: () => void }

export function watched(path: string, changed: () => void, lookMs = LOOK_MS): Watch {
  let settling: NodeJS.Timeout | undefined
  let looking: NodeJS.Timeout | undefined
  let closed = false
  let seen: string | undefined
  const soon = (): void => {
    clearTimeout(settling)
    if (!closed) settling = setTimeout(changed, SETTLE_MS)
  }
  const look = async (): Promise<void> => {
    const found = await fingerprint(path)
    if (seen !== undefined && found !== seen) soon()
    seen = found
    if (!closed) looking = setTimeout(() => void look(), lookMs).unref()
  }
  void look()
  const watcher = watcherOf(path, soon)
  return {
    close: () => {
      closed = true
      clearTimeout(settling)
      clearTimeout(looking)
      watcher?.close()
    },
  }
}

// A file is watched through its folder, since it is replaced rather than written.
function watcherOf(path: string, soon: () => void): FSWatcher | undefined {
  try {
    const watcher = path.endsWith('.tar.gz')
      ? watch(dirname(path), (_, name) => {
          if (name === null || name === basename(path)) soon()
        })
      : watch(path, { recursive: true }, soon)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}

// Names, sizes and times of all files; '' where nothing is there. Never rejects.
async function fingerprint(path: string): Promise<string> {
  const names = await readdir(path, { recursive: true }).catch(() => [''])
  const lines = await Promise.all(
    names.slice(0, FILES_MAX).map(async (name) => {
      const found = await stat(join(path, name)).catch(() => undefined)
      return found === undefined || found.isDirectory()
        ? name
        : `${name} ${found.size} ${found.mtimeMs} ${found.ino}`
    }),
  )
  return lines.sort().join('\n')
}
