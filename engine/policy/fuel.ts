// Bounds a decision: rewrites a compiled policy so that it counts fuel down at each function's entry and
// each turn of a loop, and traps below zero. Deterministic, unlike a clock: the same facts use the same
// fuel on any machine, so that a decision that ran out of it does so again when it is re-executed. One
// unit is about a nanosecond.
import {
  I32,
  joined,
  moduleOf,
  NO_VALUE,
  OP,
  SECTION,
  sectionsOf,
  signed,
  skipImmediates,
  unsigned,
  WasmReader,
  type Section,
} from './wasm-binary.js'

// Exports that the rewritten module has besides its own: the fuel left, and the shadow stack's pointer,
// which a trap leaves where it was.
export const FUEL_EXPORT = 'sallyport_fuel'
export const STACK_EXPORT = 'sallyport_stack'

// A small function without loops is not metered; its instructions count at each of its callers.
const UNMETERED_MAX = 150

type FunctionShape = {
  readonly parameters: number
  readonly body: Uint8Array
  // Where instructions begin, behind the local declarations.
  readonly start: number
  readonly locals: number
  readonly loops: boolean
  readonly calls: readonly number[]
  // Calls that cannot be followed: imports and tables.
  readonly opaque: boolean
  readonly instructions: number
}

// Throws RangeError where the module is not of the form that OPA's compiler gives.
export function metered(module: Uint8Array): Uint8Array {
  const sections = sectionsOf(module).filter(({ id }) => id !== SECTION.custom)
  const imports = importsOf(body(sections, SECTION.import))
  const shapes = shapesOf(sections, imports)
  const costs = unmeteredCosts(shapes, imports)
  const { section: globals, fuel } = withFuel(body(sections, SECTION.global))
  return moduleOf(
    sections.map(({ id, body }) => {
      if (id === SECTION.global) return { id, body: globals }
      if (id === SECTION.export) return { id, body: withExports(body, fuel) }
      if (id === SECTION.code) return { id, body: meteredCode(shapes, costs, imports, fuel) }
      return { id, body }
    }),
  )
}

function body(sections: readonly Section[], id: number): Uint8Array {
  const found = sections.find((section) => section.id === id)
  if (found === undefined) throw new RangeError(`the module has no section ${id}`)
  return found.body
}

// How many functions are imported: their indexes come first.
function importsOf(section: Uint8Array): number {
  const reader = new WasmReader(section)
  let functions = 0
  for (let count = reader.unsigned(); count > 0; count--) {
    reader.name()
    reader.name()
    const kind = reader.byte()
    if (kind === 0) {
      functions++
      reader.unsigned()
    } else if (kind === 1 || kind === 2) {
      if (kind === 1) reader.byte()
      const hasMaximum = reader.byte() === 1
      reader.unsigned()
      if (hasMaximum) reader.unsigned()
    } else throw new RangeError('the module imports a global')
  }
  return functions
}

function shapesOf(sections: readonly Section[], imports: number): readonly FunctionShape[] {
  const parameters = parameterCounts(body(sections, SECTION.type))
  const types = new WasmReader(body(sections, SECTION.function))
  const code = new WasmReader(body(sections, SECTION.code))
  const count = types.unsigned()
  if (code.unsigned() !== count) throw new RangeError('functions without code')
  return Array.from({ length: count }, () => {
    const size = code.unsigned()
    const start = code.at
    code.skip(size)
    return shapeOf(parameters[types.unsigned()] ?? 0, code.bytes.subarray(start, code.at), imports)
  })
}

function parameterCounts(section: Uint8Array): readonly number[] {
  const reader = new WasmReader(section)
  return Array.from({ length: reader.unsigned() }, () => {
    if (reader.byte() !== 0x60) throw new RangeError('a type that is no function')
    const parameters = reader.unsigned()
    reader.skip(parameters)
    reader.skip(reader.unsigned())
    return parameters
  })
}

function shapeOf(parameters: number, code: Uint8Array, imports: number): FunctionShape {
  const reader = new WasmReader(code)
  let locals = 0
  for (let groups = reader.unsigned(); groups > 0; groups--) {
    locals += reader.unsigned()
    reader.byte()
  }
  const start = reader.at
  const calls: number[] = []
  let [loops, opaque, instructions] = [false, false, 0]
  while (reader.at < code.length) {
    const op = reader.byte()
    instructions++
    if (op === OP.loop) loops = true
    if (op === OP.callIndirect) opaque = true
    if (op === OP.call) {
      const callee = reader.unsigned()
      if (callee < imports) opaque = true
      else calls.push(callee)
    } else skipImmediates(reader, op)
  }
  return { parameters, body: code, start, locals, loops, calls, opaque, instructions }
}

// Instructions of each unmetered function with all that it calls; undefined for a metered one.
function unmeteredCosts(
  shapes: readonly FunctionShape[],
  imports: number,
): readonly (number | undefined)[] {
  const costs = new Map<number, number | undefined>()
  const costOf = (index: number): number | undefined => {
    if (costs.has(index)) return costs.get(index)
    // Until it is known, a function that reaches itself again is metered.
    costs.set(index, undefined)
    const shape = shapes[index]
    if (shape === undefined || shape.loops || shape.opaque) return undefined
    let sum = shape.instructions
    for (const callee of shape.calls) {
      const cost = costOf(callee - imports)
      if (cost === undefined) return undefined
      sum += cost
      if (sum > UNMETERED_MAX) return undefined
    }
    if (sum > UNMETERED_MAX) return undefined
    costs.set(index, sum)
    return sum
  }
  return shapes.map((_, index) => costOf(index))
}

// The counter starts full, since the start function runs before the host can fill it.
function withFuel(section: Uint8Array): { readonly section: Uint8Array; readonly fuel: number } {
  const reader = new WasmReader(section)
  const count = reader.unsigned()
  if (reader.bytes[reader.at] !== I32 || reader.bytes[reader.at + 1] !== 1) {
    throw new RangeError('global 0 is not the stack pointer')
  }
  const counter = [Uint8Array.of(I32, 1, OP.i32Const), signed(0x7fff_ffff), Uint8Array.of(OP.end)]
  return {
    section: joined([unsigned(count + 1), section.subarray(reader.at), ...counter]),
    fuel: count,
  }
}

function withExports(section: Uint8Array, fuel: number): Uint8Array {
  const reader = new WasmReader(section)
  const count = reader.unsigned()
  const exported = (name: string, index: number): Uint8Array =>
    joined([unsigned(name.length), Buffer.from(name), Uint8Array.of(3), unsigned(index)])
  return joined([
    unsigned(count + 2),
    section.subarray(reader.at),
    exported(FUEL_EXPORT, fuel),
    exported(STACK_EXPORT, 0),
  ])
}

function meteredCode(
  shapes: readonly FunctionShape[],
  costs: readonly (number | undefined)[],
  imports: number,
  fuel: number,
): Uint8Array {
  const bodies = shapes.map((shape, index) =>
    costs[index] === undefined ? meteredBody(shape, costs, imports, fuel) : shape.body,
  )
  return joined([
    unsigned(bodies.length),
    ...bodies.flatMap((code) => [unsigned(code.length), code]),
  ])
}

type Segment = { readonly from: number; instructions: number }

function meteredBody(
  shape: FunctionShape,
  costs: readonly (number | undefined)[],
  imports: number,
  fuel: number,
): Uint8Array {
  const segments = segmentsOf(shape, costs, imports)
  const local = shape.parameters + shape.locals
  const groups = new WasmReader(shape.body)
  const count = groups.unsigned()
  const parts: Uint8Array[] = [
    unsigned(count + 1),
    shape.body.subarray(groups.at, shape.start),
    Uint8Array.of(1, I32),
  ]
  segments.forEach(({ from, instructions }, index) => {
    const until = segments[index + 1]?.from ?? shape.body.length
    parts.push(check(weightOf(instructions), fuel, local), shape.body.subarray(from, until))
  })
  return joined(parts)
}

// A function's entry and each loop's head begin a segment. An instruction belongs to the innermost loop
// around it.
function segmentsOf(
  shape: FunctionShape,
  costs: readonly (number | undefined)[],
  imports: number,
): readonly Segment[] {
  const reader = new WasmReader(shape.body, shape.start)
  const entry: Segment = { from: shape.start, instructions: 0 }
  const segments = [entry]
  const blocks: Segment[] = []
  let current = entry
  while (reader.at < shape.body.length) {
    const op = reader.byte()
    current.instructions++
    if (op === OP.call) {
      current.instructions += costs[reader.unsigned() - imports] ?? 0
      continue
    }
    skipImmediates(reader, op)
    if (op === 0x02 || op === OP.if) blocks.push(current)
    else if (op === OP.loop) {
      blocks.push(current)
      current = { from: reader.at, instructions: 0 }
      segments.push(current)
    } else if (op === OP.end) current = blocks.pop() ?? entry
  }
  return segments
}

// Calibrated so that one unit is about a nanosecond.
function weightOf(instructions: number): number {
  return Math.max(1, Math.round((30 + instructions) / 44))
}

function check(weight: number, fuel: number, local: number): Uint8Array {
  return joined([
    Uint8Array.of(OP.globalGet),
    unsigned(fuel),
    Uint8Array.of(OP.i32Const),
    signed(weight),
    Uint8Array.of(OP.i32Sub, OP.localTee),
    unsigned(local),
    Uint8Array.of(OP.globalSet),
    unsigned(fuel),
    Uint8Array.of(OP.localGet),
    unsigned(local),
    Uint8Array.of(OP.i32Const, 0, OP.i32LtS, OP.if, NO_VALUE, OP.unreachable, OP.end),
  ])
}
