// Finds the OPA that builds policies: the one named by SALLYPORT_OPA, one on the PATH, one that we
// fetched or built before; else the official release by its checksum, else a build with Go from pinned
// sources. What was tried stands in the error.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { GatewayError } from '../errors.js'

export const OPA_VERSION = '1.22.2'

export type Opa = { readonly path: string; readonly version: string; readonly origin: string }

export type OpaSearch = {
  readonly env: Readonly<Record<string, string | undefined>>
  // Where a fetched or built OPA is kept.
  readonly cache: string
  // Told when something slow begins.
  readonly progress: (what: string) => void
}

const FETCH_MS = 60_000
const BUILD_MS = 20 * 60_000

export async function findOpa(search: OpaSearch): Promise<Opa> {
  const tried: string[] = []
  const cached = join(search.cache, `opa-${OPA_VERSION}`)
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
  await mkdir(search.cache, { recursive: true })
  for (const [origin, make] of [
    ['the official release', fetched],
    ['go install', built],
  ] as const) {
    const problem = await make(cached, search).then(
      () => undefined,
      (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
    )
    const version = problem === undefined ? await versionOf(cached) : undefined
    if (version !== undefined) return { path: cached, version, origin }
    tried.push(`${origin}: ${problem ?? 'what came does not run'}`)
  }
  throw new GatewayError(
    'opa_missing',
    [
      `OPA ${OPA_VERSION} is needed to build policies, and none was found. Tried:`,
      ...tried.map((line) => `  - ${line}`),
      'Install OPA or Go, or name an OPA by SALLYPORT_OPA.',
    ].join('\n'),
  )
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
async function fetched(to: string, { progress }: OpaSearch): Promise<void> {
  const platform = { linux: 'linux', darwin: 'darwin' }[process.platform as string]
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string]
  if (platform === undefined || arch === undefined) throw new Error('no release for this machine')
  const name = `opa_${platform}_${arch}_static`
  const base = `https://github.com/open-policy-agent/opa/releases/download/v${OPA_VERSION}/${name}`
  const signal = AbortSignal.timeout(FETCH_MS)
  const sum = await fetch(`${base}.sha256`, { signal })
  if (!sum.ok) throw new Error(`answered ${sum.status}`)
  const wanted = (await sum.text()).trim().split(/\s+/)[0]
  progress(`fetching OPA ${OPA_VERSION}`)
  const answer = await fetch(base, { signal })
  if (!answer.ok) throw new Error(`answered ${answer.status}`)
  const program = Buffer.from(await answer.arrayBuffer())
  if (createHash('sha256').update(program).digest('hex') !== wanted)
    throw new Error('its checksum is wrong')
  await writeFile(`${to}.part`, program)
  await chmod(`${to}.part`, 0o755)
  await rename(`${to}.part`, to)
}

// Go checks every module against its public checksum database.
async function built(to: string, { env, cache, progress }: OpaSearch): Promise<void> {
  progress(`building OPA ${OPA_VERSION} with Go (a minute or two, once)`)
  const bin = join(cache, 'go-bin')
  await ran('go', ['install', `github.com/open-policy-agent/opa@v${OPA_VERSION}`], {
    timeoutMs: BUILD_MS,
    env: { ...env, GOBIN: bin, GOFLAGS: '-mod=mod' },
    cwd: cache,
  })
  await rename(join(bin, 'opa'), to)
  await rm(bin, { recursive: true, force: true })
}

export type Run = {
  readonly timeoutMs: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

// Standard output; rejects with what the program said on standard error.
export function ran(program: string, args: readonly string[], run: Run): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: run.timeoutMs,
      ...(run.cwd === undefined ? {} : { cwd: run.cwd }),
      ...(run.env === undefined ? {} : { env: run.env as NodeJS.ProcessEnv }),
    })
    const out: Buffer[] = []
    const error: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => error.push(chunk))
    child.on('error', (problem) =>
      reject(new Error(`${program} cannot be run: ${problem.message}`)),
    )
    child.on('close', (code) => {
      if (code === 0) return resolve(Buffer.concat(out).toString('utf8'))
      const said = Buffer.concat([...error, ...out])
        .toString('utf8')
        .trim()
      reject(new Error(said === '' ? `${program} ended with ${code ?? 'a signal'}` : said))
    })
  })
}
