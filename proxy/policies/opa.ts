// Finds the OPA that builds policies: the one named by SALLYPORT_OPA, one on the PATH, one that we
// fetched or built before; else the official release by its checksum, else a build with Go from pinned
// sources. What was tried stands in the error.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { accessSync, constants } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { GatewayError } from '../errors.js'

export const OPA_VERSION = '1.22.2'

export type Opa = { readonly path: string; readonly version: string; readonly origin: string }

export type OpaSearch = {
  readonly env: Readonly<Record<string, string | undefined>>
  // Where a fetched or built OPA is kept.
  readonly cache: string
  // Where OPA's releases are; GitHub unless given.
  readonly releases?: string
  // Told when something slow begins.
  readonly progress: (what: string) => void
}

const RELEASES = 'https://github.com/open-policy-agent/opa/releases/download'
const REACH_MS = 5_000
const FETCH_MS = 60_000
const BUILD_MS = 20 * 60_000
const LOCK_LOOK_MS = 500

export async function findOpa(search: OpaSearch): Promise<Opa> {
  const tried: string[] = []
  const cache = resolve(search.cache)
  const cached = join(cache, `opa-${OPA_VERSION}`)
  const candidates: readonly (readonly [string, string])[] = [
    ...named(search.env['SALLYPORT_OPA'], 'SALLYPORT_OPA'),
    ...onPath(search.env['PATH'] ?? '').map((path) => [path, 'PATH'] as const),
    [cached, 'the cache'],
  ]
  for (const [path, origin] of candidates) {
    if (!isExecutable(path)) {
      if (origin === 'SALLYPORT_OPA') tried.push(`${path} (${origin}): not a program`)
      continue
    }
    const version = await versionOf(path)
    if (version !== undefined && isNewEnough(version)) return { path, version, origin }
    tried.push(
      `${path} (${origin}): version ${version ?? 'unknown'}, wanted ${OPA_VERSION} or newer`,
    )
  }
  await mkdir(cache, { recursive: true })
  const found = await alone(`${cached}.lock`, search.progress, () => made(cached, search, tried))
  if (found !== undefined) return found
  throw new GatewayError(
    'opa_missing',
    [
      `OPA ${OPA_VERSION} is needed to build policies, and none was found. Tried:`,
      ...tried.map((line) => `  - ${line}`),
      'Install OPA or Go, or name an OPA by SALLYPORT_OPA.',
    ].join('\n'),
  )
}

// Another process may have made it while this one waited.
async function made(path: string, search: OpaSearch, tried: string[]): Promise<Opa | undefined> {
  const known = isExecutable(path) ? await versionOf(path) : undefined
  if (known !== undefined) return { path, version: known, origin: 'the cache' }
  for (const [origin, make] of [
    ['the official release', fetched],
    ['go install', built],
  ] as const) {
    const work = await mkdtemp(join(dirname(path), 'making-'))
    try {
      const program = await make(work, search)
      const version = await versionOf(program)
      if (version === undefined) throw new Error('what came does not run')
      await rename(program, path)
      return { path, version, origin }
    } catch (problem) {
      tried.push(`${origin}: ${reasonOf(problem)}`)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }
  return undefined
}

// One process at a time, so that tests in parallel do not all build. The lock of a process that is gone
// is nobody's.
async function alone<T>(
  lock: string,
  progress: (what: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  for (let turn = 0; !(await tookLock(lock)); turn++) {
    if (turn === 0) progress('waiting for another process that is getting OPA')
    await new Promise((resolve) => setTimeout(resolve, LOCK_LOOK_MS))
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function tookLock(lock: string): Promise<boolean> {
  try {
    await writeFile(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    const holder = Number(await readFile(lock, 'utf8').catch(() => '0'))
    const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? 0)
    if ((holder > 0 && !isRunning(holder)) || age > BUILD_MS) await rm(lock, { force: true })
    return false
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (problem) {
    return problem instanceof Error && 'code' in problem && problem.code === 'EPERM'
  }
}

function named(path: string | undefined, origin: string): readonly (readonly [string, string])[] {
  return path === undefined || path === '' ? [] : [[path, origin]]
}

function onPath(path: string): readonly string[] {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, 'opa'))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

async function versionOf(path: string): Promise<string | undefined> {
  const said = await ran(path, ['version'], { timeoutMs: 20_000 }).catch(() => '')
  return /^Version: (\d+\.\d+\.\d+)/m.exec(said)?.[1]
}

function isNewEnough(version: string): boolean {
  const [wanted, found] = [OPA_VERSION, version].map((text) => text.split('.').map(Number))
  const [wantedMajor = 0, wantedMinor = 0] = wanted ?? []
  const [major = 0, minor = 0] = found ?? []
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

// The release publishes the checksum beside the program; both come from the same place over TLS.
async function fetched(
  work: string,
  { progress, releases = RELEASES }: OpaSearch,
): Promise<string> {
  const platform = { linux: 'linux', darwin: 'darwin' }[process.platform as string]
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string]
  if (platform === undefined || arch === undefined) throw new Error('no release for this machine')
  const name = `opa_${platform}_${arch}_static`
  const base = `${releases}/v${OPA_VERSION}/${name}`
  const sum = await fetch(`${base}.sha256`, { signal: AbortSignal.timeout(REACH_MS) })
  if (!sum.ok) throw new Error(`answered ${sum.status}`)
  const wanted = (await sum.text()).trim().split(/\s+/)[0]
  progress(`fetching OPA ${OPA_VERSION}`)
  const answer = await fetch(base, { signal: AbortSignal.timeout(FETCH_MS) })
  if (!answer.ok) throw new Error(`answered ${answer.status}`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  if (createHash('sha256').update(bytes).digest('hex') !== wanted)
    throw new Error('its checksum is wrong')
  const program = join(work, 'opa')
  await writeFile(program, bytes, { mode: 0o755 })
  return program
}

// Go checks every module against its public checksum database.
async function built(work: string, { env, progress }: OpaSearch): Promise<string> {
  progress(`building OPA ${OPA_VERSION} with Go (a minute or two, once)`)
  await ran('go', ['install', `github.com/open-policy-agent/opa@v${OPA_VERSION}`], {
    timeoutMs: BUILD_MS,
    env: { ...env, GOBIN: work, GOFLAGS: '-mod=mod' },
    cwd: work,
  })
  return join(work, 'opa')
}

function reasonOf(problem: unknown): string {
  if (!(problem instanceof Error)) return String(problem)
  const { cause } = problem
  return cause instanceof Error ? `${problem.message}: ${cause.message}` : problem.message
}

export type Run = {
  readonly timeoutMs: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

// Standard output; rejects with what the program said on standard error. The timer is ours: the one of
// `spawn` holds the process where the program cannot be started.
export function ran(program: string, args: readonly string[], run: Run): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(run.cwd === undefined ? {} : { cwd: run.cwd }),
      ...(run.env === undefined ? {} : { env: run.env as NodeJS.ProcessEnv }),
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), run.timeoutMs)
    const out: Buffer[] = []
    const error: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => error.push(chunk))
    child.on('error', (problem) => {
      clearTimeout(timer)
      reject(new Error(`${program} cannot be run: ${problem.message}`))
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      if (code === 0) return resolve(Buffer.concat(out).toString('utf8'))
      const said = Buffer.concat([...error, ...out])
        .toString('utf8')
        .trim()
      reject(new Error(said === '' ? `${program} ended with ${code ?? 'a signal'}` : said))
    })
  })
}
