// Writes what is made piece by piece, no faster than it is taken: a pipe that is full makes write say so, and
// waiting for it keeps long sessions out of memory.
import type { Io } from '../io.js'

export async function writtenTo(io: Io, pieces: AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) {
    if (io.stdout.write(piece) === false) await drained(io)
  }
}

async function drained({ stdout }: Io): Promise<void> {
  if (!('once' in stdout) || typeof stdout.once !== 'function') return
  const once: unknown = stdout.once
  if (typeof once !== 'function') return
  await new Promise<void>((done) => once.call(stdout, 'drain', done))
}
