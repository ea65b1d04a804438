// Sealed lines, opened with the keys that are there now, and which keys that took: once one of them is taken away,
// what the index knows by it must go as well.
import type { RecordLine } from '../../engine/schemas/record.js'
import { isErased, lineUnseal } from '../recording/erasure/unseal-lines.js'
import { readSubjectKeys } from '../recording/erasure/subject-keys.js'

export type Unsealing = {
  // Throws GatewayError('record_damaged') where a box does not fit its commitment.
  readonly line: (line: RecordLine) => RecordLine
  // The keys are read anew when the next sealed line comes.
  readonly begin: () => void
  // Ids of the keys that opened anything.
  readonly used: () => ReadonlySet<string>
}

export function createUnsealing(directory: string): Unsealing {
  const used = new Set<string>()
  let missing = new Set<string>()
  let unseal = lineUnseal(directory)
  return {
    line(line) {
      const key = keyOf(line)
      if (key === undefined) return line
      let whole = unseal(line)
      if (wasErased(whole) && !missing.has(key)) {
        // It may have been made after the keys were read.
        missing.add(key)
        unseal = lineUnseal(directory)
        whole = unseal(line)
      }
      if (!wasErased(whole)) used.add(key)
      return whole
    },
    begin() {
      missing = new Set()
      unseal = lineUnseal(directory)
    },
    used: () => used,
  }
}

export function keysAtHand(directory: string): ReadonlySet<string> {
  return new Set(readSubjectKeys(directory).map(({ id }) => id))
}

function wasErased(line: RecordLine): boolean {
  return isErased(line.kind === 'part' ? line.value : line)
}

function keyOf(line: RecordLine): string | undefined {
  const holder: object = line.kind === 'part' ? line.value : line
  const sealed: unknown = Reflect.get(holder, 'sealed')
  if (typeof sealed !== 'object' || sealed === null) return undefined
  const key: unknown = Reflect.get(sealed, 'key')
  return typeof key === 'string' ? key : undefined
}
