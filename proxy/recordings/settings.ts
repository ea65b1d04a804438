// What the configuration says of recordings, with every default filled in (`config/recording-defaults.ts`).
import type { RecordTerms } from '../session-tape.js'
import type { KeyReference } from './key-ring.js'

export type S3Settings = {
  // Without a path; the bucket is named in the path of each request.
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  // Before each name; '' or ends with a slash.
  readonly prefix: string
  readonly accessKeyId: KeyReference
  readonly secretAccessKey: KeyReference
  // Absolute path of a PEM file.
  readonly ca: string | undefined
}

export type RetentionRule = {
  // Undefined: every target.
  readonly target: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly days: number
}

export type RecordingSettings = {
  readonly directory: string
  readonly key: KeyReference
  readonly previousKeys: readonly KeyReference[]
  // Where the policy asks for nothing of its own.
  readonly terms: RecordTerms
  readonly sessionBytesMax: number
  readonly spoolBytesMax: number
  readonly flushMs: number
  // Undefined: for ever.
  readonly retentionDays: number | undefined
  readonly retention: readonly RetentionRule[]
  readonly sweepMs: number
  // Groups whose people may hold, release and delete.
  readonly keepers: readonly string[]
  readonly s3: S3Settings | undefined
}
