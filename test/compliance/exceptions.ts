// The cases of OPA that are not ours to pass, each by name with its reason. A test holds that these, and no
// others, do not pass.

export type Reason =
  // Asks a clock, chance, the network or the surroundings: no repeatable decision.
  | 'impure'
  // Asks all of `data`, in which the query's own rule would lie: a recursion that OPA refuses.
  | 'query only'
  // OPA does not compile it to Wasm, or only within its own tests.
  | 'not compilable'
  // The answer comes from OPA's own Wasm, in which the host has no part: whole numbers beyond 64 bits, and
  // numbers as keys of data (github.com/open-policy-agent/opa/issues/3711). OPA's own list has them too
  // (internal/wasm/sdk/test/e2e/exceptions.yaml).
  | 'inside the module'
  // A parser of Rego would have to be part of the gateway.
  | 'not supported'

const BY_REASON: Readonly<Record<Reason, readonly string[]>> = {
  impure: [
    'cryptox509parseandverifycertificates/base_case',
    'cryptox509parseandverifycertificates/uri_strings',
    'invalidkeyerror/invalid keys',
    'invalidkeyerror/missing keys',
    'jwtdecodeverify/rs256-exp-now-expired',
    'jwtdecodeverify/rs256-exp-now-explicit-expired',
    'jwtdecodeverify/rs256-nbf-now-ok',
    'net.lookup_ip_addr/simple ip4 returns that ip4',
    'net.lookup_ip_addr/simple ip6 returns that ip6',
    'net.lookup_ip_addr/localhost',
    'rand.intn/consistent values for same arguments',
    'time/diff',
    'time.now_ns/consistent value for same evaluation',
    'uuid.rfc4122/consistent values for same arguments',
    'with: ndb_cache-issue',
    'withkeyword/builtin: indirect call, arity 0, rule queried with and without mock',
    'withkeyword/builtin: indirect call, arity 0, query package',
    'withkeyword/builtin: indirect call through function, rule with and without mock',
    'withkeyword/builtin: indirect call through function, query package',
    'withkeyword/builtin-builtin: arity 0',
  ],
  'query only': ['fix1863/is defined', 'topdowndynamicdispatch/dynamic dispatch'],
  'not compilable': ['time/time caching'],
  'inside the module': [
    'data/toplevel integer',
    'data/nested integer',
    'jsonbuiltins/unmarshal number beyond the supported exponent is undefined',
    'jsonbuiltins/unmarshal number with too big an exponent is undefined',
    'strings/format_int: bignum exact (>64-bit integer, all bases + negative)',
  ],
  'not supported': ['regoparsemodule/ok', 'regoparsemodule/error'],
}

export const EXCEPTIONS: ReadonlyMap<string, Reason> = new Map(
  (Object.entries(BY_REASON) as [Reason, readonly string[]][]).flatMap(([reason, names]) =>
    names.map((name) => [name, reason] as const),
  ),
)
