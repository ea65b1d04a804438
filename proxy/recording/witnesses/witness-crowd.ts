// The witnesses of a record together: each checkpoint is shown to all, and once as many as the quorum signed
// it too, it is kept with their signatures beside the record. None of them is waited for, unless the
// configuration says for how long at most.
import type { Clock } from '../../clock.js'
import type { Log } from '../../log.js'
import { cosignerOf } from '../cosignature.js'
import type { Place } from '../disk-sync.js'
import { readNote } from '../signed-note.js'
import { askByHttp } from './add-checkpoint.js'
import type { Ask } from './add-checkpoint.js'
import { oneWitness } from './one-witness.js'
import type { Shown } from './one-witness.js'
import { keepWitnessed, mendWitnessed } from './witnessed-file.js'

export type WitnessSettings = {
  readonly witnesses: readonly { readonly key: string; readonly url: string }[]
  readonly quorum: number
  // After so long without a quorum nothing runs any more; undefined: traffic never waits for witnesses.
  readonly requiredMs: number | undefined
}

export type WitnessCrowd = {
  readonly show: (note: string, place: Place) => void
  // Lines signed by the gateway that no quorum has seen yet, and for how long that has been so.
  readonly lag: () => { readonly lines: number; readonly ms: number }
  readonly mayGoOn: () => boolean
  readonly close: () => Promise<void>
}

export function createWitnessCrowd(
  directory: string,
  settings: WitnessSettings,
  parts: {
    readonly clock: Clock
    readonly log: Log
    readonly ask?: Ask
    readonly onConflict: (witness: string, what: string) => void
    readonly onAnswer: (witness: string, outcome: 'cosigned' | 'conflict' | 'failed') => void
  },
): WitnessCrowd {
  const { clock, log } = parts
  mendWitnessed(directory)
  const waiting = new Map<number, { readonly note: string; readonly lines: string[] }>()
  let shownSize = 0
  let witnessedSize = 0
  let behindSinceMs: number | undefined
  let silent = false

  const cosigned = (shown: Shown, line: string): void => {
    const kept = waiting.get(shown.size)
    if (kept === undefined) return
    kept.lines.push(line)
    if (kept.lines.length < settings.quorum) return
    try {
      keepWitnessed(directory, `${kept.note}${kept.lines.map((text) => `${text}\n`).join('')}`)
    } catch (problem) {
      log.error({ err: problem }, 'a checkpoint that witnesses signed cannot be kept')
      return
    }
    witnessedSize = Math.max(witnessedSize, shown.size)
    for (const size of waiting.keys()) if (size < shown.size) waiting.delete(size)
    if (kept.lines.length === settings.witnesses.length) waiting.delete(shown.size)
    // What was shown meanwhile is as old as the first such note at most.
    behindSinceMs = witnessedSize < shownSize ? clock.now() : undefined
  }

  const crowd = settings.witnesses.map(({ key, url }) => {
    const cosigner = cosignerOf(key)
    const { name } = cosigner
    let last = ''
    return oneWitness({
      directory,
      cosigner,
      url,
      ask: parts.ask ?? askByHttp,
      onCosigned(shown, line) {
        if (last !== '') log.info({ witness: name }, 'a witness of the record answers again')
        last = ''
        parts.onAnswer(name, 'cosigned')
        cosigned(shown, line)
      },
      onConflict(what) {
        log.error({ witness: name, what }, 'a witness saw another record under this one’s name')
        parts.onAnswer(name, 'conflict')
        // The same again at another size is no news.
        const kind = what.replaceAll(/\d+/g, '')
        if (last !== kind) parts.onConflict(name, what)
        last = kind
      },
      onRefused(what) {
        // Once, until it answers again or says something else.
        if (last !== what) log.warn({ witness: name, what }, 'a witness of the record is not there')
        last = what
        parts.onAnswer(name, 'failed')
      },
    })
  })

  const lag = (): { readonly lines: number; readonly ms: number } => ({
    lines: Math.max(0, shownSize - witnessedSize),
    ms: behindSinceMs === undefined ? 0 : Math.max(0, clock.now() - behindSinceMs),
  })

  return {
    show(note, place) {
      const size = readNote(note)?.checkpoint.size
      if (size === undefined) return
      shownSize = size
      behindSinceMs ??= clock.now()
      waiting.set(size, { note, lines: [] })
      for (const old of waiting.keys()) if (waiting.size > KEPT_MAX) waiting.delete(old)
      for (const witness of crowd) witness.show({ note, size, place })
    },
    lag,
    mayGoOn() {
      if (settings.requiredMs === undefined) return true
      const { lines, ms } = lag()
      const may = ms < settings.requiredMs
      if (!may && !silent) log.error({ lines, ms }, 'witnesses are silent: commands are denied')
      if (may && silent) log.info({ lines }, 'witnesses answer: commands may go on')
      silent = !may
      return may
    },
    async close() {
      await Promise.all(crowd.map((witness) => witness.close()))
    },
  }
}

// Checkpoints that wait for a quorum: a witness only ever answers for the newest it was shown.
const KEPT_MAX = 100
