// Every line of a record in the order of its chain, as the bytes it consists of and its hash, for proofs.
// Holds one line at a time; the first that is missing or not whole ends it with words.
import { GatewayError } from '../errors.js'
import { chainedLines, segmentsOf } from './read-record.js'
import type { Problem } from './read-record.js'
import { bytesHash } from './record-line.js'

export type Leaf = {
  readonly seq: number
  readonly file: string
  // Of the line in its file.
  readonly number: number
  // Only until the next is asked for.
  readonly bytes: Buffer
}

// `size`: so many from the first. A record that holds fewer is not the one asked for.
export function* recordLeaves(directory: string, size: number): Generator<Leaf> {
  const { segments, problem } = segmentsOf(directory)
  let seq = 0
  for (const segment of segments) {
    for (const placed of chainedLines(directory, segment)) {
      if (seq >= size) return
      if ('what' in placed) throw damagedAt(placed)
      yield { seq, file: placed.file, number: placed.number, bytes: placed.bytes }
      seq += 1
    }
  }
  if (seq >= size) return
  if (problem !== undefined) throw damagedAt(problem)
  throw new GatewayError(
    'record_damaged',
    `the record ends after ${seq} lines, but the checkpoint was signed for ${size}: ` +
      `${size - seq} were removed`,
  )
}

export function leafHash({ bytes }: Pick<Leaf, 'bytes'>): string {
  return bytesHash(bytes)
}

function damagedAt({ file, line, what }: Problem): GatewayError {
  return new GatewayError('record_damaged', `${file}:${line}: ${what}`)
}
