// The plain contents of a recording: items one after the other, each a kind, a time, a length and a body.
// What goes to the client is kept as the bytes that went out, cut anywhere, and read as messages only when
// somebody looks (`postgres-frames.ts`): nothing is encoded anew while a client waits for its rows.

export const ITEM = {
  // JSON: what was sent.
  command: 1,
  // A number of four bytes: whose answer follows.
  turn: 2,
  // Bytes to the client.
  wire: 3,
  // JSON: what is left out from here on.
  cut: 4,
  // JSON, a zero byte, a RowDescription or nothing.
  shape: 5,
} as const

// Kind, milliseconds (6 bytes), length of the body.
export const ITEM_HEAD_BYTES = 11
// No item is longer; a chunk holds whole items.
export const ITEM_BYTES_MAX = 4 * 1024 * 1024

export type Item = { readonly kind: number; readonly at: number; readonly body: Buffer }

export function putItemHead(
  into: Buffer,
  at: number,
  kind: number,
  ms: number,
  length: number,
): number {
  into[at] = kind
  into.writeUIntBE(ms, at + 1, 6)
  into.writeUInt32BE(length, at + 7)
  return at + ITEM_HEAD_BYTES
}

// undefined once the bytes do not add up.
export function* itemsOf(plain: Buffer): Generator<Item | undefined> {
  let at = 0
  while (at < plain.length) {
    if (at + ITEM_HEAD_BYTES > plain.length) return yield undefined
    const kind = plain[at] ?? 0
    const ms = plain.readUIntBE(at + 1, 6)
    const length = plain.readUInt32BE(at + 7)
    const from = at + ITEM_HEAD_BYTES
    at = from + length
    if (length > ITEM_BYTES_MAX || at > plain.length) return yield undefined
    yield { kind, at: ms, body: plain.subarray(from, at) }
  }
}
