// The keys of the masks `hash` and `token`: one for each target, derived from the gateway's secret, so that
// what is given to one target is worth nothing at another. A target that masks at the source gets its own
// when a session opens it, as settings of the session: it stands in no statement, and so in no log of it.
import { createHmac } from 'node:crypto'
import { KEY_SETTINGS } from '../../../engine/facts/postgres/mask-expression.js'

// Of SHA-256 (FIPS 180-4), to which HMAC fills its key up.
const BLOCK_BYTES = 64
const INNER = 0x36
const OUTER = 0x5c

const derived = new WeakMap<Uint8Array, Map<string, Buffer>>()

/** As long as a block, so that HMAC uses it as it is. */
export function maskKeyOf(secret: Uint8Array, target: string): Buffer {
  let keys = derived.get(secret)
  if (keys === undefined) derived.set(secret, (keys = new Map()))
  let key = keys.get(target)
  if (key === undefined) {
    key = createHmac('sha512', secret).update(`masks of a target\0${target}`).digest()
    keys.set(target, key)
  }
  return key
}

/** What HMAC (RFC 2104) begins its two hashes with: SQL has no HMAC, but it has sha256(). */
export function keySettings(key: Uint8Array): ReadonlyMap<string, string> {
  if (key.length !== BLOCK_BYTES) throw new Error('a key of masks is as long as a block of SHA-256')
  const padded = (pad: number): string => Buffer.from(key.map((byte) => byte ^ pad)).toString('hex')
  return new Map([
    [KEY_SETTINGS.inner, padded(INNER)],
    [KEY_SETTINGS.outer, padded(OUTER)],
  ])
}
