// Everything that carries checkpoints away from the gateway: witnesses and the places where they are
// published. Made before the record and closed after it, so that the last checkpoint goes out too.
import type { Clock } from '../../clock.js'
import type { Log } from '../../log.js'
import type { Place } from '../disk-sync.js'
import { createWitnessCrowd } from '../witnesses/witness-crowd.js'
import type { WitnessSettings } from '../witnesses/witness-crowd.js'
import { createPublisher } from './destination.js'
import { toFile } from './to-file.js'
import { toGit } from './to-git.js'
import type { GitSettings } from './to-git.js'
import { toHttp } from './to-http.js'
import type { HttpSettings } from './to-http.js'

export type PublishSettings =
  | { readonly kind: 'file'; readonly file: string; readonly everyMs: number }
  | ({ readonly kind: 'http' } & HttpSettings)
  | ({ readonly kind: 'git' } & GitSettings)

export type CheckpointCouriers = {
  readonly carry: (note: string, place: Place) => void
  readonly witnessLag: () => { readonly lines: number; readonly ms: number }
  // Milliseconds that the newest checkpoint waits for the place that is furthest behind.
  readonly publishLateMs: () => number
  // False where witnesses are required and have been silent for too long.
  readonly mayGoOn: () => boolean
  readonly close: () => Promise<void>
}

export function createCheckpointCouriers(
  directory: string,
  settings: { readonly witnesses: WitnessSettings; readonly publish: readonly PublishSettings[] },
  parts: {
    readonly clock: Clock
    readonly log: Log
    readonly onConflict: (witness: string, what: string) => void
    readonly onWitness: (witness: string, outcome: 'cosigned' | 'conflict' | 'failed') => void
    readonly onSent: (destination: string, outcome: 'sent' | 'failed') => void
  },
): CheckpointCouriers {
  const { clock, log, onConflict, onWitness, onSent } = parts
  const witnesses = createWitnessCrowd(directory, settings.witnesses, {
    clock,
    log,
    onConflict,
    onAnswer: onWitness,
  })
  const publishers = settings.publish.map((one) =>
    createPublisher(destinationOf(one, clock), { clock, log, onSent }),
  )
  return {
    carry(note, place) {
      // Whoever signs must not fail with whoever carries.
      try {
        witnesses.show(note, place)
        for (const publisher of publishers) publisher.offer(note)
      } catch (problem) {
        log.error({ err: problem }, 'a checkpoint could not be carried away')
      }
    },
    witnessLag: witnesses.lag,
    publishLateMs: () => Math.max(0, ...publishers.map((publisher) => publisher.lateMs())),
    mayGoOn: witnesses.mayGoOn,
    async close() {
      await Promise.all([witnesses.close(), ...publishers.map((publisher) => publisher.close())])
    },
  }
}

function destinationOf(settings: PublishSettings, clock: Clock) {
  if (settings.kind === 'file') return toFile(settings)
  return settings.kind === 'git' ? toGit(settings) : toHttp(settings, clock)
}
