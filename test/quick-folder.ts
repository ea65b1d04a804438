// A folder in memory for what tests write, where there is room: records and stores wait for the disk at each
// line, and a test that kills a process needs no disk that survives a power cut.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

const MEMORY = '/dev/shm'
const PREFIX = 'sallyport-test-'
// Scratch servers and recordings take some hundred megabytes at a time.
const FREE_MIN_BYTES = 6 * 2 ** 30

/** undefined where there is no room, or where programs may not be run from it. */
export function quickFolder(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    if (bavail * bsize < FREE_MIN_BYTES) return undefined
    swept()
    const folder = mkdtempSync(join(MEMORY, `${PREFIX}${process.pid}-`))
    // As the system's own: servers run as other users.
    chmodSync(folder, 0o1777)
    const program = join(folder, 'program')
    writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o755 })
    const isUsable = spawnSync(program).status === 0
    rmSync(isUsable ? program : folder, { recursive: true })
    return isUsable ? folder : undefined
  } catch {
    return undefined
  }
}

// What runs left behind that were killed.
function swept(): void {
  for (const name of readdirSync(MEMORY)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : 0
    if (pid > 0 && !existsSync(`/proc/${pid}`))
      rmSync(join(MEMORY, name), { recursive: true, force: true })
  }
}
