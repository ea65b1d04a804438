// Runs a policy that OPA compiled to Wasm. The one file that knows `@open-policy-agent/opa-wasm` and its habits:
// it throws plain strings, drops falsy input that is no text, and answers `[{result}]` or `[]`. A module that threw has
// leaked its C stack, and traps for ever after enough throws: such an instance is never asked again, a
// spare takes its place, and where that cannot be made the answer is a trap, which denies.
/// <reference path="./web-assembly.d.ts" />
import { createRequire } from 'node:module'
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

// As much of the SDK as is used here. Its loader is not: that would answer `sprintf` and others by
// JavaScript's rules, and write to the console.
type LoadedPolicy = {
  readonly entrypoints: Readonly<Record<string, number>>
  readonly evaluate: (input: unknown, entrypoint: string) => unknown
  // A buffer is taken for JSON text, so that numbers keep their digits.
  readonly setData: (data: ArrayBuffer) => void
  // Where the data is, and where free memory begins behind it.
  readonly dataAddr: number
  readonly dataHeapPtr: number
}
type Sdk = {
  readonly LoadedPolicy: new (
    instance: WebAssembly.Instance,
    memory: WebAssembly.Memory,
    abiMinorVersion: number,
  ) => LoadedPolicy
}

const PAGE_BYTES = 65_536
// Data takes about this many times its JSON text; growing once before it is loaded is far cheaper than
// page by page.
const DATA_GROWTH = 13
const PAGES_AT_LEAST = 32
// 256 MB: an evaluation that needs more is broken or hostile.
const PAGES_MAX = 4096
const SPARES = 2
// Values as Rego writes them (`opa_value_format`), which the SDK does not ask for.
const FORMAT_VALUE = 1

// Throws an Error with the reason where the module cannot be used.
export function createEvaluator(options: EvaluatorOptions): Evaluator {
  const { wasm, data, fuel } = options
  const sdk = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as Sdk
  const bytes = Uint8Array.from(wasm)
  if (!WebAssembly.validate(bytes)) throw new Error('policy.wasm is not valid WebAssembly')
  const module = new WebAssembly.Module(Uint8Array.from(metered(bytes)))
  const made = (): Instance => instanceOf(sdk, module, JSON.stringify(JSON.parse(data)))
  const first = made()
  const spares = Array.from({ length: options.spares ?? SPARES }, made)
  let current: Instance | undefined = first
  const answered = <T>(ask: (asked: Instance) => T | undefined): AnswerOf<T> => {
    let asked: Instance | undefined
    try {
      asked = current ??= spares.pop() ?? made()
      asked.fuel.value = fuel
      const value = ask(asked)
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
    entrypoints: Object.keys(first.policy.entrypoints),
    evaluate: (input, entrypoint) =>
      answered(({ policy }) => resultOf(policy.evaluate(given(input), entrypoint))),
    evaluateExactly: (input, entrypoint) =>
      answered((asked) => exactResult(evaluated(asked, input, entrypoint))),
  }
}

// The SDK takes what is falsy for no input, unless it is text in a buffer.
function given(input: unknown): unknown {
  return Boolean(input) || input === undefined ? input : bufferOf(JSON.stringify(input))
}

function bufferOf(text: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(text, 'utf8')).buffer
}

type Instance = {
  readonly host: Host
  readonly policy: LoadedPolicy
  readonly fuel: WebAssembly.Global
}

function instanceOf(sdk: Sdk, module: WebAssembly.Module, data: string): Instance {
  const wanted = Math.ceil((data.length * DATA_GROWTH) / PAGE_BYTES)
  const initial = Math.min(PAGES_MAX, Math.max(PAGES_AT_LEAST, wanted))
  const host: Host = {
    memory: new WebAssembly.Memory({ initial, maximum: PAGES_MAX }),
    exports: {},
    builtins: new Map(),
  }
  try {
    const instance = new WebAssembly.Instance(module, hostImports(host))
    host.exports = instance.exports
    const minor = abiMinorVersion(instance)
    host.builtins = builtinsCalled(host)
    const fuel = instance.exports[FUEL_EXPORT]
    if (!(fuel instanceof WebAssembly.Global)) throw new Error('the policy counts no fuel')
    const policy = new sdk.LoadedPolicy(instance, host.memory, minor)
    policy.setData(bufferOf(data))
    return { host, policy, fuel }
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error(reasonOf(thrown), { cause: thrown })
  }
}

// OPA's ABI 1.2 and later evaluates in one call, which also resets what an evaluation leaves behind.
function abiMinorVersion({ exports }: WebAssembly.Instance): number {
  const [major, minor] = [exports['opa_wasm_abi_version'], exports['opa_wasm_abi_minor_version']]
  if (!(major instanceof WebAssembly.Global) || !(minor instanceof WebAssembly.Global))
    throw new Error('policy.wasm was not made by OPA')
  if (major.value !== 1 || minor.value < 2) {
    throw new Error(`policy.wasm has OPA’s ABI ${major.value}.${minor.value}; 1.2 is the least`)
  }
  return minor.value
}

// By OPA's ABI 1.2 (https://www.openpolicyagent.org/docs/wasm): the input lies where free memory begins; what
// the evaluation needs comes behind it.
function evaluated(
  { host, policy }: Instance,
  input: string | undefined,
  entrypoint: string,
): string {
  const heap = policy.dataHeapPtr
  const id = policy.entrypoints[entrypoint]
  if (id === undefined) throw new Error(`the policy has no entrypoint ${entrypoint}`)
  const bytes = Buffer.from(input ?? '', 'utf8')
  const missing = heap + bytes.length - host.memory.buffer.byteLength
  if (missing > 0) host.memory.grow(Math.ceil(missing / PAGE_BYTES))
  new Uint8Array(host.memory.buffer).set(bytes, heap)
  const [at, length] = input === undefined ? [0, 0] : [heap, bytes.length]
  const evaluate = exported(host, 'opa_eval')
  const free = heap + bytes.length
  return textAt(host, evaluate(0, id, policy.dataAddr, at, length, free, FORMAT_VALUE))
}

// `[{"result": …}]`, or `[]` where there is none.
function resultOf(found: unknown): unknown {
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
  if (typeof thrown === 'string') return thrown
  return thrown instanceof Error ? thrown.message : 'the policy failed'
}
