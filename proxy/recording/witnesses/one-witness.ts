// One witness as the gateway knows it: what it saw last, and the newest checkpoint that it has not seen yet.
// One question at a time; a witness that is down is asked again after growing pauses, about the
// newest checkpoint only.
import type { Cosigner } from '../cosignature.js'
import { growthPath } from '../growth-proof.js'
import type { Start } from '../growth-proof.js'
import { readNote } from '../signed-note.js'
import { addCheckpointBody, answerOf } from './add-checkpoint.js'
import type { Answer, Ask } from './add-checkpoint.js'

// A witness that names another size each time is not worth a fourth question now.
const QUESTIONS_MAX = 3
const FIRST_PAUSE_MS = 1_000
const PAUSE_MS_MAX = 60_000

export type Shown = { readonly note: string; readonly size: number; readonly place: Start }

export type OneWitness = {
  readonly name: string
  readonly show: (shown: Shown) => void
  // Ends with the question under way, and with it all later ones.
  readonly close: () => Promise<void>
}

export type WitnessParts = {
  readonly directory: string
  readonly cosigner: Cosigner
  readonly url: string
  readonly ask: Ask
  readonly onCosigned: (shown: Shown, line: string) => void
  // It saw this record otherwise: somebody is shown another one.
  readonly onConflict: (what: string) => void
  readonly onRefused: (what: string) => void
}

export function oneWitness(parts: WitnessParts): OneWitness {
  const { cosigner, directory } = parts
  const url = `${parts.url.replace(/\/+$/, '')}/add-checkpoint`
  // What it saw last, as far as is known here; a place spares reading the record again.
  let seen: { readonly size: number; readonly place?: Start } = { size: 0 }
  let waiting: Shown | undefined
  let running: Promise<void> | undefined
  let pauseMs = FIRST_PAUSE_MS
  let timer: NodeJS.Timeout | undefined
  let closed = false

  const question = async (shown: Shown): Promise<Answer> => {
    if (seen.size > shown.size) {
      return { kind: 'conflict', what: `it saw ${seen.size} lines, but there are ${shown.size}` }
    }
    const sizes = { first: seen.size, second: shown.size }
    const path = await growthPath(directory, sizes, seen.place)
    if (path === undefined) return { kind: 'refused', what: 'the record cannot be read for it' }
    const body = addCheckpointBody(seen.size, path, shown.note)
    return answerOf(await parts.ask(url, body), seen.size, shown.note, cosigner)
  }

  const shownTo = async (shown: Shown): Promise<void> => {
    for (let asked = 1; ; asked += 1) {
      const answer = await question(shown)
      if (answer.kind === 'size' && asked < QUESTIONS_MAX) {
        seen = { size: answer.size }
        continue
      }
      if (answer.kind === 'cosigned') {
        seen = { size: shown.size, place: shown.place }
        pauseMs = FIRST_PAUSE_MS
        return parts.onCosigned(shown, answer.line)
      }
      if (answer.kind === 'conflict') return parts.onConflict(answer.what)
      throw new Error(answer.kind === 'size' ? 'it names another size each time' : answer.what)
    }
  }

  const next = (): void => {
    const shown = waiting
    if (shown === undefined || running !== undefined || timer !== undefined) return
    waiting = undefined
    running = shownTo(shown)
      .catch((problem: unknown) => {
        parts.onRefused(wordsOf(problem))
        if (closed) return
        waiting ??= shown
        timer = setTimeout(() => {
          timer = undefined
          next()
        }, pauseMs)
        timer.unref()
        pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)
      })
      .finally(() => {
        running = undefined
        if (!closed) next()
      })
  }

  return {
    name: cosigner.name,
    show(shown) {
      if (closed || readNote(shown.note) === undefined) return
      waiting = shown
      next()
    },
    async close() {
      if (timer !== undefined) clearTimeout(timer)
      timer = undefined
      // The last checkpoint is the one that matters most.
      if (running === undefined) next()
      await running
      closed = true
      if (timer !== undefined) clearTimeout(timer)
      await running
    },
  }
}

function wordsOf(problem: unknown): string {
  if (!(problem instanceof Error)) return String(problem)
  const { cause } = problem
  return cause instanceof Error ? `${problem.message}: ${cause.message}` : problem.message
}
