// The defaults of `recordings`. Results are recorded where nothing else is said: who watches a session later
// must see what was seen, and what went out is masked already. The bounds keep a bulk export from being
// copied whole: 10,000 rows are more than anybody looks at.
import type { Config } from '../../engine/schemas/config.js'
import type { RecordingSettings } from '../recordings/settings.js'
import type { Secret } from './secrets.js'

export const RECORDING_DEFAULTS = {
  level: 'results',
  rowsMax: 10_000,
  bytesMax: 8 * 1024 * 1024,
  sessionBytesMax: 1024 * 1024 * 1024,
  spoolBytesMax: 10 * 1024 * 1024 * 1024,
  flushMs: 500,
  sweepMs: 3_600_000,
  region: 'us-east-1',
  keepers: ['auditors'] as readonly string[],
} as const

export function recordingSettings(
  recordings: NonNullable<Config['recordings']>,
  locate: (path: string) => string,
  follow: (reference: string) => Secret,
): RecordingSettings {
  const { default: fallback = {}, s3 } = recordings
  const { level = RECORDING_DEFAULTS.level } = fallback
  const results = level === 'results'
  return {
    directory: locate(recordings.directory),
    key: follow(recordings.key),
    previousKeys: (recordings.previous_keys ?? []).map(follow),
    terms: {
      level,
      rows: results ? (fallback.rows_max ?? RECORDING_DEFAULTS.rowsMax) : 0,
      bytes: results ? (fallback.bytes_max ?? RECORDING_DEFAULTS.bytesMax) : 0,
      required: level !== 'none' && fallback.required === true,
    },
    sessionBytesMax: recordings.session_bytes_max ?? RECORDING_DEFAULTS.sessionBytesMax,
    spoolBytesMax: recordings.spool_bytes_max ?? RECORDING_DEFAULTS.spoolBytesMax,
    flushMs: recordings.flush_ms ?? RECORDING_DEFAULTS.flushMs,
    retentionDays: recordings.retention_days,
    retention: (recordings.retention ?? []).map(({ target, labels, days }) => ({
      target,
      labels: labels ?? {},
      days,
    })),
    sweepMs: recordings.sweep_ms ?? RECORDING_DEFAULTS.sweepMs,
    keepers: recordings.keepers ?? RECORDING_DEFAULTS.keepers,
    s3:
      s3 === undefined
        ? undefined
        : {
            endpoint: s3.endpoint,
            region: s3.region ?? RECORDING_DEFAULTS.region,
            bucket: s3.bucket,
            prefix:
              s3.prefix === undefined || s3.prefix === ''
                ? ''
                : `${s3.prefix.replace(/\/+$/, '')}/`,
            accessKeyId: follow(s3.access_key_id),
            secretAccessKey: follow(s3.secret_access_key),
            ca: s3.ca === undefined ? undefined : locate(s3.ca),
          },
  }
}
