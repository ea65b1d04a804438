// Which files of a record hold lines of which session, so that a session is read without reading the rest.
// Each byte of the record is looked at once; afterwards only what was added since. Approvals and starts
// of the gateway are few and concern sessions that they do not name, so they are kept.
import type { RecordLine } from '../../engine/schemas/record.js'
import { GatewayError } from '../errors.js'
import { readLine } from '../recording/segment-lines.js'
import { lineHead, ridingSessions } from './line-head.js'
import { linesFrom } from './line-reader.js'
import type { Unseal } from './unsealing.js'
import { createTurns } from './turns.js'
import { recordFiles, type RecordFile } from './record-files.js'

// Beyond so many sessions nobody keeps track: each is then looked for everywhere.
const SESSIONS_MAX = 500_000
const APPROVALS_MAX = 100_000

export type ApprovalLine = Extract<RecordLine, { kind: 'approval' }>

export type KnownBundle = { readonly revision: string; readonly fuel?: number }

export type Survey = {
  // Looks at what was added.
  readonly look: () => Promise<void>
  readonly files: () => readonly RecordFile[]
  readonly notes: () => readonly string[]
  // The files that may hold lines of it, in order.
  readonly filesOf: (session: string) => readonly RecordFile[]
  // All that are known, in the order in which they first appear.
  readonly sessions: () => readonly string[]
  readonly approval: (id: string) => readonly ApprovalLine[]
  // What activations say of bundles, by digest; of those that were in force more than once the last.
  readonly bundles: () => ReadonlyMap<string, KnownBundle>
  // Whether the gateway was started again after this place.
  readonly startedAfter: (path: string, offset: number) => boolean
}

export function createSurvey(place: string, unseal: Unseal): Survey {
  const seenTo = new Map<string, number>()
  const holders = new Map<string, Set<string>>()
  const approvals = new Map<string, ApprovalLine[]>()
  const bundles = new Map<string, KnownBundle>()
  let lastStart: { readonly path: string; readonly offset: number } | undefined
  let crowded = false
  let now = recordFiles(place)
  let looking: Promise<void> | undefined

  const holds = (written: string, path: string): void => {
    const session = written.includes('\\') ? unescaped(written) : written
    const known = holders.get(session)
    if (known !== undefined) known.add(path)
    else if (holders.size < SESSIONS_MAX) holders.set(session, new Set([path]))
    else crowded = true
  }

  const take = (path: string, bytes: Buffer, offset: number): void => {
    const head = lineHead(bytes)
    const kind = head?.kind ?? kindOf(bytes)
    if (kind === 'part') return
    if (kind === 'bundle') {
      const { line } = readLine(bytes)
      if (line?.kind !== 'bundle' || line.event !== 'activated' || line.bundle === undefined) return
      const { fuel, revision = '' } = line
      bundles.delete(line.bundle)
      bundles.set(line.bundle, { revision, ...(fuel === undefined ? {} : { fuel }) })
      return
    }
    if (kind === 'approval' || (kind === 'gateway' && bytes.includes('"started"'))) {
      const { line } = readLine(bytes)
      if (line?.kind === 'gateway' && line.event === 'started') lastStart = { path, offset }
      if (line?.kind !== 'approval') return
      const shown = unsealedBy(unseal, line)
      if (line.session !== undefined) holds(line.session, path)
      const events = approvals.get(line.approval)
      if (events !== undefined) events.push(shown)
      else if (approvals.size < APPROVALS_MAX) approvals.set(line.approval, [shown])
      return
    }
    const session = head?.field === 'session' ? head.value : sessionIn(bytes)
    if (session !== undefined) holds(session, path)
    if (kind === 'command') for (const riding of ridingSessions(bytes)) holds(riding, path)
  }

  const look = async (): Promise<void> => {
    now = recordFiles(place)
    const turn = createTurns()
    for (const { path, bytes: end } of now.files) {
      const from = seenTo.get(path) ?? 0
      if (end !== undefined && from >= end) continue
      let to = from
      for (const { bytes, offset, length } of linesFrom(path, from, end)) {
        take(path, bytes, offset)
        to = offset + length + 1
        seenTo.set(path, to)
        await turn()
      }
    }
  }

  return {
    look() {
      looking ??= look().finally(() => {
        looking = undefined
      })
      return looking
    },
    files: () => now.files,
    notes: () => now.notes,
    filesOf(session) {
      const paths = holders.get(session)
      if (paths !== undefined) return now.files.filter(({ path }) => paths.has(path))
      return crowded ? now.files : []
    },
    sessions: () => [...holders.keys()],
    approval: (id) => approvals.get(id) ?? [],
    bundles: () => bundles,
    startedAfter(path, offset) {
      if (lastStart === undefined) return false
      return lastStart.path === path ? lastStart.offset > offset : lastStart.path > path
    },
  }
}

// A seal that does not fit shows what is outside of it.
function unsealedBy(unseal: Unseal, line: ApprovalLine): ApprovalLine {
  try {
    const shown = unseal(line)
    return shown.kind === 'approval' ? shown : line
  } catch (problem) {
    if (problem instanceof GatewayError) return line
    throw problem
  }
}

function sessionIn(bytes: Buffer): string | undefined {
  const at = bytes.indexOf('"session":"')
  if (at < 0) return undefined
  return /^"session":"((?:[^"\\]|\\.)*)"/.exec(bytes.toString('latin1', at, at + 300))?.[1]
}

function unescaped(written: string): string {
  try {
    return String(JSON.parse(`"${written}"`))
  } catch {
    return written
  }
}

function kindOf(bytes: Buffer): string {
  return (
    /"kind":"(\w+)"/.exec(bytes.toString('latin1', 0, Math.min(bytes.length, 2_000)))?.[1] ?? ''
  )
}
