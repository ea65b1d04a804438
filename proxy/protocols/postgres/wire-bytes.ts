// Reading and writing the few shapes that PostgreSQL's messages are made of (protocol documentation
// 55.7, "Message Formats"): 32 and 16 bit integers, big endian, and strings that end in a zero byte.
import { isAscii } from 'node:buffer'

// A view costs about as much as a small copy, and most chunks are one message.
export function rangeOf(bytes: Buffer, start: number, end: number): Buffer {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)
}

export function int32At(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)
  )
}

export function int16At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

export function putInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

// Place of the zero byte that ends the string at `at`; -1 where there is none before `end`.
export function stringEnd(bytes: Buffer, at: number, end: number): number {
  const found = bytes.indexOf(0, at)
  return found >= 0 && found < end ? found : -1
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

// The text, or undefined where the bytes are not UTF-8 to the letter.
export function textOf(bytes: Buffer, start: number, end: number): string | undefined {
  if (isAsciiRange(bytes, start, end)) return bytes.toString('latin1', start, end)
  try {
    return strict.decode(bytes.subarray(start, end))
  } catch {
    return undefined
  }
}

// A short text is looked through faster than a view of it is made.
const SHORT_BYTES = 256

function isAsciiRange(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > SHORT_BYTES) return isAscii(bytes.subarray(start, end))
  let all = 0
  for (let i = start; i < end; i++) all |= bytes[i] ?? 0
  return all < 0x80
}

// A whole message: its type, its length, its parts one after the other.
export function message(type: string, ...parts: readonly (string | number | Uint8Array)[]): Buffer {
  const bodies = parts.map((part) => {
    if (typeof part === 'string') return Buffer.from(`${part}\0`, 'utf8')
    if (typeof part === 'number') return Buffer.from([part >>> 8, part])
    return part
  })
  const length = bodies.reduce((sum, body) => sum + body.length, 4)
  const whole = Buffer.alloc(1 + length)
  whole.write(type, 0, 'latin1')
  whole.writeInt32BE(length, 1)
  let at = 5
  for (const body of bodies) {
    whole.set(body, at)
    at += body.length
  }
  return whole
}
