// The record of a whole gateway from its settings: the recorder, and what carries its checkpoints to
// witnesses and to the places where they are published.
import type { Clock } from './clock.js'
import type { Settings } from './config/settings.js'
import type { Log } from './log.js'
import { createCheckpointCouriers } from './recording/publishing/checkpoint-couriers.js'
import type { CheckpointCouriers } from './recording/publishing/checkpoint-couriers.js'
import type { Recorder } from './recording/recorder.js'
import { createRecorder } from './recording/segment-writer.js'

export type GatewayRecord = {
  readonly recorder: Recorder
  readonly couriers: Pick<CheckpointCouriers, 'witnessLag' | 'publishLateMs'>
  readonly close: () => Promise<void>
}

export async function gatewayRecord(
  record: Settings['record'],
  parts: {
    readonly version: string
    readonly clock: Clock
    readonly log: Log
    readonly onWitness: (witness: string, outcome: string) => void
    readonly onSent: (destination: string, outcome: string) => void
  },
): Promise<GatewayRecord> {
  const { version, clock, log } = parts
  const couriers = createCheckpointCouriers(record.directory, record, {
    clock,
    log,
    onConflict: (witness, what) =>
      recorder.incident({ event: 'witness-conflict', detail: `${witness}: ${what}` }),
    onWitness: parts.onWitness,
    onSent: parts.onSent,
  })
  const recorder = await createRecorder({
    directory: record.directory,
    signingKey: record.signingKey?.reveal(),
    segmentBytes: record.segmentBytes,
    syncMs: record.syncMs,
    checkpointMs: record.checkpointMs,
    erasable: record.erasable,
    version,
    clock,
    log,
    onCheckpoint: couriers.carry,
    onHealth: (healthy, reason) =>
      healthy
        ? log.info({ reason }, 'the record is written again')
        : log.error({ reason }, 'the record cannot be written'),
  })
  return {
    recorder: { ...recorder, healthy: () => recorder.healthy() && couriers.mayGoOn() },
    couriers,
    async close() {
      // The last checkpoint goes out after it is signed.
      await recorder.close()
      await couriers.close()
    },
  }
}
