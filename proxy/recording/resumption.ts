// A new segment after a failure. It repeats the lines that were accepted but not known to be on the
// disk, is synced as a whole, and only then takes its name: whatever the failing disk did to the old
// segment no longer matters.
import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { synced, writeAll } from './disk.js'
import type { Disk } from './disk.js'
import { segmentName, temporaryPath } from './segment.js'
import type { OpenSegment } from './segment.js'

// Room that must be there before commands are taken again, so that a disk with a few bytes left does
// not make the gateway stop and go.
const HEADROOM_BYTES = 256 << 10

export async function resumedSegment(options: {
  readonly disk: Disk
  readonly directory: string
  readonly index: number
  readonly opening: Buffer
  readonly kept: readonly Buffer[]
}): Promise<OpenSegment> {
  const { disk, directory } = options
  const name = segmentName(options.index)
  const temporary = temporaryPath(directory, name)
  await rm(temporary, { force: true })
  const fd = openSync(temporary, 'wx', 0o600)
  try {
    let bytes = 0
    for (const piece of [options.opening, ...options.kept, Buffer.alloc(HEADROOM_BYTES)]) {
      writeAll(disk, fd, piece, bytes)
      bytes += piece.length
    }
    bytes -= HEADROOM_BYTES
    ftruncateSync(fd, bytes)
    await synced(disk, fd)
    disk.rename(temporary, join(directory, name))
    disk.syncDirectory(directory)
    return { name, fd, bytes }
  } catch (problem) {
    closeSync(fd)
    await rm(temporary, { force: true })
    throw problem
  }
}
