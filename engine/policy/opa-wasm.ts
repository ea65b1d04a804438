// The one file that knows `@open-policy-agent/opa-wasm` and its habits: it throws plain strings, leaks
// the C stack on each throw, answers `[{result}]` or `[]`, and traps for ever after enough throws. So an
// instance that threw is never asked again; a spare takes its place, and where that cannot be made the
// answer is a trap, which denies.
/// <reference path="./web-assembly.d.ts" />
import { createRequire } from 'node:module'
import { FUEL_EXPORT, metered } from './fuel.js'
import { builtinsCalled, hostImports, type Host } from './host-imports.js'

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

// As much of the SDK as is used here. Its loader is not: that would answer `sprintf` and others by
// JavaScript's rules, and write to the console.
type LoadedPolicy = {
  readonly entrypoints: Readonly<Record<string, number>>
  readonly evaluate: (input: unknown, entrypoint: string) => unknown
  readonly setData: (data: unknown) => void
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

// Throws an Error with the reason where the module cannot be used.
export function createEvaluator({ wasm, data, fuel }: EvaluatorOptions): Evaluator {
  const sdk = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as Sdk
  const bytes = Uint8Array.from(wasm)
  if (!WebAssembly.validate(bytes)) throw new Error('policy.wasm is not valid WebAssembly')
  const module = new WebAssembly.Module(Uint8Array.from(metered(bytes)))
  const parsed: unknown = JSON.parse(data)
  const made = (): Instance => instanceOf(sdk, module, data.length, parsed)
  const first = made()
  const spares = Array.from({ length: SPARES }, made)
  let current: Instance | undefined = first
  return {
    entrypoints: Object.keys(first.policy.entrypoints),
    evaluate: (input, entrypoint) => {
      let asked: Instance | undefined
      try {
        asked = current ??= spares.pop() ?? made()
        asked.fuel.value = fuel
        const found = asked.policy.evaluate(input, entrypoint)
        return answerOf(found, fuel - asked.fuel.value)
      } catch (thrown) {
        current = undefined
        return asked !== undefined && asked.fuel.value < 0
          ? { kind: 'over_budget' }
          : { kind: 'trap', why: reasonOf(thrown) }
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
  const host: Host = {
    memory: new WebAssembly.Memory({ initial, maximum: PAGES_MAX }),
    exports: {},
    builtins: new Map(),
  }
  return loaded(() => {
    const instance = new WebAssembly.Instance(module, hostImports(host))
    host.exports = instance.exports
    host.builtins = builtinsCalled(host)
    const policy = new sdk.LoadedPolicy(instance, host.memory, abiMinorVersion(instance))
    policy.setData(data)
    const fuel = instance.exports[FUEL_EXPORT]
    if (!(fuel instanceof WebAssembly.Global)) throw new Error('the policy counts no fuel')
    return { policy, fuel }
  })
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

function reasonOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown
  if (thrown instanceof Error) return thrown.message
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown)
    return String(thrown.message)
  return 'the policy failed'
}
