// Lines as they were before they were sealed, for as long as their keys are there: a key that is made while
// somebody watches opens what lies under it, and one that is taken away closes it at once.
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RecordLine } from '../../engine/schemas/record.js'
import { SUBJECT_KEYS_FILE } from '../recording/erasure/subject-keys.js'
import { lineUnseal } from '../recording/erasure/unseal-lines.js'

export type Unseal = (line: RecordLine) => RecordLine

export type Unsealing = {
  readonly unseal: Unseal
  // Grows with each erasure: what was read before may be of what is gone.
  readonly generation: () => number
}

// `place`: the directory of a record, or a file in it.
export function createUnsealing(place: string): Unsealing {
  const directory = statSync(place).isDirectory() ? place : dirname(place)
  const path = join(directory, SUBJECT_KEYS_FILE)
  let seen = stamp(path)
  let unseal = lineUnseal(directory)
  let generation = 0

  const look = (): void => {
    const now = stamp(path)
    if (now.file === seen.file && now.bytes === seen.bytes && now.ms === seen.ms) return
    // Keys are only ever added; whoever takes one away makes the file anew.
    if (now.file !== seen.file || now.bytes < seen.bytes) generation += 1
    seen = now
    unseal = lineUnseal(directory)
  }

  return {
    generation() {
      look()
      return generation
    },
    unseal(line) {
      const isSealed = line.kind === 'part' ? 'sealed' in line.value : 'sealed' in line
      if (!isSealed) return line
      look()
      return unseal(line)
    },
  }
}

function stamp(path: string) {
  const found = statSync(path, { throwIfNoEntry: false })
  return { file: found?.ino ?? 0, bytes: found?.size ?? 0, ms: found?.mtimeMs ?? 0 }
}
