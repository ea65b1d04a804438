// The memory that raw streams read into. Many connections share one slab, since a chunk is consumed
// within its callback. A write that the kernel does not take at once goes on reading from the memory it
// was given: if that is a slab, the slab is given up to it and its readers get a new one.

const SHARED_BYTES = 65_536
// A connection whose chunks the other side cannot take as fast as they come is a bulk transfer: it gets
// a larger slab of its own, so that the others keep theirs.
const OWN_BYTES = 262_144
// What is written from memory that its owner uses again is copied: if it is short, to always the same place.
const LENT_BYTES = 16_384

export type SlabReader = { readInto: (slab: Buffer) => void }

const slabs = new WeakSet<ArrayBufferLike>()
const sharers = new Set<SlabReader>()
let shared = made(SHARED_BYTES)
let lending = made(LENT_BYTES)

// The reader whose chunk is being consumed now; chunks never nest.
let consuming: SlabReader | undefined

export function joinShared(reader: SlabReader): void {
  sharers.add(reader)
  reader.readInto(shared)
}

export function leaveShared(reader: SlabReader): void {
  sharers.delete(reader)
}

export function isSlab(bytes: Uint8Array): boolean {
  return slabs.has(bytes.buffer)
}

// A copy to be written at once; it must be given up where the write keeps it.
export function lent(bytes: Uint8Array): Uint8Array {
  if (bytes.length > LENT_BYTES) return Buffer.from(bytes)
  lending.set(bytes)
  return lending.subarray(0, bytes.length)
}

export function consume(reader: SlabReader, work: () => void): void {
  const before = consuming
  consuming = reader
  try {
    work()
  } finally {
    consuming = before
  }
}

// A write keeps `bytes`, which lie in a slab, for longer.
export function giveUp(bytes: Uint8Array): void {
  if (bytes.buffer === lending.buffer) {
    lending = made(LENT_BYTES)
    return
  }
  if (bytes.buffer === shared.buffer) {
    shared = made(SHARED_BYTES)
    for (const reader of sharers) reader.readInto(shared)
  }
  if (consuming === undefined) return
  sharers.delete(consuming)
  consuming.readInto(made(OWN_BYTES))
}

function made(size: number): Buffer {
  const slab = Buffer.allocUnsafeSlow(size)
  slabs.add(slab.buffer)
  return slab
}
