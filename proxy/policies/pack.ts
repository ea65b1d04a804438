// A bundle’s files as `bundle.tar.gz`, the same bytes on every machine: names in order, no times, owners or
// modes, and stored rather than compressed, since what zlib makes of the same bytes differs between
// its versions and between processors. Whoever sends bundles may compress them on the way.
import { pack } from 'tar-stream'

// RFC 1952: no flags, no time, no extra flags, unknown system.
const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
// RFC 1951, 3.2.4: the length of a stored block has 16 bits.
const BLOCK_BYTES_MAX = 65_535
const FIRST_DAY = new Date(0)

export async function packedBundle(files: ReadonlyMap<string, Buffer>): Promise<Buffer> {
  const writing = pack()
  // As code units, whatever the language of the machine.
  const names = [...files.keys()].sort()
  for (const name of names) {
    const header = { name, mode: 0o644, mtime: FIRST_DAY, uid: 0, gid: 0, uname: '', gname: '' }
    writing.entry(header, files.get(name) ?? Buffer.alloc(0))
  }
  writing.finalize()
  const parts: Buffer[] = []
  for await (const part of writing) parts.push(part as Buffer)
  return stored(Buffer.concat(parts))
}

function stored(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from(HEADER)]
  const blocks = Math.max(1, Math.ceil(bytes.length / BLOCK_BYTES_MAX))
  for (let at = 0; at < blocks; at++) {
    const block = bytes.subarray(at * BLOCK_BYTES_MAX, (at + 1) * BLOCK_BYTES_MAX)
    const head = Buffer.alloc(5)
    head[0] = at === blocks - 1 ? 1 : 0
    head.writeUInt16LE(block.length, 1)
    head.writeUInt16LE(~block.length & 0xffff, 3)
    parts.push(head, block)
  }
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(crc32(bytes), 0)
  tail.writeUInt32LE(bytes.length >>> 0, 4)
  return Buffer.concat([...parts, tail])
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) sum = (sum >>> 8) ^ (CRC_TABLE[(sum ^ byte) & 0xff] ?? 0)
  return (sum ^ 0xffffffff) >>> 0
}
