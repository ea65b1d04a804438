// The recordings of this gateway from its settings, wired to the record, the metrics and the log; undefined
// where the configuration asks for none.
import { join } from 'node:path'
import type { Clock } from './clock.js'
import { GatewayError } from './errors.js'
import type { Log } from './log.js'
import type { Metrics, Readings } from './metrics.js'
import type { Recorder } from './recording/recorder.js'
import { diskStore } from './recordings/disk-store.js'
import { realFilmDisk } from './recordings/film-disk.js'
import { createRecordings, type LiveRecordings } from './recordings/recordings.js'
import { s3Store } from './recordings/s3-store.js'
import type { RecordingSettings } from './recordings/settings.js'
import type { FilmStore } from './recordings/store.js'

export type GatewayRecordingParts = {
  readonly settings: RecordingSettings | undefined
  readonly recorder: Recorder
  readonly metrics: Pick<
    Metrics,
    'filmed' | 'filmBytes' | 'filmFailed' | 'filmRemoved' | 'incident'
  >
  readonly clock: Clock
  readonly log: Log
}

export async function gatewayRecordings(
  parts: GatewayRecordingParts,
): Promise<LiveRecordings | undefined> {
  const { settings, recorder, metrics, clock, log } = parts
  if (settings === undefined) return undefined
  return createRecordings({
    settings,
    store: filmStoreOf(settings, clock),
    recorder: {
      recording: recorder.recording,
      incident: (incident) => {
        recorder.incident(incident)
        metrics.incident(incident.event)
      },
    },
    clock,
    log: (level, words, fields) => log[level](fields, words),
    onFrame: metrics.filmed,
    onBytes: metrics.filmBytes,
    onFailure: metrics.filmFailed,
    onRemoved: metrics.filmRemoved,
  })
}

// What is checked before other settings are taken, and taken once all agree.
export function recordingsReloaded(
  recordings: LiveRecordings | undefined,
  next: RecordingSettings | undefined,
): () => void {
  if (recordings !== undefined) return recordings.reloaded(next)
  if (next === undefined) return () => undefined
  throw new GatewayError('config_invalid', 'recordings begin with a restart of the gateway')
}

export function recordingReadings(
  { recordings: on }: { readonly recordings: RecordingSettings | undefined },
  recordings: () => LiveRecordings | undefined,
): Pick<Readings, 'recordingsHealthy' | 'recordingsWaiting' | 'recordingsSpooled'> {
  if (on === undefined) return {}
  return {
    recordingsHealthy: () => recordings()?.trouble() === undefined,
    recordingsWaiting: () => recordings()?.waiting() ?? 0,
    recordingsSpooled: () => recordings()?.spooled() ?? 0,
  }
}

export function recordingReadiness(
  recordings: LiveRecordings | undefined,
): readonly { readonly name: string; readonly ok: boolean }[] {
  return recordings === undefined
    ? []
    : [{ name: 'recordings', ok: recordings.trouble() === undefined }]
}

export function filmStoreOf(settings: RecordingSettings, clock: Pick<Clock, 'now'>): FilmStore {
  return settings.s3 === undefined
    ? diskStore(join(settings.directory, 'kept'), realFilmDisk)
    : s3Store(settings.s3, clock.now)
}
