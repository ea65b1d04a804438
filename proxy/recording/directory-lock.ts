// One process a record: two would break each other's chain. The lock is a file that names its holder;
// it is taken over only from a holder that is certainly gone.
import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { GatewayError } from '../errors.js'

const FILE = 'lock'
const BEAT_MS = 5_000
// A holder on another machine (or in another container) cannot be looked at; one that has not touched
// its lock for so long is gone.
const SILENT_MS = 30_000
const SETTLE_MS = 50

type Holder = { readonly pid: number; readonly started: string; readonly host: string }

// Returns the release. Throws GatewayError('conflict') where another process holds the directory.
export async function lockDirectory(directory: string): Promise<() => void> {
  const path = join(directory, FILE)
  const own: Holder = { pid: process.pid, started: startOf(process.pid), host: hostname() }
  let tookOver = false
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(path, JSON.stringify(own), { flag: 'wx', mode: 0o600 })
      break
    } catch (problem) {
      if (!isExists(problem) || attempt >= 3) {
        throw new GatewayError('record_failed', `the record in ${directory} cannot be locked`, {
          cause: problem,
        })
      }
    }
    const holder = holderOf(path)
    if (holder !== undefined && isThere(holder, own, path)) {
      throw new GatewayError(
        'conflict',
        `the record in ${directory} is in use by process ${holder.pid} on ${holder.host}; ` +
          `stop it first, or give this gateway a record directory of its own (lock: ${path})`,
      )
    }
    rmSync(path, { force: true })
    tookOver = true
  }
  // Two that find the same dead lock may each remove the other's new one: the last to write has it.
  if (tookOver) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  const holder = holderOf(path)
  if (holder?.pid !== own.pid || holder.host !== own.host) {
    throw new GatewayError('conflict', `another process took the record in ${directory} just now`)
  }
  const beat = setInterval(() => touch(path), BEAT_MS)
  beat.unref()
  return () => {
    clearInterval(beat)
    rmSync(path, { force: true })
  }
}

function isThere(holder: Holder, own: Holder, path: string): boolean {
  if (holder.host !== own.host) return Date.now() - statSync(path).mtimeMs < SILENT_MS
  // The same process may open another record, never the same one twice.
  if (holder.pid === own.pid) return holder.started === own.started
  try {
    process.kill(holder.pid, 0)
  } catch (problem) {
    if (problem instanceof Error && 'code' in problem && problem.code === 'ESRCH') return false
  }
  // Process numbers come round again: one that started at another time is somebody else.
  return holder.started === '' || startOf(holder.pid) === holder.started
}

// When a process started, in clock ticks since boot (proc(5), field 22); '' where there is no /proc.
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function holderOf(path: string): Holder | undefined {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof found !== 'object' || found === null) return undefined
    const { pid, started, host } = found as Partial<Holder>
    return typeof pid === 'number' && typeof started === 'string' && typeof host === 'string'
      ? { pid, started, host }
      : undefined
  } catch {
    return undefined
  }
}

function touch(path: string): void {
  try {
    const now = new Date()
    utimesSync(path, now, now)
  } catch {
    return
  }
}

function isExists(problem: unknown): boolean {
  return problem instanceof Error && 'code' in problem && problem.code === 'EEXIST'
}
