// Reading and writing the WebAssembly binary format (core specification 1.0, chapter 5), as far as a
// compiled policy uses it: LEB128 numbers, sections, and where each instruction ends.

export const SECTION = {
  type: 1,
  import: 2,
  function: 3,
  global: 6,
  export: 7,
  code: 10,
  custom: 0,
} as const

export const OP = {
  unreachable: 0x00,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  call: 0x10,
  callIndirect: 0x11,
  localGet: 0x20,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i32LtS: 0x48,
  i32Sub: 0x6b,
} as const

export const I32 = 0x7f
export const NO_VALUE = 0x40

export class WasmReader {
  readonly bytes: Uint8Array
  at: number
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  byte(): number {
    const found = this.bytes[this.at]
    if (found === undefined) throw new RangeError('the module ends too early')
    this.at++
    return found
  }

  // Unsigned LEB128 of at most 32 bits.
  unsigned(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a number is too long')
  }

  // Signed LEB128 of any width: only its length matters here.
  skipSigned(): void {
    while (this.byte() >= 0x80);
  }

  skip(count: number): void {
    this.at += count
    if (this.at > this.bytes.length) throw new RangeError('the module ends too early')
  }

  name(): string {
    const length = this.unsigned()
    const start = this.at
    this.skip(length)
    return Buffer.from(this.bytes.subarray(start, this.at)).toString('utf8')
  }
}

export type Section = { readonly id: number; readonly body: Uint8Array }

export function sectionsOf(module: Uint8Array): readonly Section[] {
  const reader = new WasmReader(module, 8)
  const sections: Section[] = []
  while (reader.at < module.length) {
    const id = reader.byte()
    const size = reader.unsigned()
    const start = reader.at
    reader.skip(size)
    sections.push({ id, body: module.subarray(start, reader.at) })
  }
  return sections
}

export function moduleOf(sections: readonly Section[]): Uint8Array {
  const head = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00)
  return joined([
    head,
    ...sections.flatMap(({ id, body }) => [Uint8Array.of(id), unsigned(body.length), body]),
  ])
}

export function unsigned(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  do {
    const low = rest % 128
    rest = Math.floor(rest / 128)
    out.push(rest > 0 ? low | 0x80 : low)
  } while (rest > 0)
  return Uint8Array.from(out)
}

// Signed LEB128 of a number that is not negative.
export function signed(value: number): Uint8Array {
  const out: number[] = []
  let rest = value
  for (;;) {
    const low = rest & 0x7f
    rest >>= 7
    if (rest === 0 && (low & 0x40) === 0) return Uint8Array.from([...out, low])
    out.push(low | 0x80)
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}

// Moves past the immediates of the instruction whose opcode was just read. Throws at any instruction
// that compiled policies are not known to hold.
export function skipImmediates(reader: WasmReader, op: number): void {
  if (op === 0x02 || op === OP.loop || op === OP.if) return reader.skipSigned()
  if (op <= 0x01 || op === 0x05 || op === OP.end || op === 0x0f || op === 0x1a || op === 0x1b)
    return
  if (op === 0x0c || op === 0x0d || op === OP.call) return void reader.unsigned()
  if (op === 0x0e) {
    for (let labels = reader.unsigned() + 1; labels > 0; labels--) reader.unsigned()
    return
  }
  if (op === OP.callIndirect || (op >= 0x28 && op <= 0x3e)) {
    reader.unsigned()
    reader.unsigned()
    return
  }
  if (op >= OP.localGet && op <= OP.globalSet) return void reader.unsigned()
  if (op === 0x3f || op === 0x40) return reader.skip(1)
  if (op === OP.i32Const || op === 0x42) return reader.skipSigned()
  if (op === 0x43) return reader.skip(4)
  if (op === 0x44) return reader.skip(8)
  if (op >= 0x45 && op <= 0xc4) return
  // Saturating conversions; what else stands behind this prefix moves memory in bulk.
  if (op === 0xfc && reader.unsigned() <= 7) return
  throw new RangeError(`instruction 0x${op.toString(16)} is not one of a compiled policy`)
}
