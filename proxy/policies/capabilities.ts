// Which of OPA's builtins a policy may call: those that OPA compiles into the Wasm, and those that our host
// has, without any that would make a decision depend on more than its facts and its bundle. One list for
// building and for checking.
import { BUILTINS } from '../../engine/policy/builtins/table.js'

// Each would make a decision depend on more than its facts and its bundle.
export const IMPURE: readonly string[] = [
  'http.send',
  'net.lookup_ip_addr',
  'opa.runtime',
  'providers.aws.sign_req',
  'rand.intn',
  'time.now_ns',
  'trace',
  'uuid.rfc4122',
  'io.jwt.decode_verify',
]

// What OPA's compiler knows how to put into the module itself (OPA 1.22; a test holds it against OPA), or
// takes away while it compiles.
const COMPILED = new Set(
  `abs all and any array.concat array.flatten array.reverse array.slice assign base64.decode
  base64.encode base64.is_valid base64url.decode base64url.encode bits.and bits.lsh bits.negate bits.or
  bits.rsh bits.xor ceil concat contains count div endswith eq equal floor format_int glob.match
  graph.reachable gt gte indexof internal.member_2 internal.member_3 internal.print
  internal.template_string internal.test_case intersection is_array is_boolean is_null is_number is_object
  is_set is_string json.filter json.is_valid json.marshal json.remove json.unmarshal lower lt lte max min
  minus mul neq net.cidr_contains net.cidr_intersects net.cidr_overlap numbers.range object.filter
  object.get object.keys object.remove object.union object.union_n or plus print product re_match
  regex.find_all_string_submatch_n regex.is_valid regex.match rego.metadata.chain rego.metadata.rule rem
  replace round set_diff sort split startswith strings.replace_n strings.reverse substring sum to_number
  trim trim_left trim_prefix trim_right trim_space trim_suffix type_name union upper walk`.split(
    /\s+/,
  ),
)

// Why a builtin may not be called; undefined where it may.
export function whyRefused(builtin: string): 'impure' | 'not-in-host' | undefined {
  if (IMPURE.includes(builtin)) return 'impure'
  return COMPILED.has(builtin) || BUILTINS.has(builtin) ? undefined : 'not-in-host'
}

type Opa = (args: readonly string[]) => Promise<string>

// The text of a capabilities file, from what this OPA says it can do, without what is refused.
export async function pureCapabilities(run: Opa): Promise<string> {
  const found: unknown = JSON.parse(await run(['capabilities', '--current']))
  const builtins = builtinsIn(found).filter((one) => whyRefused(nameOf(one)) === undefined)
  return JSON.stringify({ ...Object(found), builtins, allow_net: [] })
}

// The names of all builtins that OPA has, refused ones too.
export async function builtinNames(run: Opa): Promise<readonly string[]> {
  return builtinsIn(JSON.parse(await run(['capabilities', '--current']))).map(nameOf)
}

function builtinsIn(found: unknown): readonly unknown[] {
  if (
    typeof found !== 'object' ||
    found === null ||
    !('builtins' in found) ||
    !Array.isArray(found.builtins)
  ) {
    throw new Error('OPA does not say what it is capable of')
  }
  return found.builtins
}

function nameOf(builtin: unknown): string {
  return typeof builtin === 'object' && builtin !== null && 'name' in builtin
    ? String(builtin.name)
    : ''
}
