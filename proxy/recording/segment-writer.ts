// Opens the record of one directory for writing: takes the lock, continues the chain where it ended,
// says what the last run left behind, and hands out the `Recorder` that the gateway uses.
import { mkdirSync } from 'node:fs'
import { systemClock } from '../clock.js'
import type { Clock } from '../clock.js'
import { GatewayError } from '../errors.js'
import { silentLog } from '../log.js'
import type { Log } from '../log.js'
import { createChain } from './chain.js'
import { openCheckpointFile } from './checkpoint-file.js'
import { lockDirectory } from './directory-lock.js'
import { lineSeal } from './erasure/seal-lines.js'
import type { LineSeal } from './erasure/seal-lines.js'
import { openSubjectKeys } from './erasure/subject-keys.js'
import { realDisk } from './disk.js'
import type { Disk } from './disk.js'
import type { DiskSyncOptions } from './disk-sync.js'
import { outcomeEntry } from './record-entry.js'
import type { Entry } from './record-entry.js'
import {
  NO_LINE,
  approvalBody,
  bundleBody,
  gatewayBody,
  incidentBody,
  recordingBody,
  sessionBody,
  shadowBody,
} from './record-line.js'
import { recordEnd } from './record-start.js'
import type { RecordEnd } from './record-start.js'
import type { Durability, OwnRecorder, Written } from './recorder.js'
import { LineWriter } from './line-writer.js'
import { removeTemporaries } from './segment.js'
import { signingKeys } from './signing-keys.js'
import type { Rotation } from './signing-keys.js'

export type RecorderOptions = {
  readonly directory: string
  // Ed25519 private key (PEM); where absent, one is made in the directory on first start.
  readonly signingKey?: string | undefined
  readonly segmentBytes?: number | undefined
  readonly syncMs?: number | undefined
  readonly checkpointMs?: number | undefined
  readonly version?: string | undefined
  // What may be personal is written so that it can be erased later (`erasure/`).
  readonly erasable?: boolean | undefined
  readonly clock?: Clock
  readonly log?: Log
  readonly disk?: Disk
  // Told of each signed checkpoint once it is on the disk.
  readonly onCheckpoint?: DiskSyncOptions['onCheckpoint']
  // Told when writing fails, and when it works again.
  readonly onHealth?: (healthy: boolean, reason: string) => void
}

export const RECORD_DEFAULTS = {
  // Read as a whole at every start: at this size that takes half a second.
  segmentBytes: 64 << 20,
  // What a power cut (not a crash) may take of commands that did not wait for the disk.
  syncMs: 100,
  checkpointMs: 10_000,
} as const

export async function createRecorder(options: RecorderOptions): Promise<OwnRecorder> {
  const { directory, clock = systemClock, disk = realDisk, log = silentLog } = options
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new GatewayError('record_failed', `the record directory ${directory} cannot be made`, {
      cause,
    })
  }
  const unlock = await lockDirectory(directory)
  let closeCheckpoints = (): void => undefined
  try {
    removeTemporaries(directory)
    const checkpoints = openCheckpointFile(disk, directory)
    closeCheckpoints = checkpoints.close
    const { signer, rotation, kept } = signingKeys(directory, options.signingKey, checkpoints.last)
    const end = recordEnd(directory, checkpoints.last)
    const seal = options.erasable === true ? lineSeal(openSubjectKeys(directory), clock) : undefined
    const chain = createChain({
      tree: end.tree,
      seal,
      open: end.open,
      hash: end.previous?.hash ?? NO_LINE,
    })
    const left = end.open.list()
    const writer = new LineWriter(
      {
        directory,
        disk,
        clock,
        log,
        signer,
        checkpoints: {
          ...checkpoints,
          append: async (note) => {
            await checkpoints.append(note)
            kept(note)
          },
        },
        segmentBytes: options.segmentBytes ?? RECORD_DEFAULTS.segmentBytes,
        syncMs: options.syncMs ?? RECORD_DEFAULTS.syncMs,
        checkpointMs: options.checkpointMs ?? RECORD_DEFAULTS.checkpointMs,
        onCheckpoint: options.onCheckpoint,
        onHealth: options.onHealth ?? (() => undefined),
      },
      chain,
      { index: end.index, place: end.previous },
    )
    const first = { end, rotation, time: clock.now(), version: options.version }
    for (const entry of firstEntries(first)) writer.add(entry)
    if (rotation !== undefined) log.warn(rotation, 'the record is signed by another key from here')
    for (const command of left) {
      writer.add(outcomeEntry(clock.now(), { ...command, result: 'unknown' }))
    }
    if (end.torn !== undefined) log.warn(end.torn, 'the record ended in half a line, now set aside')
    return recorderOf(writer, { clock, seal }, async () => {
      const whole = await writer.close()
      checkpoints.close()
      unlock()
      if (!whole) throw new GatewayError('record_failed', 'the last lines could not be recorded')
    })
  } catch (problem) {
    closeCheckpoints()
    unlock()
    if (problem instanceof GatewayError) throw problem
    const text = problem instanceof Error ? problem.message : String(problem)
    throw new GatewayError(
      'record_failed',
      `the record in ${directory} cannot be opened: ${text}`,
      {
        cause: problem,
      },
    )
  }
}

function firstEntries(start: {
  readonly end: RecordEnd
  readonly rotation: Rotation | undefined
  readonly time: number
  readonly version: string | undefined
}): Entry[] {
  const { end, rotation, time, version } = start
  const entries: Entry[] = [
    {
      time,
      durability: 'os',
      body: gatewayBody({ event: 'started', ...(version === undefined ? {} : { version }) }),
    },
  ]
  if (rotation !== undefined) {
    const { from, to, proven } = rotation
    const detail = proven ? {} : { detail: 'the old key was not at hand to vouch for the new one' }
    const body = gatewayBody({ event: 'key_rotated', from, to, ...detail })
    entries.push({ time, durability: 'os', body })
  }
  if (end.torn !== undefined) {
    const detail = `${end.torn.bytes} bytes that no caller was told of, now in ${end.torn.file}`
    entries.push({ time, durability: 'os', body: gatewayBody({ event: 'torn', detail }) })
  }
  return entries
}

function recorderOf(
  writer: LineWriter,
  { clock, seal }: { readonly clock: Clock; readonly seal: LineSeal | undefined },
  close: () => Promise<void>,
): OwnRecorder {
  const add = (body: string, durability: Durability, written: Written | undefined): void =>
    writer.add({ time: clock.now(), body, durability, written })
  // Where no key can be made for a person, nothing about them is written, and whoever asked is told.
  const addMade = (
    body: () => string,
    durability: Durability,
    written: Written | undefined,
  ): void => {
    let made: string
    try {
      made = body()
    } catch (cause) {
      written?.(new GatewayError('record_failed', 'it cannot be sealed', { cause }))
      return
    }
    add(made, durability, written)
  }
  let closing: Promise<void> | undefined
  return {
    command: (command, durability, written) =>
      writer.add({ time: clock.now(), command, durability, written }),
    outcome: (outcome) => writer.addLazily(outcomeEntry(clock.now(), outcome)),
    session: (event, written) =>
      addMade(() => sessionBody(seal?.session(event) ?? event), 'os', written),
    approval: (event, written) =>
      addMade(() => approvalBody(seal?.approval(event) ?? event), 'disk', written),
    bundle: (event) => add(bundleBody(event), 'os', undefined),
    shadow: (event) => add(shadowBody(event), 'os', undefined),
    recording: (event, written) => add(recordingBody(event), 'disk', written),
    incident: (event) => add(incidentBody(event), 'os', undefined),
    erased: ({ keys, ...event }, written) =>
      add(gatewayBody({ event: 'erased', ...event, keys: [...keys] }), 'disk', written),
    healthy: () => writer.healthy(),
    lag: () => writer.lag(),
    close: () => (closing ??= close()),
  }
}
