// Checkpoints as they were published: a file, what a server gives, or all that was ever committed to a Git
// repository, also what a later commit took away again.
import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { promisify } from 'node:util'
import { GatewayError } from '../../errors.js'
import { isAcceptableUrl } from '../../loopback.js'
import type { Published } from '../verify-checkpoints.js'

const BYTES_MAX = 256 << 20
const TIMEOUT_MS = 30_000

// FILE, https://…, or git:DIRECTORY with #REF.
export async function publishedAt(source: string): Promise<Published> {
  if (source.startsWith('git:')) return { where: source, text: await committed(source.slice(4)) }
  if (/^https?:\/\//.test(source)) return { where: source, text: await served(source) }
  try {
    if (statSync(source).size > BYTES_MAX) throw new Error('it is too large')
    return { where: source, text: readFileSync(source, 'utf8') }
  } catch (cause) {
    throw new GatewayError('not_found', `${source} cannot be read`, { cause })
  }
}

async function served(url: string): Promise<string> {
  if (!isAcceptableUrl(url)) {
    throw new GatewayError('usage', `${url}: checkpoints come by https, or from loopback`)
  }
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    const pieces: Uint8Array[] = []
    let bytes = 0
    for await (const piece of response.body ?? []) {
      bytes += piece.length
      if (bytes > BYTES_MAX) throw new Error('it is too large')
      pieces.push(piece)
    }
    return Buffer.concat(pieces).toString('utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new GatewayError('not_found', `no checkpoints from ${url}: ${why}`, { cause })
  }
}

async function committed(place: string): Promise<string> {
  const [directory = '', ref = 'HEAD'] = place.split('#')
  if (ref.startsWith('-')) throw new GatewayError('usage', `${ref} is no branch`)
  const log = [
    'log',
    '--reverse',
    '--no-color',
    '--no-ext-diff',
    '--no-textconv',
    '--format=',
    '-p',
    '-U0',
  ]
  const files = ['--', '*.txt']
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', directory, ...log, ref, ...files], {
      maxBuffer: BYTES_MAX,
      timeout: TIMEOUT_MS,
    })
    return addedLines(stdout)
  } catch (cause) {
    throw new GatewayError('not_found', `no checkpoints from the Git repository ${directory}`, {
      cause,
    })
  }
}

// Only what a hunk adds: its head says how many lines that are.
function addedLines(log: string): string {
  const lines: string[] = []
  let [removed, added] = [0, 0]
  for (const line of log.split('\n')) {
    const [, before = '1', after = '1'] =
      /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(removed + added > 0 ? '' : line) ?? []
    if (removed + added === 0) {
      if (line.startsWith('@@')) [removed, added] = [Number(before), Number(after)]
    } else if (line.startsWith('+')) {
      lines.push(line.slice(1))
      added -= 1
    } else if (line.startsWith('-')) removed -= 1
  }
  return lines.map((line) => `${line}\n`).join('')
}
