// The one file that knows `@open-policy-agent/opa-wasm` and its habits: it throws plain strings, leaks
// the C stack on each throw, answers `[{result}]` or `[]`, and traps for ever after enough throws. So an
// instance that threw is never asked again; a spare takes its place.
/// <reference path="./web-assembly.d.ts" />
import { createRequire } from 'node:module'
import { FUEL_EXPORT, metered } from './fuel.js'

export type Answer =
  | { readonly kind: 'result'; readonly value: unknown; readonly fuel: number }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'over_budget' }
  | { readonly kind: 'trap'; readonly why: string }

export type Evaluator = {
  readonly entrypoints: readonly string[]
  readonly evaluate: (input: unknown, entrypoint: string) => Answer
}

export type EvaluatorOptions = {
  readonly wasm: Uint8Array
  // The bundle's data document as JSON text.
  readonly data: string
  // Units of about a nanosecond that one evaluation may use.
  readonly fuel: number
}

// As much of the SDK as is used here.
type LoadedPolicy = {
  readonly entrypoints: Readonly<Record<string, number>>
  readonly wasmInstance: { readonly exports: Readonly<Record<string, unknown>> }
  readonly evaluate: (input: unknown, entrypoint: string) => unknown
  readonly setData: (data: unknown) => void
}
type Sdk = {
  readonly loadPolicySync: (
    module: WebAssembly.Module,
    memory: { readonly initial: number; readonly maximum: number },
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

// Throws an Error with the reason where the module cannot be used.
export function createEvaluator({ wasm, data, fuel }: EvaluatorOptions): Evaluator {
  const sdk = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as Sdk
  const bytes = Uint8Array.from(wasm)
  if (!WebAssembly.validate(bytes)) throw new Error('policy.wasm is not valid WebAssembly')
  const module = new WebAssembly.Module(Uint8Array.from(metered(bytes)))
  const parsed: unknown = JSON.parse(data)
  const made = (): Instance => instanceOf(sdk, module, data.length, parsed)
  let current = made()
  refuseForeignBuiltins(current.policy)
  const spares = Array.from({ length: SPARES }, made)
  const replace = (): void => {
    current = spares.pop() ?? made()
    spares.push(made())
  }
  return {
    entrypoints: Object.keys(current.policy.entrypoints),
    evaluate: (input, entrypoint) => {
      current.fuel.value = fuel
      try {
        const found = current.policy.evaluate(input, entrypoint)
        return answerOf(found, fuel - Number(current.fuel.value))
      } catch (thrown) {
        const spent = Number(current.fuel.value) < 0
        replace()
        return spent ? { kind: 'over_budget' } : { kind: 'trap', why: reasonOf(thrown) }
      }
    },
  }
}

type Instance = { readonly policy: LoadedPolicy; readonly fuel: WebAssembly.Global }

function instanceOf(
  sdk: Sdk,
  module: WebAssembly.Module,
  dataBytes: number,
  data: unknown,
): Instance {
  const wanted = Math.ceil((dataBytes * DATA_GROWTH) / PAGE_BYTES)
  const initial = Math.min(PAGES_MAX, Math.max(PAGES_AT_LEAST, wanted))
  const policy = loaded(() => sdk.loadPolicySync(module, { initial, maximum: PAGES_MAX }))
  loaded(() => policy.setData(data))
  const fuel = policy.wasmInstance.exports[FUEL_EXPORT]
  if (!(fuel instanceof WebAssembly.Global)) throw new Error('the policy counts no fuel')
  return { policy, fuel }
}

function loaded<T>(work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error(reasonOf(thrown))
  }
}

function answerOf(found: unknown, fuel: number): Answer {
  if (!Array.isArray(found) || found.length !== 1) return { kind: 'undefined' }
  const first: unknown = found[0]
  if (typeof first !== 'object' || first === null || !('result' in first))
    return { kind: 'undefined' }
  return { kind: 'result', value: first.result, fuel }
}

// Host builtins are counted by no fuel, and the SDK's own differ from OPA's (JavaScript's regular
// expressions and sprintf): what OPA's compiler does not compile into the module is refused.
function refuseForeignBuiltins(policy: LoadedPolicy): void {
  const needed = builtinsOf(policy)
  if (needed.length > 0) {
    throw new Error(
      `the policy calls ${needed.join(', ')}, which cannot be part of a repeatable decision`,
    )
  }
}

function builtinsOf({ wasmInstance: { exports } }: LoadedPolicy): readonly string[] {
  const { builtins, opa_json_dump: dump, memory } = exports
  if (typeof builtins !== 'function' || typeof dump !== 'function') return ['unknown builtins']
  if (!(memory instanceof WebAssembly.Memory)) return ['unknown builtins']
  const at = Number(dump(builtins()))
  const bytes = new Uint8Array(memory.buffer)
  const names: unknown = JSON.parse(
    Buffer.from(bytes.subarray(at, bytes.indexOf(0, at))).toString('utf8'),
  )
  return typeof names === 'object' && names !== null ? Object.keys(names) : ['unknown builtins']
}

function reasonOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown
  if (thrown instanceof Error) return thrown.message
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown)
    return String(thrown.message)
  return 'the policy failed'
}
