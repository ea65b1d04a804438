// Runs a policy that OPA compiled to Wasm, by OPA's ABI 1.2 (https://www.openpolicyagent.org/docs/wasm).
// A module that threw has leaked its C stack, and traps for ever after enough throws: such an instance is
// never asked again, a spare takes its place, and where that cannot be made the answer is a trap, which denies.
/// <reference path="./web-assembly.d.ts" />
import { FUEL_EXPORT, metered } from './fuel.js'
import { builtinsCalled, exported, hostImports, textAt, type Host } from './host-imports.js'
import { isArray, isObject, parsedValue, type RegoValue } from './rego-value.js'

export type AnswerOf<T> =
  | { readonly kind: 'result'; readonly value: T; readonly fuel: number }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'over_budget' }
  | { readonly kind: 'trap'; readonly why: string }

export type Answer = AnswerOf<unknown>

export type Evaluator = {
  readonly entrypoints: readonly string[]
  readonly evaluate: (input: unknown, entrypoint: string) => Answer
  // The same, on an input as Rego writes it, with sets, order and numbers exact as OPA has them.
  readonly evaluateExactly: (input: string | undefined, entrypoint: string) => AnswerOf<RegoValue>
}

export type EvaluatorOptions = {
  readonly wasm: Uint8Array
  // The bundle's data document as JSON text.
  readonly data: string
  // Units of about a nanosecond that one evaluation may use.
  readonly fuel: number
  // Instances made ahead, for those that throw.
  readonly spares?: number
}

const PAGE_BYTES = 65_536
// Data takes about this many times its JSON text; growing once before it is loaded is far cheaper than
// page by page.
const DATA_GROWTH = 13
const PAGES_AT_LEAST = 32
// 256 MB: an evaluation that needs more is broken or hostile.
const PAGES_MAX = 4096
const SPARES = 2
const FORMAT_JSON = 0
const FORMAT_VALUE = 1

// Throws an Error with the reason where the module cannot be used.
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const { wasm, data, fuel } = options
  const bytes = Uint8Array.from(wasm)
  if (!WebAssembly.validate(bytes)) throw new Error('policy.wasm is not valid WebAssembly')
  const module = new WebAssembly.Module(Uint8Array.from(metered(bytes)))
  const made = (): Instance => instanceOf(module, JSON.stringify(JSON.parse(data)))
  const first = made()
  const spares = Array.from({ length: options.spares ?? SPARES }, made)
  let current: Instance | undefined = first
  const answered = <T>(
    input: string | undefined,
    entrypoint: string,
    format: number,
    read: (text: string) => T | undefined,
  ): AnswerOf<T> => {
    let asked: Instance | undefined
    try {
      asked = current ??= spares.pop() ?? made()
      asked.fuel.value = fuel
      const value = read(evaluated(asked, input, entrypoint, format))
      if (value === undefined) return { kind: 'undefined' }
      return { kind: 'result', value, fuel: fuel - asked.fuel.value }
    } catch (thrown) {
      current = undefined
      return asked !== undefined && asked.fuel.value < 0
        ? { kind: 'over_budget' }
        : { kind: 'trap', why: reasonOf(thrown) }
    }
  }
  return {
    entrypoints: [...first.entrypoints.keys()],
    evaluate: (input, entrypoint) => {
      let text: string | undefined
      try {
        text = JSON.stringify(input)
      } catch (thrown) {
        return { kind: 'trap', why: reasonOf(thrown) }
      }
      return answered(text, entrypoint, FORMAT_JSON, jsonResult)
    },
    evaluateExactly: (input, entrypoint) => answered(input, entrypoint, FORMAT_VALUE, exactResult),
  }
}

type Instance = {
  readonly host: Host
  readonly fuel: WebAssembly.Global
  readonly entrypoints: ReadonlyMap<string, number>
  readonly evaluate: (...args: readonly number[]) => number
  readonly data: number
  // Where free memory begins, once the data is there.
  readonly heap: number
}

function instanceOf(module: WebAssembly.Module, data: string): Instance {
  const wanted = Math.ceil((data.length * DATA_GROWTH) / PAGE_BYTES)
  const initial = Math.min(PAGES_MAX, Math.max(PAGES_AT_LEAST, wanted))
  const host: Host = {
    memory: new WebAssembly.Memory({ initial, maximum: PAGES_MAX }),
    exports: {},
    builtins: new Map(),
  }
  const instance = new WebAssembly.Instance(module, hostImports(host))
  host.exports = instance.exports
  refuseOtherAbi(instance)
  host.builtins = builtinsCalled(host)
  const fuel = instance.exports[FUEL_EXPORT]
  if (!(fuel instanceof WebAssembly.Global)) throw new Error('the policy counts no fuel')
  const names = exported(host, 'opa_json_dump')(exported(host, 'entrypoints')())
  const entrypoints = JSON.parse(textAt(host, names)) as Record<string, number>
  const parsed = loadedData(host, data)
  return {
    host,
    fuel,
    entrypoints: new Map(Object.entries(entrypoints)),
    evaluate: exported(host, 'opa_eval'),
    data: parsed,
    heap: exported(host, 'opa_heap_ptr_get')(),
  }
}

// OPA's ABI 1.2 and later evaluates in one call, which also resets what an evaluation leaves behind.
function refuseOtherAbi({ exports }: WebAssembly.Instance): void {
  const [major, minor] = [exports['opa_wasm_abi_version'], exports['opa_wasm_abi_minor_version']]
  if (!(major instanceof WebAssembly.Global) || !(minor instanceof WebAssembly.Global))
    throw new Error('policy.wasm was not made by OPA')
  if (major.value !== 1 || minor.value < 2) {
    throw new Error(`policy.wasm has OPA’s ABI ${major.value}.${minor.value}; 1.2 is the least`)
  }
}

function loadedData(host: Host, text: string): number {
  const bytes = Buffer.from(text, 'utf8')
  const at = exported(host, 'opa_malloc')(bytes.length)
  new Uint8Array(host.memory.buffer).set(bytes, at)
  const value = exported(host, 'opa_json_parse')(at, bytes.length)
  if (value === 0) throw new Error('the policy’s data cannot be read')
  return value
}

// The input lies where free memory begins; what the evaluation needs comes behind it.
function evaluated(
  instance: Instance,
  input: string | undefined,
  entrypoint: string,
  format: number,
): string {
  const { host, heap } = instance
  const id = instance.entrypoints.get(entrypoint)
  if (id === undefined) throw new Error(`the policy has no entrypoint ${entrypoint}`)
  const bytes = Buffer.from(input ?? '', 'utf8')
  const missing = heap + bytes.length - host.memory.buffer.byteLength
  if (missing > 0) host.memory.grow(Math.ceil(missing / PAGE_BYTES))
  new Uint8Array(host.memory.buffer).set(bytes, heap)
  const [at, length] = input === undefined ? [0, 0] : [heap, bytes.length]
  return textAt(
    host,
    instance.evaluate(0, id, instance.data, at, length, heap + bytes.length, format),
  )
}

// `[{"result": …}]`, or `[]` where there is none.
function jsonResult(text: string): unknown {
  const found: unknown = JSON.parse(text)
  if (!Array.isArray(found) || found.length !== 1) return undefined
  const first: unknown = found[0]
  return typeof first === 'object' && first !== null && 'result' in first ? first.result : undefined
}

function exactResult(text: string): RegoValue | undefined {
  const found = parsedValue(text)
  const members = isSetOrArray(found)
  if (members.length !== 1) return undefined
  const [first = null] = members
  return isObject(first) ? first.object.find(([key]) => key === 'result')?.[1] : undefined
}

function isSetOrArray(value: RegoValue): readonly RegoValue[] {
  if (isArray(value)) return value
  return value !== null && typeof value === 'object' && 'set' in value ? value.set : []
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'the policy failed'
}
