// Who else keeps and signs the record's checkpoints, with every default filled in.
import type { Config } from '../../engine/schemas/config.js'
import type { Secret } from './secrets.js'
import type { PublishSettings, Settings } from './settings.js'

type RecordConfig = Config['record']
type Follow = (reference: string) => Secret
type Locate = (path: string) => string

// A commit, or a request, for each checkpoint would be many; whoever wants that says so.
const EVERY_MS = { file: 0, http: 60_000, git: 600_000 } as const

export function evidenceSettings(
  record: RecordConfig,
  locate: Locate,
  follow: Follow,
): Pick<Settings['record'], 'erasable' | 'witnesses' | 'publish'> {
  const witnesses = record.witnesses ?? []
  return {
    erasable: record.erasable ?? false,
    witnesses: {
      witnesses,
      quorum: record.witness_quorum ?? Math.floor(witnesses.length / 2) + 1,
      requiredMs: record.witness_required_ms,
    },
    publish: (record.publish ?? []).map((place) => publishSettings(place, locate, follow)),
  }
}

function publishSettings(
  place: NonNullable<RecordConfig['publish']>[number],
  locate: Locate,
  follow: Follow,
): PublishSettings {
  const { file, url, secret, git, path, remote, branch, every_ms: everyMs } = place
  if (url !== undefined) {
    const key = secret === undefined ? undefined : follow(secret)
    return { kind: 'http', url, secret: key, everyMs: everyMs ?? EVERY_MS.http }
  }
  if (git !== undefined) {
    return {
      kind: 'git',
      directory: locate(git),
      file: path ?? 'checkpoints.txt',
      remote,
      branch,
      everyMs: everyMs ?? EVERY_MS.git,
    }
  }
  return { kind: 'file', file: locate(file ?? ''), everyMs: everyMs ?? EVERY_MS.file }
}
