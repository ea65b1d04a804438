// Bytes as a text of Go becomes one of JSON: each byte that is no UTF-8 is one replacement character.
import { isUtf8 } from 'node:buffer'

export function goText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = lengthAt(bytes, at)
    text += length === 0 ? '\ufffd' : bytes.toString('utf8', at, at + length)
    at += Math.max(1, length)
  }
  return text
}

// Of the character that begins here; 0 where none does.
function lengthAt(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  const length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  const part = bytes.subarray(at, at + length)
  return part.length === length && length > 0 && isUtf8(part) ? length : 0
}
