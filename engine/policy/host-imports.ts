// What a compiled policy imports from its host: a way to abort, and the builtins that are not compiled
// into it. Each call of one is charged to the decision's fuel, since the module does not count it.
import { answerOf, type Builtin } from './builtins/builtin.js'
import { BUILTINS } from './builtins/table.js'
import { FUEL_EXPORT } from './fuel.js'
import { isArray, isNumber, isSet, parsedValue, type RegoValue } from './rego-value.js'

// Fuel of any call, for crossing over and back, and for each character read.
const CALL_COST = 2_000
const CHARACTER_COST = 20
const FUEL_MAX = 2_000_000_000

// The instance behind the imports, once it is there.
export type Host = {
  readonly memory: WebAssembly.Memory
  exports: Readonly<Record<string, unknown>>
  // Of the builtins that the module calls, by its own numbers.
  builtins: ReadonlyMap<number, Builtin>
}

export function hostImports(host: Host): Record<string, Record<string, unknown>> {
  const call = (id: number, _context: number, ...args: readonly number[]): number =>
    calledBuiltin(host, id, args)
  return {
    env: {
      memory: host.memory,
      opa_abort: (at: number) => {
        throw new Error(textAt(host, at))
      },
      opa_println: () => undefined,
      opa_builtin0: call,
      opa_builtin1: call,
      opa_builtin2: call,
      opa_builtin3: call,
      opa_builtin4: call,
    },
  }
}

// Numbers and names of what the module calls; throws an Error that names what may not be called.
export function builtinsCalled(host: Host): ReadonlyMap<number, Builtin> {
  const at = exported(host, 'opa_json_dump')(exported(host, 'builtins')())
  const wanted = Object.entries(JSON.parse(textAt(host, at)) as Record<string, number>)
  const foreign = wanted.map(([name]) => name).filter((name) => !BUILTINS.has(name))
  if (foreign.length > 0) {
    throw new Error(
      `the policy calls ${foreign.sort().join(', ')}: no builtin of this engine, since it would ask more than the facts, or is not supported`,
    )
  }
  return new Map(
    wanted.flatMap(([name, id]) => {
      const builtin = BUILTINS.get(name)
      return builtin === undefined ? [] : [[id, builtin] as const]
    }),
  )
}

function calledBuiltin(host: Host, id: number, args: readonly number[]): number {
  const builtin = host.builtins.get(id)
  if (builtin === undefined) throw new Error(`there is no builtin ${id}`)
  const dump = exported(host, 'opa_value_dump')
  const texts = args.map((arg) => textAt(host, dump(arg)))
  const characters = texts.reduce((sum, text) => sum + text.length, 0)
  charge(host, CALL_COST + characters * CHARACTER_COST + (builtin.cost?.(texts) ?? 0))
  const result = answerOf(() => builtin.apply(...texts.map(parsedValue)))
  if (result === undefined) return 0
  const written = Buffer.from(writtenValue(result), 'utf8')
  charge(host, written.length * CHARACTER_COST)
  const at = exported(host, 'opa_malloc')(written.length)
  new Uint8Array(host.memory.buffer).set(written, at)
  const value = exported(host, 'opa_value_parse')(at, written.length)
  if (value === 0) throw new Error('a builtin’s answer cannot be read')
  return value
}

function charge(host: Host, units: number): void {
  const fuel = host.exports[FUEL_EXPORT]
  if (!(fuel instanceof WebAssembly.Global)) throw new Error('the policy counts no fuel')
  fuel.value = Math.max(-1, fuel.value - Math.min(units, FUEL_MAX))
  if (fuel.value < 0) throw new Error('out of fuel')
}

// As `opa_value_parse` reads it.
function writtenValue(value: RegoValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isNumber(value)) return value.number
  if (isArray(value)) return `[${value.map(writtenValue).join(',')}]`
  if (isSet(value)) {
    return value.set.length === 0 ? 'set()' : `{${value.set.map(writtenValue).join(',')}}`
  }
  const members = value.object.map(([key, inner]) => `${writtenValue(key)}:${writtenValue(inner)}`)
  return `{${members.join(',')}}`
}

export function textAt(host: Host, at: number): string {
  const bytes = new Uint8Array(host.memory.buffer)
  return Buffer.from(bytes.subarray(at, bytes.indexOf(0, at))).toString('utf8')
}

export function exported(host: Host, name: string): (...args: readonly number[]) => number {
  const found = host.exports[name]
  if (typeof found !== 'function') throw new Error(`the module does not export ${name}`)
  return found as (...args: readonly number[]) => number
}
