// What a policy may call: OPA's builtins without those that would make a decision depend on more than its
// facts and its bundle.

const IMPURE = [
  'http.send',
  'net.lookup_ip_addr',
  'opa.runtime',
  'rand.intn',
  'time.now_ns',
  'trace',
  'uuid.rfc4122',
  'io.jwt.decode_verify',
]

// The text of a capabilities file, from what this OPA says it can do.
export async function pureCapabilities(
  run: (args: readonly string[]) => Promise<string>,
): Promise<string> {
  const found: unknown = JSON.parse(await run(['capabilities', '--current']))
  if (
    typeof found !== 'object' ||
    found === null ||
    !('builtins' in found) ||
    !Array.isArray(found.builtins)
  ) {
    throw new Error('OPA does not say what it is capable of')
  }
  const builtins = found.builtins.filter(
    (builtin: unknown) =>
      typeof builtin === 'object' &&
      builtin !== null &&
      'name' in builtin &&
      !IMPURE.includes(String(builtin.name)),
  )
  return JSON.stringify({ ...found, builtins, allow_net: [] })
}
