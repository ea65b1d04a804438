// The cases of OPA that are not ours to pass, each by name with its reason. A test holds that these are
// exactly the ones that do not pass.

export type Reason =
  // Asks a clock, chance, the network or the surroundings: no repeatable decision.
  | 'impure'
  // OPA itself does not compile it to Wasm.
  | 'not compilable'
  // The answer comes from OPA's own Wasm, in which the host has no part.
  | 'inside the module'
  | 'not supported'

export const EXCEPTIONS: ReadonlyMap<string, Reason> = new Map<string, Reason>([])
