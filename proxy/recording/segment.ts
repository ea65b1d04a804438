// The files that a record consists of: their names, their order, and how one comes to be. A segment
// appears under its name only once its first line is whole, so that a crash leaves no half segment.
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError } from '../errors.js'
import type { Disk } from './disk.js'
import { writeAll } from './disk.js'

const NAME = /^segment-([0-9]{8,})\.jsonl$/

export const CHECKPOINTS_FILE = join('checkpoints', 'checkpoints.txt')
export const WITNESSED_FILE = join('checkpoints', 'witnessed.txt')
export const PUBLIC_KEY_FILE = 'signing-key.pub'
export const PRIVATE_KEY_FILE = 'signing-key.pem'
export const BUNDLES_FOLDER = 'bundles'

export function segmentName(index: number): string {
  return `segment-${String(index).padStart(8, '0')}.jsonl`
}

export function segmentIndex(name: string): number {
  return Number(NAME.exec(name)?.[1] ?? '0')
}

// In the order in which they were written.
export function segmentNames(directory: string): readonly string[] {
  let names: readonly string[]
  try {
    names = readdirSync(directory)
  } catch (cause) {
    throw new GatewayError('not_found', `there is no record in ${directory}`, { cause })
  }
  return names.filter((name) => NAME.test(name)).sort((a, b) => segmentIndex(a) - segmentIndex(b))
}

export type OpenSegment = { readonly name: string; readonly fd: number; readonly bytes: number }

// Never opens what exists: an index used before is passed over.
export function createSegment(
  disk: Disk,
  directory: string,
  index: number,
  opening: Uint8Array,
): OpenSegment {
  const name = segmentName(index)
  const temporary = temporaryPath(directory, name)
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    writeAll(disk, fd, opening, 0)
    disk.rename(temporary, join(directory, name))
  } catch (problem) {
    closeSync(fd)
    rmSync(temporary, { force: true })
    throw problem
  }
  return { name, fd, bytes: opening.length }
}

export function temporaryPath(directory: string, name: string): string {
  return join(directory, `${name}.tmp`)
}

// What a crash left half made; none of it was ever acknowledged.
export function removeTemporaries(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.endsWith('.tmp')) rmSync(join(directory, name), { force: true })
  }
}
