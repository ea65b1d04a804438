// Recorded decisions as a backtest meets them: what was decided on, by digests of parts that repeat, and
// what was decided. A record's directory, one of its segments, and an `audit export` read alike.
import { statSync } from 'node:fs'
import { GatewayError } from '../../errors.js'
import { placeOf } from '../../recording/read-record.js'
import type { CommandFields } from './command-line-fields.js'
import { exportedSightings } from './exported-sightings.js'
import { segmentSightings } from './segment-sightings.js'

export type Sighting = {
  readonly file: string
  readonly number: number
  readonly fields: CommandFields
  // The line, to be looked at closer; valid until the next sighting.
  readonly bytes: Buffer
}

// What an example shows of a command.
export type SightedCommand = {
  readonly seq: number
  readonly time: number
  readonly session: string
  readonly command: number
  readonly text: string
}

export type Sightings = {
  readonly all: () => Generator<Sighting>
  // The part of the sighting at hand; undefined where the record lacks it.
  readonly part: (digest: string) => object | undefined
  readonly bytes: number
  readonly bytesRead: () => number
}

export function sightingsOf(place: string): Sightings {
  let found
  try {
    found = statSync(place)
  } catch (cause) {
    throw new GatewayError('not_found', `there is no record at ${place}`, { cause })
  }
  if (found.isDirectory() || /segment-\d+\.jsonl$/.test(place)) {
    return segmentSightings(placeOf(place))
  }
  return exportedSightings(place)
}

export function sightedCommand({ bytes }: Sighting): SightedCommand {
  const line = JSON.parse(bytes.toString('utf8')) as SightedCommand
  const { seq, time, session, command, text } = line
  return { seq, time, session, command, text }
}
