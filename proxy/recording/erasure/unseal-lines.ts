// Lines as they were before they were sealed, for whoever reads a record with its keys at hand; where a key is
// gone, what lay under it stays `[erased]`. Hashes and proofs are of the lines as they are written.
import type { RecordLine } from '../../../engine/schemas/record.js'
import { GatewayError } from '../../errors.js'
import { opened } from './sealed.js'
import type { Sealed } from './sealed.js'
import { readSubjectKeys } from './subject-keys.js'

// What a restored part was written as: its digest is of that.
const written = new WeakMap<object, object>()
const erased = new WeakSet<object>()

export function asWritten(value: object): object {
  return written.get(value) ?? value
}

// Whether something of this line or part was erased.
export function isErased(value: object): boolean {
  return erased.has(value)
}

export function lineUnseal(directory: string): (line: RecordLine) => RecordLine {
  let keys: ReadonlyMap<string, Buffer> | undefined
  const openedBy = (box: Sealed): object | undefined => {
    keys ??= new Map(readSubjectKeys(directory).map(({ id, key }) => [id, key]))
    const key = keys.get(box.key)
    if (key === undefined) return undefined
    const value = opened(key, box)
    if (value !== undefined) return value
    throw new GatewayError('record_damaged', 'a sealed value does not fit its commitment')
  }
  const restored = (value: object): object => {
    const { sealed: box, ...clear } = value as { readonly sealed?: Sealed }
    if (box === undefined) return value
    const secret = openedBy(box)
    const whole = secret === undefined ? clear : merged(clear, secret)
    if (secret === undefined) erased.add(whole)
    return whole
  }
  return (line) => {
    if (line.kind === 'part') {
      if (!('sealed' in line.value)) return line
      const value = restored(line.value)
      written.set(value, line.value)
      return { ...line, value: value as typeof line.value }
    }
    return 'sealed' in line ? (restored(line) as RecordLine) : line
  }
}

function merged(clear: object, secret: object): object {
  const whole: Record<string, unknown> = { ...clear }
  for (const [name, value] of Object.entries(secret)) {
    const before = whole[name]
    whole[name] = isPlain(before) && isPlain(value) ? merged(before, value) : value
  }
  return whole
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
